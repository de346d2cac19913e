import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const EXTENSIONS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

/** The file that `path` means, with or without its extension. */
export function findEntry(path: string): string | undefined {
  return EXTENSIONS.map((extension) => path + extension).find((file) =>
    statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
}

/** The file of a module: a path relative to `dir`, a folder with an index, or the name of a package. */
export function findModule(dir: string, entry: string): string | undefined {
  const path = resolve(dir, entry);
  const found = findEntry(path) ?? findEntry(join(path, "index"));
  if (found !== undefined || /^(\.|\/|[a-z]:)/i.test(entry)) return found;
  try {
    return createRequire(join(dir, "_.js")).resolve(entry);
  } catch {
    return undefined;
  }
}
