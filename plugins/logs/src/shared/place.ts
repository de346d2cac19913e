import { lstat, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { badArgument, notAFile, unsafeFolder } from "../logger/errors.ts";

const MAX_PATH = 4096;
/** Others of the group, and all others, may write. */
const WRITABLE_BY_OTHERS = 0o022;
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

/**
 * Checks that a path may be left to a rotator, which renames, empties and removes: a file for logs, or none yet, in a
 * folder where nobody else can put something in its place.
 *
 * @returns the path without a link in it: two ways to one file are the same then
 * @throws ELPIS_LOGS_BAD_ARGUMENT, ELPIS_LOGS_NOT_A_FILE, ELPIS_LOGS_UNSAFE_DIR
 */
export async function checkPlace(path: unknown): Promise<string> {
  if (!isPath(path)) throw badArgument("path", "an absolute path that ends with .log", path);
  const dir = await realpath(dirname(path)).catch((cause: unknown) => {
    throw badArgument("path", "a file in a folder that is there", path, cause);
  });
  await checkFolders(dir);
  const file = join(dir, basename(path));
  const found = await lstat(file).catch(() => undefined);
  if (found !== undefined && !found.isFile()) throw notAFile(file);
  return file;
}

function isPath(path: unknown): path is string {
  return (
    typeof path === "string" &&
    path.length <= MAX_PATH &&
    isAbsolute(path) &&
    !path.includes("\0") &&
    /[^/\\]\.log$/.test(path)
  );
}

/** Who may write to a folder, or rename one above it, decides what the path means. */
async function checkFolders(dir: string): Promise<void> {
  // Windows tells neither owners nor rights here.
  if (process.getuid === undefined) return;
  const own = process.getuid();
  for (let at = dir; ; at = dirname(at)) {
    const { uid, mode } = await stat(at);
    const isOurs = uid === own || uid === 0;
    const isOpen =
      at === dir
        ? (mode & WRITABLE_BY_OTHERS) !== 0
        : (mode & WRITABLE_BY_ALL) !== 0 && (mode & STICKY) === 0;
    if (!isOurs || isOpen) throw unsafeFolder(at);
    if (at === dirname(at)) return;
  }
}
