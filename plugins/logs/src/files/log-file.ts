import { Housekeeping } from "./housekeeping.ts";
import { type Batch, LineQueue } from "./line-queue.ts";
import { LogOutput } from "./log-output.ts";
import { recover } from "./recover.ts";
import { spanOf } from "./spans.ts";
import { Trouble } from "./trouble.ts";
import type { RotationPolicy } from "./types.ts";

const MIB = 1024 * 1024;
const BATCH_BYTES = 256 * 1024;
const LINE_BREAK = 10;
const NO_ROTATION: RotationPolicy = { mode: "rename", compress: false, keep: {} };

/** How a {@link LogFile} is kept. */
export interface LogFileOptions {
  readonly path: string;
  /** @default it is put aside only when it is asked for, by {@link LogFile.rotate} */
  readonly rotation?: RotationPolicy | undefined;
  /** How much waits while the disk refuses; what comes beyond is lost and counted. @default 16 MiB */
  readonly bufferBytes?: number | undefined;
  /** From how much on {@link LogFile.full} asks whoever writes to wait. @default 1 MiB */
  readonly fullBytes?: number | undefined;
  /** @default 0o600 */
  readonly fileMode?: number | undefined;
  /** Of folders that are made for it. @default 0o700 */
  readonly dirMode?: number | undefined;
  /** Milliseconds since 1970, for rotation by time. @default Date.now */
  readonly now?: (() => number) | undefined;
  /**
   * The line, with its line break, that stands where lines were lost. `reason` is why the disk refused; undefined when it
   * was only too slow. @default none
   */
  readonly lossNote?: ((lines: number, reason: unknown) => string) | undefined;
  /** Called once when it cannot be written, put aside or compressed, and again only after it could be. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
  /** Called when it was put aside, with the new name. */
  readonly onRotated?: ((path: string) => void) | undefined;
  /**
   * Called when it can be written again, or keeps up again after it was too slow, with the number of lines that are lost
   * since it was called last.
   */
  readonly onRecovered?: ((lost: number) => void) | undefined;
}

/**
 * Appends lines to one file that nobody else writes. Never throws: what a disk refuses waits in memory within a bound,
 * and what is lost beyond it is counted exactly and owned up to at its place in the file.
 */
export class LogFile {
  readonly #path: string;
  readonly #fullBytes: number;
  readonly #now: () => number;
  readonly #rotation: RotationPolicy;
  readonly #queue: LineQueue;
  readonly #output: LogOutput;
  readonly #trouble: Trouble;
  readonly #housekeeping: Housekeeping;
  #batch: Batch | undefined;
  #running: Promise<void> | undefined;
  #caughtUp: Promise<void> | undefined;
  #markCaughtUp: () => void = () => {};
  #closed: Promise<void> | undefined;
  #isRecovered = false;
  #isLookDue = false;
  #second = Number.NaN;
  #spanSeen: number | undefined;

  constructor(options: LogFileOptions) {
    const { path, rotation = NO_ROTATION, lossNote, onTrouble, onRotated, onRecovered } = options;
    this.#path = path;
    this.#rotation = rotation;
    this.#fullBytes = options.fullBytes ?? MIB;
    this.#now = options.now ?? Date.now;
    this.#queue = new LineQueue(
      options.bufferBytes ?? 16 * MIB,
      (lines) => lossNote?.(lines, this.#trouble.reason) ?? "",
    );
    this.#trouble = new Trouble({ onTrouble, onRecovered });
    const troubles = this.#trouble;
    this.#housekeeping = new Housekeeping({ path, rotation, now: this.#now, troubles });
    this.#output = new LogOutput({
      path,
      rotation,
      now: this.#now,
      fileMode: options.fileMode ?? 0o600,
      dirMode: options.dirMode ?? 0o700,
      onRotated: (target) => {
        troubles.worked("rotation");
        onRotated?.(target);
        this.#housekeeping.begin();
      },
      onRotationFailed: (error) => troubles.failed("rotation", error),
    });
  }

  /** Lines that are lost so far. */
  get lost(): number {
    return this.#queue.lost;
  }

  /** Bytes that wait for the disk. */
  get waitingBytes(): number {
    return this.#queue.bytes;
  }

  /**
   * While more waits than should: resolves when the disk has caught up, or refuses. Whoever can wait, should; nothing is
   * gained by waiting for a disk that refuses.
   */
  get full(): Promise<void> | undefined {
    if (this.#queue.bytes <= this.#fullBytes || this.#trouble.isWaiting) return undefined;
    this.#caughtUp ??= new Promise((resolve) => {
      this.#markCaughtUp = resolve;
    });
    return this.#caughtUp;
  }

  /** Takes whole lines: `text` ends with a line break and holds `lines` of them. */
  write(text: string, lines: number): void {
    if (this.#closed !== undefined) return this.#queue.lose(lines);
    if (this.#rotation.every !== undefined) this.#watchClock();
    this.#queue.push(text, lines);
    this.#running ??= this.#drain();
  }

  /**
   * Puts the file aside behind what was written so far.
   *
   * @returns its new name; undefined when there was nothing in it, or it failed
   */
  rotate(): Promise<string | undefined> {
    return this.#inTurn(() => this.#output.rotate());
  }

  /** Opens what is at the path by now, or makes it, behind what was written so far. */
  async reopen(): Promise<void> {
    await this.#inTurn(() => this.#output.reopen());
  }

  /** To be called about each second: looks at the clock, and whether the file is still there. */
  tick(): void {
    if (this.#isLookDue || this.#closed !== undefined) return;
    this.#isLookDue = true;
    void this.#inTurn(() => this.#look());
  }

  /** Resolves when everything so far is on the disk, or counted as lost. */
  async settled(): Promise<void> {
    await this.#inTurn(async () => undefined);
  }

  /** Tries once more to write what waits, counts the rest as lost, and closes the file. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#trouble.stopWaiting();
    await this.#running;
    this.#letWrite();
    await this.#output.close();
    await this.#housekeeping.close();
  }

  async #look(): Promise<void> {
    this.#isLookDue = false;
    await this.#output.look(this.#now());
    this.#housekeeping.tick();
  }

  /** Lines of one span are not written to the file of the next, however long they wait. */
  #watchClock(): void {
    const { every } = this.#rotation;
    const nowMs = this.#now();
    const second = Math.floor(nowMs / 1000);
    if (every === undefined || second === this.#second) return;
    this.#second = second;
    const span = spanOf(every, nowMs);
    const isFirst = this.#spanSeen === undefined;
    const isNew = span !== this.#spanSeen;
    this.#spanSeen = span;
    if (isFirst) this.#output.beginAt(nowMs);
    else if (isNew) void this.#inTurn(() => this.#output.look(nowMs));
  }

  #inTurn<Value>(task: () => Promise<Value>): Promise<Value | undefined> {
    if (this.#closed !== undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#queue.mark(async (isLost) => resolve(isLost ? undefined : await task()));
      this.#running ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    // Lines that are written in one turn of the event loop go to the disk together.
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.#isRecovered) await this.#recover();
    for (;;) {
      const mark = this.#batch === undefined ? this.#queue.takeMark() : undefined;
      if (mark !== undefined) {
        await mark(false);
        continue;
      }
      this.#batch ??= this.#queue.take(BATCH_BYTES);
      if (this.#batch === undefined) break;
      await this.#writeBatch(this.#batch);
    }
    this.#running = undefined;
  }

  /** Once, before the first line: what an earlier run has left in the middle of a rotation. */
  async #recover(): Promise<void> {
    this.#isRecovered = true;
    try {
      await recover(this.#path);
    } catch (error) {
      this.#trouble.failed("rotation", error);
    }
    this.#housekeeping.begin();
  }

  async #writeBatch({ bytes, lines }: Batch): Promise<void> {
    const { written, error } = await this.#output.append(bytes);
    const rest = bytes.subarray(written);
    this.#batch =
      rest.length === 0
        ? undefined
        : { bytes: rest, lines: lines - (written === 0 ? 0 : breaksIn(bytes, written)) };
    this.#queue.confirm(written);
    if (error === undefined) {
      this.#trouble.worked("write", this.#queue);
      if (this.#queue.bytes <= this.#fullBytes / 2) this.#letWrite();
      return;
    }
    this.#trouble.failed("write", error);
    this.#letWrite();
    if (this.#closed === undefined) await this.#trouble.wait();
    else await this.#giveUp();
  }

  async #giveUp(): Promise<void> {
    const lines = this.#batch?.lines ?? 0;
    this.#batch = undefined;
    await this.#queue.loseAll(lines);
  }

  #letWrite(): void {
    this.#markCaughtUp();
    this.#caughtUp = undefined;
  }
}

function breaksIn(bytes: Buffer, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_BREAK); at >= 0 && at < end; count += 1) {
    at = bytes.indexOf(LINE_BREAK, at + 1);
  }
  return count;
}
