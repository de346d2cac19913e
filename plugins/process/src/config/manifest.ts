import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configLoadFailed } from "../errors.ts";
import { isRecord } from "./fields.ts";

/** What the `elpis` (or Pandora's `pandora`) part of a `package.json` sets. */
export interface ManifestDefaults {
  /** Absolute path of the `package.json`. */
  readonly file: string;
  /** `elpis` or `pandora`. */
  readonly key: string;
  /** Name of the application. Unchecked, as all here: the check of the configuration tells what is wrong. */
  readonly name?: unknown;
  /** Path of the configuration file, relative to the directory. */
  readonly config?: string;
  readonly env?: unknown;
  /** Options of commands by the name of the command, as they stand there: `{ start: { instances: 2 } }`. */
  readonly commands: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * The defaults that the `package.json` in `dir` has for Elpis; undefined when it has none. What stands in `start` goes
 * before what stands beside it.
 *
 * @throws ELPIS_CONFIG_LOAD_FAILED when it has an `elpis` that is not an object
 */
export function readManifestDefaults(dir: string): ManifestDefaults | undefined {
  const file = join(dir, "package.json");
  const manifest = readManifest(file);
  const key = ["elpis", "pandora"].find((name) => manifest?.[name] !== undefined);
  if (manifest === undefined || key === undefined) return undefined;
  const given = manifest[key];
  if (!isRecord(given)) {
    throw configLoadFailed(file, new Error(`"${key}" is ${JSON.stringify(given)}, not an object`));
  }
  const commands = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => isRecord(value) && name !== "env"),
  ) as ManifestDefaults["commands"];
  const all = { ...given, ...commands.start };
  const { name, config = all.procfile } = all;
  const env = variables(all.env);
  return {
    file,
    key,
    commands,
    ...(name !== undefined && { name }),
    ...(typeof config === "string" && { config }),
    ...(env !== undefined && { env }),
  };
}

function readManifest(file: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isRecord(manifest) ? manifest : undefined;
  } catch {
    // None, or one that npm would refuse as well.
    return undefined;
  }
}

/** An object, or Pandora's `"A=1 B=2"`. */
function variables(env: unknown): unknown {
  if (typeof env !== "string") return env;
  const pairs = env.split(/\s+/).filter((pair) => pair !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
