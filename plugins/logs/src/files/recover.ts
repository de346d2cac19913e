import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { type AsideFile, everyAsideOf, isMissing, keyOf } from "./aside.ts";
import { COPIED } from "./names.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const CHUNK = 64 * 1024;

/**
 * Mends what a kill in the middle of a rotation has left, so that every line is there exactly once: removes what was
 * only half made, what is there compressed as well, and a copy of what was not emptied. To be called before the file is
 * written; what is not compressed yet is the business of `compressAsides`.
 *
 * @param path the file that is written
 */
export function recover(path: string): Promise<void> {
  return oneAtATime(path, async () => {
    const all = await everyAsideOf(path);
    for (const file of all) {
      if (file.state === "tmp") await rm(file.path, { force: true });
    }
    await settleCopies(path);
    const whole = all.filter(({ state }) => state === "whole");
    const plain = new Map(whole.filter((one) => !one.isCompressed).map((one) => [keyOf(one), one]));
    for (const file of whole) {
      const twin = file.isCompressed ? plain.get(keyOf(file)) : undefined;
      if (twin !== undefined) await removeTwin(file, twin);
    }
  });
}

/** The compressed file has its name only when all of it is on the disk; its last bytes tell the size of what is in it. */
async function removeTwin(compressed: AsideFile, plain: AsideFile): Promise<void> {
  const isWhole = (await sizeInside(compressed)) === plain.bytes % 2 ** 32;
  await rm(isWhole ? plain.path : compressed.path, { force: true });
}

async function sizeInside({ path, bytes }: AsideFile): Promise<number> {
  if (bytes < 18) return -1;
  const handle = await open(path, "r");
  try {
    const end = Buffer.alloc(4);
    await handle.read(end, 0, 4, bytes - 4);
    return end.readUInt32LE(0);
  } finally {
    await handle.close();
  }
}

/**
 * Finishes copies that were cut short before what they were made of was known to be empty. To be called by who has the
 * names to itself.
 */
export async function settleCopies(path: string): Promise<void> {
  for (const file of await everyAsideOf(path)) {
    if (file.state === "copied") await settleCopy(path, file);
  }
}

/** When the file still begins with what is in its copy, it was not emptied: the copy is made again at the next rotation. */
async function settleCopy(path: string, copy: AsideFile): Promise<void> {
  if (await beginsWith(path, copy)) await rm(copy.path, { force: true });
  else await rename(copy.path, copy.path.slice(0, -COPIED.length));
}

async function beginsWith(path: string, copy: AsideFile): Promise<boolean> {
  const whole = await openToRead(path);
  if (whole === undefined) return false;
  const part = await open(copy.path, "r");
  try {
    if ((await whole.stat()).size < copy.bytes) return false;
    for (let at = 0; at < copy.bytes; at += CHUNK) {
      const [one, other] = [await chunkAt(whole, at), await chunkAt(part, at)];
      if (!one.subarray(0, other.length).equals(other)) return false;
    }
    return true;
  } finally {
    await whole.close();
    await part.close();
  }
}

async function chunkAt(handle: FileHandle, at: number): Promise<Buffer> {
  const chunk = Buffer.alloc(CHUNK);
  const { bytesRead } = await handle.read(chunk, 0, CHUNK, at);
  return chunk.subarray(0, bytesRead);
}

async function openToRead(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
