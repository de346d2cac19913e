import type { Readable } from "node:stream";
import { LineSplitter } from "./lines.ts";

/** How much of one stream is handled before everything else gets its turn. */
const TURN_LINES = 1000;
const TURN_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Takes one line; while the promise that it may give is open, no more lines come. It must not reject. */
export type LineSink = (text: string) => void | Promise<void>;

/**
 * Reads lines from a stream no faster than they are taken, and a bounded amount per turn: a child that writes without
 * end must wait for its turn like everybody else.
 */
export class LinePump {
  /** Resolves when the stream has ended and all its lines were handed over. */
  readonly done: Promise<void>;
  readonly #stream: Readable;
  readonly #splitter: LineSplitter;
  readonly #chunks: Buffer[] = [];
  readonly #onTaken: (bytes: number) => void;
  #readBytes = 0;
  #open: Promise<void> | undefined;
  #isBusy = false;
  #hasEnded = false;
  #markDone: () => void = () => {};

  /** @param onTaken is told how many bytes, in all, are lines that were taken */
  constructor(stream: Readable, sink: LineSink, onTaken: (bytes: number) => void = () => {}) {
    this.#stream = stream;
    this.#onTaken = onTaken;
    this.#splitter = new LineSplitter((text) => {
      this.#open = sink(text) ?? undefined;
    });
    this.done = new Promise((resolve) => {
      this.#markDone = resolve;
    });
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    // A pipe that breaks, or is given up, ends too.
    for (const event of ["end", "error", "close"]) stream.on(event, () => this.#end());
  }

  /** Whether it waits for whoever takes the lines. */
  get isWaiting(): boolean {
    return this.#open !== undefined;
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    // Node resumes the streams of a child that has ended, whoever had paused them.
    if (this.#isBusy) this.#stream.pause();
    else this.#work();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (!this.#isBusy) this.#finish();
  }

  #finish(): void {
    this.#splitter.end();
    this.#onTaken(this.#readBytes);
    this.#markDone();
  }

  #work(): void {
    this.#isBusy = false;
    let lines = 0;
    let bytes = 0;
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      const size = Math.min(chunk.indexOf(NEWLINE) + 1 || chunk.length, TURN_BYTES);
      if (size < chunk.length) this.#chunks.unshift(chunk.subarray(size));
      this.#readBytes += size;
      this.#splitter.write(chunk.subarray(0, size));
      const isLine = chunk[size - 1] === NEWLINE;
      if (isLine && this.#open === undefined) this.#onTaken(this.#readBytes);
      lines += 1;
      bytes += size;
      if (this.#open !== undefined || lines >= TURN_LINES || bytes >= TURN_BYTES) {
        this.#pause();
        return;
      }
    }
    if (this.#hasEnded) this.#finish();
    else this.#stream.resume();
  }

  #pause(): void {
    this.#isBusy = true;
    this.#stream.pause();
    const goOn = (): void => {
      this.#open = undefined;
      setImmediate(() => this.#work());
    };
    if (this.#open === undefined) goOn();
    else {
      const bytes = this.#readBytes;
      void this.#open.then(() => {
        this.#onTaken(bytes);
        goOn();
      });
    }
  }
}
