import { type FileHandle, open } from "node:fs/promises";
import { type AsideFile, isMissing } from "../files/aside.ts";

const CHUNK = 64 * 1024;
const LINE_BREAK = 10;

/** Opens a file to read it; undefined when there is none. */
export async function openToRead(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Opens a file that was put aside; undefined when it has another name by now, or is gone. */
export async function openAside(file: AsideFile): Promise<FileHandle | undefined> {
  const handle = await openToRead(file.path);
  if (handle === undefined || (await handle.stat()).ino === file.inode) return handle;
  await handle.close();
  return undefined;
}

/** What stands in a file between two places. */
export async function readRange(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}

/** Where the last whole line ends: one that is being written has no end yet, and belongs to those who follow. */
export async function endOfLines(handle: FileHandle, size: number): Promise<number> {
  let at = size;
  while (at > 0) {
    const from = Math.max(0, at - CHUNK);
    const breakAt = (await readRange(handle, from, at)).lastIndexOf(LINE_BREAK);
    if (breakAt >= 0) return from + breakAt + 1;
    at = from;
  }
  return 0;
}

/** The lines of a file before `end`, chunk by chunk from its end; each chunk is in the order of the file. */
export async function* linesBackwards(handle: FileHandle, end: number): AsyncGenerator<string[]> {
  let at = end;
  // Parts of a line that is longer than what was read, the last of them first.
  let rest: Buffer[] = [];
  while (at > 0) {
    const from = Math.max(0, at - CHUNK);
    const chunk = await readRange(handle, from, at);
    at = from;
    // What stands before the first line break may have begun in an earlier chunk.
    const start = from === 0 ? 0 : chunk.indexOf(LINE_BREAK) + 1;
    if (from > 0 && start === 0) {
      rest.push(chunk);
      continue;
    }
    const text = Buffer.concat([chunk.subarray(start), ...rest.reverse()]).toString("utf8");
    rest = [chunk.subarray(0, start)];
    if (text !== "") yield (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  }
}
