import type { Logger } from "@elpis/api";
import { dayOf, prune, putAside } from "./aside.ts";
import { OpenFile } from "./open-file.ts";

/** When a file could not be put aside, it is written on for so long before that is tried again. */
const PATIENCE_MS = 300_000;

/** When a file is put aside, and how many of them are kept. */
export interface Rotation {
  readonly maxBytes: number;
  readonly daily: boolean;
  readonly keep: number;
}

/** A file of lines that is put aside by size and by day. One call at a time. */
export class RotatingFile {
  readonly #path: string;
  readonly #rotation: Rotation;
  readonly #log: Logger;
  #file: OpenFile | undefined;
  /** The head that the file has got from this process. */
  #head: string | undefined;
  #isPruned = false;
  /** When it could not be put aside, in the time of batches. */
  #stuckAt: number | undefined;

  constructor(path: string, rotation: Rotation, log: Logger) {
    this.#path = path;
    this.#rotation = rotation;
    this.#log = log;
  }

  /**
   * Appends lines, all or none.
   *
   * @param head a line that goes before them where a file begins, or another one went before
   */
  async append(lines: string, head: string, nowMs: number, signal: AbortSignal): Promise<void> {
    let file = await this.#open(nowMs);
    const bytesOf = (): Buffer => Buffer.from(this.#head === head ? lines : head + lines);
    if (this.#isFull(file, bytesOf().length, nowMs) && (await this.#putAside(file.day, nowMs))) {
      await this.close();
      await this.#prune();
      file = await this.#open(nowMs);
    }
    await file.append(bytesOf(), signal);
    this.#head = head;
  }

  /** @returns false when that cannot be done: it is better to have all in one file than to lose it */
  async #putAside(day: string, nowMs: number): Promise<boolean> {
    const isStuck = this.#stuckAt !== undefined;
    if (isStuck && Math.abs(nowMs - (this.#stuckAt as number)) < PATIENCE_MS) return false;
    try {
      await putAside(this.#path, day);
      this.#stuckAt = undefined;
      return true;
    } catch (error) {
      this.#stuckAt = nowMs;
      const { code } = error as NodeJS.ErrnoException;
      const message = "the file cannot be put aside, and is written on";
      if (!isStuck) this.#log.warn(message, { path: this.#path, code });
      return false;
    }
  }

  async #open(nowMs: number): Promise<OpenFile> {
    if (this.#file !== undefined && !(await this.#file.isThere())) await this.close();
    this.#file ??= await OpenFile.open(this.#path, nowMs);
    if (!this.#isPruned) await this.#prune();
    return this.#file;
  }

  #isFull({ size, day }: OpenFile, coming: number, nowMs: number): boolean {
    const { maxBytes, daily } = this.#rotation;
    if (size === 0) return false;
    // A clock that went back does not make files of the past.
    return size + coming > maxBytes || (daily && day < dayOf(nowMs));
  }

  /** What cannot be removed is tried again after the next file. */
  async #prune(): Promise<void> {
    this.#isPruned = true;
    const { keep } = this.#rotation;
    if (keep === Number.POSITIVE_INFINITY) return;
    const failures = await prune(this.#path, keep).catch((error: unknown) => [error]);
    for (const error of failures) {
      const { code } = error as NodeJS.ErrnoException;
      this.#log.warn("an old file cannot be removed", { path: this.#path, code });
    }
  }

  /** It is opened again by the next lines. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#head = undefined;
    await file?.close();
  }
}
