import type { FileHandle } from "node:fs/promises";

/** What is longer is no line of ours that was torn. */
const MAX_REST_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const LINE_BREAK = 10;
/** How a line of ours begins. */
const MARK = Buffer.from('{"signal":');

/**
 * Makes a file end with a whole line. One of ours that was torn when a process was killed is cut; anything else that has no end gets one.
 *
 * @returns the size
 */
export async function mend(handle: FileHandle, size: number): Promise<number> {
  if (await endsWhole(handle, size)) return size;
  const end = await lastBreak(handle, size);
  const rest = end === undefined ? undefined : await readAt(handle, end, size - end);
  if (end !== undefined && rest !== undefined && isOurs(rest) && !isJson(rest.toString())) {
    await handle.truncate(end);
    return end;
  }
  await handle.appendFile("\n");
  return size + 1;
}

/** Whether nothing is in a file, or a line break at its end. */
export async function endsWhole(handle: FileHandle, size: number): Promise<boolean> {
  return size === 0 || (await readAt(handle, size - 1, 1))[0] === LINE_BREAK;
}

/** What a file has at a place; less where it ends. */
export async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}

/** Where the last whole line ends; undefined when what is behind it is too long to be looked at. */
async function lastBreak(handle: FileHandle, size: number): Promise<number | undefined> {
  const least = Math.max(0, size - MAX_REST_BYTES);
  for (let end = size; end > least; ) {
    const start = Math.max(least, end - CHUNK_BYTES);
    const at = (await readAt(handle, start, end - start)).lastIndexOf(LINE_BREAK);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return least === 0 ? 0 : undefined;
}

function isOurs(rest: Buffer): boolean {
  const length = Math.min(rest.length, MARK.length);
  return rest.subarray(0, length).equals(MARK.subarray(0, length));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
