import { type FileHandle, open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";

const CHUNK = 64 * 1024;

/** Where reading stopped, so that {@link follow} goes on from there. */
export interface LogPosition {
  /** Tells the file apart from the one that takes its place; 0 when there was none. */
  readonly inode: number;
  readonly offset: number;
}

/** The last lines of a log, oldest first. */
export interface LogTail {
  readonly lines: readonly string[];
  readonly position: LogPosition;
}

/** Reads the last `count` lines that `accept` takes, from `<file>.1` too when `file` has too few. */
export async function readTail(
  file: string,
  count: number,
  accept: (line: string) => boolean,
): Promise<LogTail | undefined> {
  const current = await lastLines(file, count, accept);
  const missing = count - (current?.lines.length ?? 0);
  const older = missing > 0 ? await lastLines(`${file}.1`, missing, accept) : undefined;
  if (current === undefined && older === undefined) return undefined;
  return {
    lines: [...(older?.lines ?? []), ...(current?.lines ?? [])],
    position: current?.position ?? { inode: 0, offset: 0 },
  };
}

async function lastLines(
  file: string,
  count: number,
  accept: (line: string) => boolean,
): Promise<LogTail | undefined> {
  const handle = await openToRead(file);
  if (handle === undefined) return undefined;
  try {
    const { ino, size } = await handle.stat();
    const end = await endOfLastLine(handle, size);
    return {
      lines: await backwards(handle, end, count, accept),
      position: { inode: ino, offset: end },
    };
  } finally {
    await handle.close();
  }
}

/** Reads chunk by chunk from the end, so that a long log costs no more than what is shown of it. */
async function backwards(
  handle: FileHandle,
  end: number,
  count: number,
  accept: (line: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  let at = end;
  let rest: Buffer = Buffer.alloc(0);
  while (at > 0 && found.length < count) {
    const from = Math.max(0, at - CHUNK);
    const chunk = Buffer.concat([await readRange(handle, from, at), rest]);
    // What stands before the first line break may have begun in an earlier chunk.
    const start = from === 0 ? 0 : chunk.indexOf(10) + 1;
    rest = from === 0 ? Buffer.alloc(0) : chunk.subarray(0, start === 0 ? chunk.length : start);
    at = from;
    if (from > 0 && start === 0) continue;
    const lines = chunk.subarray(start).toString("utf8").split("\n").slice(0, -1);
    found.unshift(...lastOf(lines.filter(accept), count - found.length));
  }
  return found;
}

function lastOf(lines: readonly string[], count: number): string[] {
  return count > 0 ? lines.slice(-count) : [];
}

/** A line that is being written has no end yet; it belongs to what is followed. */
async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  let at = size;
  while (at > 0) {
    const from = Math.max(0, at - CHUNK);
    const breakAt = (await readRange(handle, from, at)).lastIndexOf(10);
    if (breakAt >= 0) return from + breakAt + 1;
    at = from;
  }
  return 0;
}

async function readRange(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}

async function openToRead(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** How a log is followed. */
export interface FollowOptions {
  readonly from: LogPosition;
  readonly signal: AbortSignal;
  /** How often to look, in milliseconds. @default 100 */
  readonly intervalMs?: number;
}

/** Calls `onLine` for each line that is appended, across a rollover, until the signal is aborted. */
export async function follow(
  file: string,
  onLine: (line: string) => void,
  options: FollowOptions,
): Promise<void> {
  const { signal, intervalMs = 100 } = options;
  let { inode, offset } = options.from;
  let lines = new LineSplitter(onLine);
  while (!signal.aborted) {
    const old = inode === 0 ? undefined : await readNew(file, inode, offset, lines);
    if (old !== undefined) offset = old;
    const next = await inodeOf(file);
    if (next !== undefined && next !== inode) {
      // The file was put aside between two looks: its last lines stand in `<file>.1` now.
      if (inode !== 0) await readNew(`${file}.1`, inode, offset, lines);
      inode = next;
      offset = 0;
      lines = new LineSplitter(onLine);
      continue;
    }
    await pause(intervalMs, signal);
  }
}

/** Reads what was appended since `offset`; `undefined` when the file is not the one that was followed. */
async function readNew(
  file: string,
  inode: number,
  offset: number,
  lines: LineSplitter,
): Promise<number | undefined> {
  const handle = await openToRead(file);
  if (handle === undefined) return undefined;
  try {
    const { ino, size } = await handle.stat();
    if (ino !== inode) return undefined;
    let at = Math.min(offset, size);
    while (at < size) {
      const chunk = await readRange(handle, at, Math.min(size, at + CHUNK));
      if (chunk.length === 0) break;
      lines.push(chunk);
      at += chunk.length;
    }
    return at;
  } finally {
    await handle.close();
  }
}

async function inodeOf(file: string): Promise<number | undefined> {
  const handle = await openToRead(file);
  if (handle === undefined) return undefined;
  try {
    return (await handle.stat()).ino;
  } finally {
    await handle.close();
  }
}

function pause(forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, forMs);
    signal.addEventListener("abort", done);
  });
}

class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const parts = (this.#rest + this.#decoder.write(chunk)).split("\n");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.#onLine(part);
  }
}
