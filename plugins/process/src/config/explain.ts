import { basename } from "node:path";
import { HIDDEN, isSecretName, redact } from "@elpis/api";
import { VARIABLES } from "../environment.ts";
import { askChild } from "./child.ts";
import { isRecord } from "./fields.ts";
import { type LoadedHere, loadHere } from "./here.ts";
import { type Layer, originOf } from "./layers.ts";
import { tell } from "./load.ts";
import type { LoadOptions, ReadOptions } from "./options.ts";
import type { AppDefinition } from "./types.ts";

/** Where a value comes from. */
export type ValueOrigin =
  /** `key` as it stands in the file. */
  | { readonly from: "file" | "package.json"; readonly file: string; readonly key: string }
  | { readonly from: "environment"; readonly variable: string }
  | { readonly from: "command line"; readonly option: string }
  /** It follows from something else, such as the order of processes from their services. */
  | { readonly from: "derived"; readonly key: string }
  | { readonly from: "default" };

/** One value of a configuration as it is in effect. */
export interface ExplainedValue {
  /** The keys joined by dots, such as `processes.web.scale`. */
  readonly path: string;
  /** Plain data; what looks like a secret is blanked. Time spans are in milliseconds, sizes in bytes. */
  readonly value: unknown;
  readonly origin: ValueOrigin;
}

/** A configuration as it is in effect, with where each value of it comes from. */
export interface Explanation {
  readonly name: string;
  /** The file of the application, or its script. */
  readonly file: string;
  readonly values: readonly ExplainedValue[];
}

/**
 * Says what an application is configured with, and where each value comes from. Values whose names look like those of
 * secrets are blanked.
 *
 * @throws what {@link loadConfig} throws
 */
export async function explainConfig(options: LoadOptions = {}): Promise<Explanation> {
  if (options.evaluate === "here") {
    const loaded = await loadHere(options);
    tell(loaded.notes, options);
    return explain(loaded, options);
  }
  const { explanation, notes } = await askChild("explanation", options);
  tell(notes, options);
  return explanation;
}

/** As {@link explainConfig}, of what was loaded. */
export function explain(loaded: LoadedHere, options: ReadOptions): Explanation {
  const { definition, layers } = loaded;
  const values = [...leaves(effective(definition, loaded.config))].map(([path, value]) => {
    const found = origin(path, layers, options);
    const isNothing = Array.isArray(value) && value.length === 0 && found.from === "derived";
    return {
      path,
      value: isInSecret(path) ? HIDDEN : redact(value, lastKey(path)),
      origin: isNothing ? ({ from: "default" } as const) : found,
    };
  });
  const sources = definition.reading?.sources ?? [];
  const listed = sources.map((file, at) => ({
    path: `sources.${at}`,
    value: file,
    origin: originOfSources(options),
  }));
  return { name: definition.name, file: definition.file, values: [...listed, ...values] };
}

function originOfSources(options: ReadOptions): ValueOrigin {
  return options.sources === undefined
    ? { from: "environment", variable: VARIABLES.sources }
    : { from: "command line", option: "sources" };
}

/** The definition in the shape of a configuration, keyed by names where it has lists. */
function effective(definition: AppDefinition, config: LoadedHere["config"]): object {
  const { name, processes, services, groups, plugins, survive, hub } = definition;
  const configs = (config.services ?? {}) as Readonly<Record<string, unknown>>;
  const byName = <Item extends { name: string }>(items: readonly Item[]): object =>
    Object.fromEntries(items.map(({ name: key, ...rest }) => [key, rest]));
  const withConfigs = services.map((service) => {
    const given = configs[service.name];
    const own = isRecord(given) ? given.config : undefined;
    return { ...service, ...(own !== undefined && { config: own }) };
  });
  return {
    name,
    processes: byName(processes),
    services: byName(withConfigs),
    groups: byName(groups),
    plugins: Object.fromEntries(
      plugins.map((use) => [use.definition.name, { options: use.options }]),
    ),
    survive,
    hub,
  };
}

function* leaves(value: unknown, path = ""): Generator<readonly [path: string, value: unknown]> {
  if (!isRecord(value) || (Object.keys(value).length === 0 && path !== "")) {
    if (!isRecord(value)) yield [path, plain(value)];
    return;
  }
  for (const [key, one] of Object.entries(value)) {
    if (one !== undefined) yield* leaves(one, path === "" ? key : `${path}.${key}`);
  }
}

function plain(value: unknown): unknown {
  if (typeof value === "function") return `(function ${value.name})`.replace(" )", ")");
  if (Array.isArray(value)) return value.map(plain);
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
  }
  return typeof value === "bigint" || typeof value === "symbol" ? String(value) : value;
}

const OPTIONS: ReadonlyArray<readonly [pattern: RegExp, option: keyof ReadOptions]> = [
  [/^name$/, "name"],
  [/^processes\.[^.]+\.scale$/, "scale"],
];
/** Names in a definition that differ from those in a configuration by more than their unit. */
const NAMES: ReadonlyArray<readonly [RegExp, string]> = [
  [/\.envFiles$/, ".envFile"],
  [/\.reloadBatch$/, ".reload.batch"],
  [/\.memoryLimit\.bytes$/, ".memoryLimit.limit"],
  [/\.limits\.memoryBytes$/, ".limits.memory"],
  [/\.balance\.kind$/, ".balance"],
  [/^(services\.[^.]+)\.processes$/, "$1.process"],
  [/\.readyProbe\.(kind|url|host|port|command|topic)$/, ".ready"],
  [/\.readyProbe\./, ".ready."],
  [/\.probe\.(kind|url|host|port|command|topic)$/, ".probe"],
  [/Ms$/, ""],
];

function origin(path: string, layers: readonly Layer[], options: ReadOptions): ValueOrigin {
  const option = OPTIONS.find(([pattern, key]) => pattern.test(path) && options[key] !== undefined);
  if (option !== undefined) return { from: "command line", option: option[1] };
  if (options.dev === true && path.endsWith(".scale")) {
    return { from: "command line", option: "dev" };
  }
  const key = NAMES.reduce((name, [pattern, to]) => name.replace(pattern, to), path);
  return (
    inLayers(key, layers) ??
    // The agent stands beside the processes, and variables of the application reach each of them.
    inLayers(key.replace(/^processes\.agent/, "agent"), layers) ??
    inLayers(key.replace(/^processes\.[^.]+\.env\./, "env."), layers) ??
    derived(path, layers) ?? { from: "default" }
  );
}

function inLayers(key: string, layers: readonly Layer[]): ValueOrigin | undefined {
  const found = originOf(layers, key);
  if (found === undefined || !found.isWhole) return undefined;
  const { layer } = found;
  // An entry alone says what runs, and nothing else about the process.
  const stopsAtEntry = found.key !== key && /^((processes|services)\.[^.]+|agent)$/.test(found.key);
  if (stopsAtEntry && !key.endsWith(".entry")) return undefined;
  if (layer.kind === "script")
    return { from: "command line", option: `path (${basename(layer.file)})` };
  return { from: layer.kind, file: layer.file, key: `${layer.prefix}${found.key}` };
}

function derived(path: string, layers: readonly Layer[]): ValueOrigin | undefined {
  const [, kind] = /^processes\..+\.(services|dependsOn|order|entry)$/.exec(path) ?? [];
  if (kind === undefined) return undefined;
  const from = kind === "order" ? `${path.slice(0, -"order".length)}dependsOn` : "services";
  return inLayers(from, layers) === undefined && originOf(layers, from)?.key !== from
    ? undefined
    : { from: "derived", key: from };
}

function lastKey(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

/** Whether an object around a value has a name that says that all in it is secret. */
function isInSecret(path: string): boolean {
  // The first two are a kind, and the name of one of it: a service named `auth` is no secret.
  return path.split(".").slice(2, -1).some(isSecretName);
}
