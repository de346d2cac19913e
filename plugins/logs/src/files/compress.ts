import { open, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type AsideFile, asidesOf } from "./aside.ts";
import { chunksFrom, writeAll } from "./bytes.ts";
import { TMP } from "./names.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/**
 * Compresses what was put aside of a log, one after another, the newest first. Others may be put aside meanwhile: what
 * has got another name by then is found by its inode.
 *
 * @param isSpared which of them are left alone for now: somebody may still write to them
 * @throws what the file system refuses, such as ENOSPC; what is not compressed by then stays as it is
 */
export async function compressAsides(
  path: string,
  signal?: AbortSignal,
  isSpared: (file: AsideFile) => boolean = () => false,
): Promise<void> {
  const tried = new Set<number>();
  for (;;) {
    signal?.throwIfAborted();
    const files = await asidesOf(path);
    const next = files.find((one) => !one.isCompressed && !tried.has(one.inode) && !isSpared(one));
    if (next === undefined) return;
    tried.add(next.inode);
    await compress(path, next, signal);
  }
}

async function compress(
  path: string,
  file: AsideFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  const tmp = `${file.path}.gz${TMP}`;
  try {
    const plain = await writeCompressed(file.path, tmp, signal);
    if (plain === undefined) return;
    await oneAtATime(path, async () => {
      const now = (await asidesOf(path)).find(({ inode }) => inode === plain);
      if (now === undefined || now.isCompressed) return;
      await rename(tmp, `${now.path}.gz`);
      await rm(now.path);
    });
  } finally {
    await rm(tmp, { force: true });
  }
}

/** @returns the inode of what was compressed; undefined when it is not there any more */
async function writeCompressed(
  plain: string,
  tmp: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const from = await open(plain, "r").catch(() => undefined);
  if (from === undefined) return undefined;
  try {
    const stats = await from.stat();
    const to = await open(tmp, "w", stats.mode & 0o777);
    try {
      await pipeline(
        Readable.from(chunksFrom(from, 0)),
        createGzip(),
        async (compressed: AsyncIterable<Buffer>) => {
          for await (const chunk of compressed) await writeAll(to, chunk);
        },
        signal === undefined ? {} : { signal },
      );
      await to.utimes(stats.atime, stats.mtime);
      await to.sync();
    } finally {
      await to.close();
    }
    return stats.ino;
  } finally {
    await from.close();
  }
}
