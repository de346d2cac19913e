import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

const MAX_WRITE_BYTES = 256 * 1024;

/** How a log is kept. */
export interface LogWriterOptions {
  readonly file: string;
  /** Size at which the file is put aside as `<file>.1`. @default 10 MiB */
  readonly maxBytes?: number;
  /** How much may wait for the disk before whoever writes is asked to wait too. @default 1 MiB */
  readonly maxWaitingBytes?: number;
  /** Called when the first line is lost, and not again: the file itself tells about each loss. */
  readonly onLoss?: (error: unknown) => void;
}

/**
 * Appends lines to a file with one rollover. A disk that refuses (full, gone) costs lines, which are counted and owned
 * up to in the file as soon as it can be written again; it never costs the program.
 */
export class LogWriter {
  readonly #options: Required<LogWriterOptions>;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #size = 0;
  #lost = 0;
  #lostInAll = 0;
  #handle: FileHandle | undefined;
  #running: Promise<void> | undefined;
  #caughtUp: Promise<void> | undefined;
  #markCaughtUp: () => void = () => {};

  constructor(options: LogWriterOptions) {
    this.#options = {
      maxBytes: 10 * 1024 * 1024,
      maxWaitingBytes: 1024 * 1024,
      onLoss: () => {},
      ...options,
    };
  }

  /** How many lines could not be written so far. */
  get lost(): number {
    return this.#lostInAll;
  }

  /**
   * Takes one line, with its line break. Returns a promise when more waits than should: nothing else is to be written
   * until it resolves, when the disk has caught up.
   */
  write(line: string): Promise<void> | undefined {
    this.#waiting.push(line);
    this.#waitingBytes += Buffer.byteLength(line);
    this.#running ??= this.#drain();
    if (this.#waitingBytes <= this.#options.maxWaitingBytes) return undefined;
    this.#caughtUp ??= new Promise((resolve) => {
      this.#markCaughtUp = resolve;
    });
    return this.#caughtUp;
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    await this.#running;
    if (this.#lost > 0) await this.#append([]);
    await this.#handle?.close().catch(() => {});
    this.#handle = undefined;
  }

  async #drain(): Promise<void> {
    // Lines that are written in one turn of the event loop go to the disk together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      await this.#append(this.#take());
      // Not only at zero: others who write little but steadily would hold up the one who waits.
      if (this.#waitingBytes <= this.#options.maxWaitingBytes / 2) this.#letWrite();
    }
    this.#running = undefined;
  }

  #letWrite(): void {
    this.#markCaughtUp();
    this.#caughtUp = undefined;
  }

  /** As many lines as go to the disk in one piece: never more than a file may hold. */
  #take(): string[] {
    const limit = Math.min(MAX_WRITE_BYTES, this.#options.maxBytes);
    let bytes = 0;
    let count = 0;
    for (const line of this.#waiting) {
      const more = Buffer.byteLength(line);
      if (count > 0 && bytes + more > limit) break;
      bytes += more;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #append(lines: readonly string[]): Promise<void> {
    const owned = this.#lost;
    const note = owned > 0 ? [lossNote(owned)] : [];
    const text = [...note, ...lines].join("");
    try {
      const handle = await this.#ready(Buffer.byteLength(text));
      await handle.appendFile(text);
      this.#size += Buffer.byteLength(text);
      this.#lost -= owned;
    } catch (error) {
      this.#lose(lines.length, error);
      await this.#giveUp();
    }
  }

  /** A full disk may have taken half of it: cut that off, so that what is counted as lost is not there. */
  async #giveUp(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.truncate(this.#size).catch(() => {});
    await handle?.close().catch(() => {});
  }

  async #ready(bytes: number): Promise<FileHandle> {
    const { file, maxBytes } = this.#options;
    if (this.#handle !== undefined && this.#size > 0 && this.#size + bytes > maxBytes) {
      await this.#handle.close();
      this.#handle = undefined;
      await rename(file, `${file}.1`);
    }
    if (this.#handle === undefined) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      this.#handle = await open(file, "a", 0o600);
      this.#size = (await this.#handle.stat()).size;
    }
    return this.#handle;
  }

  #lose(lines: number, error: unknown): void {
    const first = this.#lostInAll === 0;
    this.#lost += lines;
    this.#lostInAll += lines;
    if (first) this.#options.onLoss(error);
  }
}

function lossNote(lines: number): string {
  const time = new Date().toISOString();
  return `${time} master.0[${process.pid}] stderr| elpis: ${lines} lines could not be written here\n`;
}
