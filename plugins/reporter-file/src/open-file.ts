import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { dayOf } from "./aside.ts";
import { endsWhole, mend, readAt } from "./mend.ts";

/** Stacks and messages are in it, which are not for everybody. */
const FILE_MODE = 0o600;
const DIR_MODE = 0o700;

/** What is written, and where it begins if nobody else writes. */
interface Writing {
  readonly from: number;
  readonly bytes: Buffer;
}

/** A file that is appended to: whole batches, or nothing of them. What others write to it stays. */
export class OpenFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #ino: number;
  readonly #dev: number;
  #size: number;
  /** Of it there may be something in the file that was not to stay. */
  #torn: Writing | undefined;
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

  /** In bytes, as it was when it was last looked at. */
  get size(): number {
    return this.#size;
  }

  /** Whether the path still leads to it, and all of it is there: somebody may have moved it away, or emptied it. */
  async isThere(): Promise<boolean> {
    const found = await stat(this.#path).catch(() => undefined);
    if (found?.ino !== this.#ino || found.dev !== this.#dev || found.size < this.#size)
      return false;
    this.#size = found.size;
    return true;
  }

  /** Appends all of it, or nothing, also when the call is over meanwhile. */
  async append(bytes: Buffer, signal: AbortSignal): Promise<void> {
    await this.#clean();
    signal.throwIfAborted();
    const { size } = await this.#handle.stat();
    this.#torn = { from: size, bytes };
    try {
      await this.#handle.appendFile(bytes);
      signal.throwIfAborted();
    } catch (error) {
      // What is on the disk is looked at again before the next line, when this fails.
      await this.#clean().catch(() => {});
      throw error;
    }
    this.#torn = undefined;
    this.#size = size + bytes.length;
  }

  /** Takes back what was not to stay. When others have written meanwhile, only the line is ended. */
  async #clean(): Promise<void> {
    if (this.#torn === undefined) return;
    const { from, bytes } = this.#torn;
    const { size } = await this.#handle.stat();
    const written = size - from;
    if (written > 0 && written <= bytes.length && (await this.#has(from, bytes, written))) {
      await this.#handle.truncate(from);
    } else if (!(await endsWhole(this.#handle, size))) {
      await this.#handle.appendFile("\n");
    }
    // It may have been emptied since: then it is another file, which is noticed by its size.
    this.#size = Math.max(this.#size, Math.min(from, size));
    this.#torn = undefined;
  }

  async #has(from: number, bytes: Buffer, length: number): Promise<boolean> {
    return (await readAt(this.#handle, from, length)).equals(bytes.subarray(0, length));
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
