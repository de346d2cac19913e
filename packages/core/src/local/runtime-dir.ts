import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { badName, pathTooLong, unsafeDirectory } from "../errors.ts";

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
/** `sun_path` without its closing zero: 108 bytes on Linux, 104 elsewhere. Node cuts longer paths silently. */
const MAX_PATH_BYTES = process.platform === "linux" ? 107 : 103;
const isWindows = process.platform === "win32";

/** @throws ELPIS_HUB_BAD_NAME */
export function checkName(name: string): void {
  if (!NAME.test(name)) throw badName(name);
}

/** The folder of this user under which every application has its own: `$ELPIS_HOME`, else below the system's. */
export function runtimeBase(): string {
  const { ELPIS_HOME, XDG_RUNTIME_DIR } = process.env;
  if (ELPIS_HOME !== undefined && ELPIS_HOME !== "") return ELPIS_HOME;
  if (XDG_RUNTIME_DIR !== undefined && XDG_RUNTIME_DIR !== "")
    return join(XDG_RUNTIME_DIR, "elpis");
  return join(tmpdir(), `elpis-${isWindows ? userInfo().username : process.getuid?.()}`);
}

/** The folder of one application. @throws ELPIS_HUB_BAD_NAME */
export function runtimeDir(name: string, base: string = runtimeBase()): string {
  checkName(name);
  return join(base, name);
}

/**
 * Makes sure that `dir` is a folder that only this user can enter.
 * @throws ELPIS_HUB_UNSAFE_DIR
 */
export function ensurePrivateDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unsafeDirectory(dir, `it cannot be made (${(cause as Error).message})`, cause);
  }
  checkPrivateDir(dir);
}

/**
 * Whether what lies in `dir` can be believed: it is a folder that only this user can enter.
 * @throws ELPIS_HUB_UNSAFE_DIR
 */
export function checkPrivateDir(dir: string): void {
  if (isWindows) return;
  const stat = lstatSync(dir);
  if (!stat.isDirectory()) throw unsafeDirectory(dir, "it is not a folder");
  if (stat.uid !== process.getuid?.()) throw unsafeDirectory(dir, "it belongs to another user");
  if ((stat.mode & 0o077) !== 0) {
    throw unsafeDirectory(dir, `others may enter it (mode ${(stat.mode & 0o777).toString(8)})`);
  }
}

/** @throws ELPIS_HUB_PATH_TOO_LONG */
export function checkSocketPath(path: string): void {
  if (!isWindows && Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw pathTooLong(path, MAX_PATH_BYTES);
}
