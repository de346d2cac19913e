import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

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
  await writeFile(temporary, text, { mode: 0o600 });
  if (!isWanted()) return false;
  await rename(temporary, file);
  return true;
}
