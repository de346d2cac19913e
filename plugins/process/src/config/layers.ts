import { isRecord } from "./fields.ts";
import { mergeConfigs } from "./merge.ts";

/** One of the configurations that a configuration is put together from. */
export interface Layer {
  readonly kind: "file" | "package.json" | "script";
  /** Absolute. */
  readonly file: string;
  /** In front of its keys, such as `elpis.` in a package.json. */
  readonly prefix: string;
  /** Unchecked. */
  readonly config: unknown;
}

/** The layers merged, the last one on top. */
export function mergeLayers(layers: readonly Layer[]): unknown {
  return layers.map(({ config }) => config).reduce(mergeConfigs, undefined);
}

/** Where the value of a key comes from: the layer that sets it, or the nearest object around it. */
export interface LayerOrigin {
  readonly layer: Layer;
  /** The part of the path that the layer has. */
  readonly key: string;
  /** Whether the layer has the whole path, or a value in place of one of its objects. */
  readonly isWhole: boolean;
}

/** Finds the topmost layer that has the most of a path such as `processes.web.scale`. */
export function originOf(layers: readonly Layer[], path: string): LayerOrigin | undefined {
  let best: LayerOrigin | undefined;
  for (const layer of layers) {
    const { key, isWhole } = walk(layer.config, path);
    const reaches = key.length >= (best?.key.length ?? 1);
    if (isWhole || (reaches && best?.isWhole !== true)) best = { layer, key, isWhole };
  }
  return best;
}

function walk(config: unknown, path: string): { readonly key: string; readonly isWhole: boolean } {
  let value = config;
  let at = 0;
  while (at < path.length && isRecord(value)) {
    const record: Record<string, unknown> = value;
    // Names may have dots in them: the longest key that fits is meant.
    const rest = path.slice(at);
    const key = Object.keys(record)
      .filter((name) => record[name] !== undefined && isPrefix(name, rest))
      .sort((a, b) => b.length - a.length)[0];
    if (key === undefined) break;
    value = record[key];
    at = Math.min(path.length, at + key.length + 1);
  }
  const isWhole = at > 0 && (at >= path.length || !isRecord(value));
  return { key: path.slice(0, at).replace(/\.$/, ""), isWhole };
}

function isPrefix(name: string, rest: string): boolean {
  return rest === name || rest.startsWith(`${name}.`) || rest.startsWith(`${name}[`);
}
