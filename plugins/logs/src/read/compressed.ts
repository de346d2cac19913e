import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { chunksFrom } from "../files/bytes.ts";

/**
 * What is in a compressed file, from its begin. One that is damaged gives what it has.
 *
 * @param skipBytes so many bytes of what is in it are passed over
 */
export async function* compressedChunks(handle: FileHandle, skipBytes = 0): AsyncGenerator<Buffer> {
  let skip = skipBytes;
  const input = Readable.from(chunksFrom(handle, 0));
  const output = createGunzip();
  input.on("error", (error) => output.destroy(error));
  input.pipe(output);
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) {
      const bytes = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - bytes.length;
      if (bytes.length > 0) yield bytes;
    }
  } catch (error) {
    if (!isDamaged(error)) throw error;
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** The first bytes of what is in a compressed file. */
export async function compressedHead(handle: FileHandle, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of compressedChunks(handle)) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= length) break;
  }
  return Buffer.concat(parts).subarray(0, length);
}

function isDamaged(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && code.startsWith("Z_");
}
