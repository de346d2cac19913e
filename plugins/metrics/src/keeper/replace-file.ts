import { readdirSync, renameSync, rmSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Names of what is written, and not in its place yet. */
const UNFINISHED = /\.\d+\.(new|last)$/;

/**
 * Puts a text in the place of a file, whole: whoever reads it has the old one or the new one. Its folder is made.
 *
 * @param isWanted asked when it is written, before it is put in place
 * @returns whether it was put in place
 */
export async function replaceFile(
  file: string,
  text: string,
  isWanted: () => boolean,
): Promise<boolean> {
  const temporary = `${file}.${process.pid}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    if (isWanted()) {
      // At once: between that answer and this, nothing else happens.
      renameSync(temporary, file);
      return true;
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rm(temporary, { force: true });
  return false;
}

/** Removes what somebody was killed over. */
export function removeUnfinished(dir: string): void {
  try {
    const names = readdirSync(dir).filter((name) => UNFINISHED.test(name));
    for (const name of names) rmSync(join(dir, name), { force: true });
  } catch {
    // There is no such folder yet, or it cannot be read: whoever writes there will say so.
  }
}
