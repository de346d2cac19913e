import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { dayOf } from "./aside.ts";

/** Stacks and messages are in it, which are not for everybody. */
const FILE_MODE = 0o600;
const DIR_MODE = 0o700;
const CHUNK_BYTES = 64 * 1024;
const LINE_BREAK = 10;

/** A file that is appended to: whole batches, or nothing of them. */
export class OpenFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #ino: number;
  readonly #dev: number;
  #size: number;
  /** There may be more in it than was to stay. */
  #isDirty = false;
  /** The day of its lines, as `dayOf` gives it; that of now for an empty one. */
  readonly day: string;

  private constructor(
    path: string,
    handle: FileHandle,
    { ino, dev }: Ids,
    size: number,
    day: string,
  ) {
    this.#path = path;
    this.#handle = handle;
    this.#ino = ino;
    this.#dev = dev;
    this.#size = size;
    this.day = day;
  }

  /** Opens a file, which is made when it is not there, and mends its end. */
  static async open(path: string, nowMs: number): Promise<OpenFile> {
    await mkdir(dirname(path), { recursive: true, mode: DIR_MODE });
    const handle = await open(path, "a+", FILE_MODE);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw Object.assign(new Error("no file"), { code: "ENOTSUP" });
      const size = await mend(handle, stats.size);
      return new OpenFile(path, handle, stats, size, dayOf(size === 0 ? nowMs : stats.mtimeMs));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** In bytes. */
  get size(): number {
    return this.#size;
  }

  /** Whether the path still leads to it: somebody may have moved it away. */
  async isThere(): Promise<boolean> {
    const found = await stat(this.#path).catch(() => undefined);
    return found?.ino === this.#ino && found.dev === this.#dev;
  }

  /** Appends all of it, or nothing, also when the call is over meanwhile. */
  async append(bytes: Buffer, signal: AbortSignal): Promise<void> {
    await this.#clean();
    signal.throwIfAborted();
    this.#isDirty = true;
    try {
      await this.#handle.appendFile(bytes);
      signal.throwIfAborted();
    } catch (error) {
      // What is on the disk is looked at again before the next line, when this fails.
      await this.#clean().catch(() => {});
      throw error;
    }
    this.#isDirty = false;
    this.#size += bytes.length;
  }

  async #clean(): Promise<void> {
    if (!this.#isDirty) return;
    await this.#handle.truncate(this.#size);
    this.#isDirty = false;
  }

  /** Never throws: there is nothing that could be done about it. */
  async close(): Promise<void> {
    await this.#clean().catch(() => {});
    await this.#handle.close().catch(() => {});
  }
}

interface Ids {
  readonly ino: number;
  readonly dev: number;
}

/** Cuts a last line that was torn when a process was killed; ends one that is whole. @returns the size */
async function mend(handle: FileHandle, size: number): Promise<number> {
  const end = await lastBreak(handle, size);
  if (end === size) return size;
  const rest = Buffer.alloc(size - end);
  await handle.read(rest, 0, rest.length, end);
  if (isJson(rest.toString())) {
    await handle.appendFile("\n");
    return size + 1;
  }
  await handle.truncate(end);
  return end;
}

/** Where the last whole line ends. */
async function lastBreak(handle: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const chunk = Buffer.alloc(end - start);
    await handle.read(chunk, 0, chunk.length, start);
    const at = chunk.lastIndexOf(LINE_BREAK);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
