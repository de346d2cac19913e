import type { FileHandle } from "node:fs/promises";

/** Of one write. */
const CHUNK_BYTES = 512 * 1024;

/** Puts entries together, in as few parts as can be; only one that is too large alone is larger than a part may be. */
export function chunksOf(entries: readonly string[], most: number = CHUNK_BYTES): Buffer[] {
  const chunks: Buffer[] = [];
  let parts: string[] = [];
  let bytes = 0;
  const close = (): void => {
    if (parts.length > 0) chunks.push(Buffer.from(parts.join("")));
    parts = [];
    bytes = 0;
  };
  for (const entry of entries) {
    const own = Buffer.byteLength(entry);
    if (bytes + own > most) close();
    parts.push(entry);
    bytes += own;
  }
  close();
  return chunks;
}

/**
 * Adds bytes by one write; only when the disk takes less, such as the last that it has room for, by more of them.
 *
 * @throws what the file system says; some of it may be written then
 */
export async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at);
    at += bytesWritten;
  }
}
