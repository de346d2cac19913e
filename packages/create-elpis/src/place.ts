import { lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { exists } from "./errors.ts";

/** What a folder may hold and still count as empty: a project begins with it. */
const NOTHING: ReadonlySet<string> = new Set([".git"]);

/**
 * Looks whether files can be put into a folder. @returns whether the folder is there
 *
 * @throws ELPIS_CREATE_EXISTS
 */
export function checkPlace(dir: string, paths: readonly string[], force: boolean): boolean {
  const stats = statSync(dir, { throwIfNoEntry: false });
  if (stats === undefined) {
    if (lstatSync(dir, { throwIfNoEntry: false }) === undefined) return false;
    throw exists(dir, "is a link that leads nowhere", "give another folder");
  }
  if (!stats.isDirectory()) throw exists(dir, "is no folder", "give another one");
  const found = readdirSync(dir).filter((name) => !NOTHING.has(name));
  if (found.length === 0) return true;
  if (!force) {
    throw exists(
      dir,
      `is not empty (${found.slice(0, 3).join(", ")})`,
      "--force writes all the same",
    );
  }
  for (const path of paths) checkPath(dir, path);
  return true;
}

/** Only files are replaced, and nothing is written through a link to somewhere else. */
function checkPath(dir: string, path: string): void {
  const parent = dirname(path);
  if (parent !== ".") {
    const stats = lstatSync(join(dir, parent), { throwIfNoEntry: false });
    if (stats?.isDirectory() === false)
      throw exists(join(dir, parent), "is no folder", "move it away");
  }
  const stats = lstatSync(join(dir, path), { throwIfNoEntry: false });
  if (stats?.isFile() === false) throw exists(join(dir, path), "is no file", "move it away");
}
