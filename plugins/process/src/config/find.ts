import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { configNotFound } from "../errors.ts";

/** The files that describe an application, in the order in which they are looked for in a directory. */
const CONFIG_FILES: readonly string[] = [
  ...["ts", "mts", "js", "mjs", "cjs"].map((extension) => `elpis.config.${extension}`),
  ...["js", "cjs", "mjs", "ts"].map((extension) => `procfile.${extension}`),
];

/** What was found at a path. */
export interface Found {
  readonly kind: "config" | "script";
  readonly file: string;
  readonly dir: string;
}

/**
 * Finds what describes the application at `path`: a directory, a configuration file (`*.config.*` or `procfile.*`), or a
 * script.
 *
 * @throws ELPIS_CONFIG_NOT_FOUND
 */
export function findApp(path: string): Found {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw configNotFound(path, []);
  if (!stat.isDirectory()) {
    const kind = isConfigName(basename(path)) ? "config" : "script";
    return { kind, file: path, dir: dirname(path) };
  }
  for (const name of CONFIG_FILES) {
    const file = join(path, name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile())
      return { kind: "config", file, dir: path };
  }
  throw configNotFound(path, CONFIG_FILES);
}

function isConfigName(name: string): boolean {
  return /(^|\.)(config|procfile)\.[cm]?[jt]s$/i.test(name) || /^elpis\.config\./i.test(name);
}
