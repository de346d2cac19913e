import type { ElpisError, Off } from "@elpis/api";
import { type Batch, LineQueue } from "../files/line-queue.ts";
import { Trouble } from "../files/trouble.ts";
import { HOLD_MS } from "../shared/times.ts";
import { appendNow } from "./append-now.ts";
import { writeAtExit } from "./at-exit.ts";
import { linesLost, unwritable } from "./errors.ts";
import type { Output } from "./output.ts";
import { linesIn } from "./records.ts";

/** As much as goes to the file in one piece. */
const BATCH_BYTES = 64 * 1024;
const TICK_MS = 1000;
/** How long `close` waits for a file that cannot be written. */
const CLOSE_MS = 2000;

/** What a {@link LineWriter} needs. */
export interface LineWriterOptions {
  readonly path: string;
  readonly output: Output;
  /** How much waits for a file that cannot be written; what is more is lost and counted. */
  readonly bufferBytes: number;
  /** The line that stands where so many are missing. */
  readonly noteOf: (lines: number, reason: unknown) => string;
  readonly onTrouble: (error: ElpisError) => void;
}

/**
 * Where a logger of this process writes to. It never throws, and never waits for a disk, but when the program logs faster
 * than it lets anything be written. What a disk refuses waits within a bound; what is more is counted.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #queue: LineQueue;
  readonly #trouble: Trouble;
  readonly #timer: NodeJS.Timeout;
  readonly #offExit: Off;
  /** Taken, and not written, in order. */
  readonly #rest: Batch[] = [];
  /** What is to be done to the file between two pieces. */
  readonly #jobs: Array<() => Promise<void>> = [];
  #running: Promise<void> | undefined;
  #holding: NodeJS.Timeout | undefined;
  #isClosing = false;
  #hasStopped = false;
  #closed: Promise<void> | undefined;

  constructor(options: LineWriterOptions) {
    const { path, bufferBytes, noteOf, onTrouble } = options;
    this.#options = options;
    this.#trouble = new Trouble({
      onTrouble: (error) => onTrouble(unwritable(path, error)),
      // What waits is written when it ends, or told to be lost.
      keepsProcess: false,
    });
    this.#queue = new LineQueue(bufferBytes, (lines) => noteOf(lines, this.#trouble.reason));
    this.#offExit = writeAtExit(this);
    // Made at once, so that it can be found, and told to whoever rotates it.
    void this.look();
    this.#timer = setInterval(() => void this.look(), TICK_MS).unref();
  }

  /** Lines that are lost so far. */
  get lost(): number {
    return this.#queue.lost;
  }

  /** Bytes that wait for the file. */
  get waitingBytes(): number {
    return this.#queue.bytes;
  }

  /** Takes one line, with its line break. */
  write(line: string): void {
    if (this.#isClosing) return this.#queue.lose(1);
    const isFull = this.#queue.bytes + line.length > this.#options.bufferBytes;
    if (isFull && this.#holding === undefined && !this.#trouble.isWaiting) this.#writeAhead();
    this.#queue.push(line, 1);
    this.#running ??= this.#drain();
  }

  /** Writes what waits, before anything else is done; pino wants it of what is fatal. */
  flushSync(): void {
    if (this.#holding === undefined && !this.#trouble.isWaiting) this.#writeAhead();
  }

  /** Resolves when what was taken so far is in the file: with true; with false when it is lost. */
  flush(): Promise<boolean> {
    if (this.#closed !== undefined) return Promise.resolve(this.#queue.bytes === 0);
    return new Promise((resolve) => {
      this.#queue.mark(async (isLost) => resolve(!isLost));
      this.#running ??= this.#drain();
    });
  }

  /** Looks at the file, and at the time. */
  look(): Promise<void> {
    return this.#inTurn(() => this.#options.output.look(Date.now()));
  }

  /** Goes over to what is at the path by now. @throws what the file system refuses */
  reopen(): Promise<void> {
    return this.#inTurn(() => this.#options.output.reopen());
  }

  /** Resolves when nothing is being written; nothing is until {@link resume}, or until two seconds have passed. */
  hold(): Promise<void> {
    clearTimeout(this.#holding);
    this.#holding = setTimeout(() => this.resume(), HOLD_MS).unref();
    return this.#inTurn(async () => undefined);
  }

  resume(): void {
    clearTimeout(this.#holding);
    this.#holding = undefined;
    this.#running ??= this.#drain();
  }

  /** Writes what waits; what cannot be written within two seconds is lost, and told. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** At the end of the process: what is being written just then is, by the system. */
  writeRest(): void {
    this.#writeNow();
    const { path, onTrouble } = this.#options;
    let lines = 0;
    for (let left = this.#take(); left !== undefined; left = this.#take()) lines += left.lines;
    if (lines > 0) onTrouble(linesLost(path, lines, this.#trouble.reason));
  }

  async #close(): Promise<void> {
    const { path, output, onTrouble } = this.#options;
    const lostBefore = this.lost;
    const settled = this.flush();
    this.#isClosing = true;
    clearInterval(this.#timer);
    this.resume();
    const late = setTimeout(() => this.#stopTrying(), CLOSE_MS);
    await settled;
    clearTimeout(late);
    await this.#running;
    this.#offExit();
    await output.close();
    const lines = this.lost - lostBefore;
    if (lines > 0) onTrouble(linesLost(path, lines, this.#trouble.reason));
  }

  #stopTrying(): void {
    this.#hasStopped = true;
    this.#trouble.stopWaiting();
  }

  #inTurn(job: () => Promise<void>): Promise<void> {
    if (this.#closed !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => job().then(resolve, reject));
      this.#running ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    // Lines that are written in one turn of the event loop go to the file together.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      const job = this.#jobs.shift();
      if (job !== undefined) {
        await job();
        continue;
      }
      const batch = this.#holding === undefined ? this.#take() : undefined;
      // Nothing can come between this look and the end: it would not be written.
      if (batch === undefined) break;
      await this.#write(batch);
    }
    this.#running = undefined;
  }

  async #write(batch: Batch): Promise<void> {
    const { written, error } = await this.#options.output.append(batch.bytes);
    this.#wrote(batch, written, error);
    if (error === undefined) return;
    if (!this.#hasStopped) return await this.#trouble.wait();
    const lines = this.#rest.splice(0).reduce((sum, one) => sum + one.lines, 0);
    await this.#queue.loseAll(lines);
  }

  /** What is to be written next. Who waits for what came before it is told. */
  #take(): Batch | undefined {
    for (;;) {
      const rest = this.#rest.shift();
      if (rest !== undefined) return rest;
      const mark = this.#queue.takeMark();
      if (mark === undefined) return this.#queue.take(BATCH_BYTES);
      void mark(false);
    }
  }

  #wrote({ bytes, lines }: Batch, written: number, error: unknown): void {
    if (written < bytes.length) {
      const done = linesIn(bytes.subarray(0, written));
      this.#rest.unshift({ bytes: bytes.subarray(written), lines: lines - done });
    }
    this.#queue.confirm(written);
    if (error === undefined) this.#trouble.worked("write", this.#queue);
    else this.#trouble.failed("write", error);
  }

  /** The program logs faster than it lets anything be written. */
  #writeAhead(): void {
    this.#writeNow();
    // It does not know of what was written past it.
    this.#jobs.push(() => this.#options.output.reopen().catch(() => {}));
  }

  /** Writes what waits before anything else is done. */
  #writeNow(): void {
    for (let batch = this.#take(); batch !== undefined; batch = this.#take()) {
      const { written, error } = appendNow(this.#options.path, batch.bytes);
      this.#wrote(batch, written, error);
      if (error !== undefined) return;
    }
  }
}
