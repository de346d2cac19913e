import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { chunksFrom, writeAll } from "./bytes.ts";
import { COPIED, TMP } from "./names.ts";

/**
 * Copies a file that somebody keeps open, and empties it. The copy has the name that `recover` knows until the file is
 * empty, so that after a kill in between no line is there twice.
 */
export async function copyAndEmpty(path: string, target: string): Promise<void> {
  const from = await open(path, "r+");
  try {
    await copyTo(from, `${target}${TMP}`);
    await rename(`${target}${TMP}`, `${target}${COPIED}`);
    await from.truncate(0);
    await rename(`${target}${COPIED}`, target);
  } finally {
    await from.close();
  }
}

async function copyTo(from: FileHandle, tmp: string): Promise<void> {
  const stats = await from.stat();
  const to = await open(tmp, "w", stats.mode & 0o777);
  try {
    const end = await copyFrom(from, to, 0);
    await to.sync();
    // What came while the disk was waited for. What comes from here on, until the file is empty, is lost: only those who
    // write can wait for that.
    await copyFrom(from, to, end);
    await to.utimes(stats.atime, stats.mtime);
  } catch (error) {
    await rm(tmp, { force: true });
    throw error;
  } finally {
    await to.close();
  }
}

/** @returns where the file ended */
async function copyFrom(from: FileHandle, to: FileHandle, start: number): Promise<number> {
  let at = start;
  for await (const chunk of chunksFrom(from, start)) {
    await writeAll(to, chunk);
    at += chunk.length;
  }
  return at;
}
