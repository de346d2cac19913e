import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "./replace-file.ts";

/** How much of the time may go into writing: what takes long is done seldom. */
const SHARE = 0.02;

/** How often writing went well, and how often it did not. */
export interface SnapshotCounts {
  written: number;
  failed: number;
}

/** Sums on a disk, written whole each time and put in place at once, so that there is always a whole one. */
export class SnapshotFile {
  readonly counts: SnapshotCounts = { written: 0, failed: 0 };
  readonly #dir: string;
  readonly #file: string;
  readonly #take: (isFinal: boolean) => unknown;
  readonly #onProblem: (error: Error) => void;
  #writing: Promise<void> | undefined;
  #isWanted = false;
  #isClosed = false;
  #notBefore = 0;
  #problem = "";

  /**
   * @param dir its folder, which is made
   * @param take gives what is to be written: plain data
   * @param onProblem told when writing begins to fail
   */
  constructor(dir: string, take: (isFinal: boolean) => unknown, onProblem: (error: Error) => void) {
    this.#dir = dir;
    this.#file = join(dir, "sums.json");
    this.#take = take;
    this.#onProblem = onProblem;
  }

  /** What lies there; undefined: nothing, or nothing that can be read. */
  read(): unknown {
    try {
      return JSON.parse(readFileSync(this.#file, "utf8"));
    } catch {
      return undefined;
    }
  }

  /** Has it written soon: something has happened that must not be forgotten. */
  want(): void {
    this.#isWanted = true;
    this.#next();
  }

  /** Has it written, unless that was done a moment ago. */
  wantNowAndThen(): void {
    if (performance.now() >= this.#notBefore) this.want();
  }

  /** Writes for the last time, and returns when it is done. @param isWanted false: somebody else goes on with the file */
  close(isWanted: boolean): void {
    this.#isClosed = true;
    if (!isWanted) return;
    try {
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
      const own = `${this.#file}.${process.pid}.last`;
      writeFileSync(own, JSON.stringify(this.#take(true)), { mode: 0o600 });
      renameSync(own, this.#file);
    } catch (error) {
      this.#fail(error);
    }
  }

  #next(): void {
    if (this.#writing !== undefined || !this.#isWanted || this.#isClosed) return;
    this.#isWanted = false;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      this.#next();
    });
  }

  async #write(): Promise<void> {
    const startedAt = performance.now();
    try {
      // When the last one has been written meanwhile: it knows more.
      const isDone = await replaceFile(
        this.#file,
        JSON.stringify(this.#take(false)),
        () => !this.#isClosed,
      );
      if (!isDone) return;
      this.counts.written += 1;
      this.#problem = "";
    } catch (error) {
      this.#fail(error);
    }
    const now = performance.now();
    this.#notBefore = now + (now - startedAt) / SHARE;
  }

  #fail(thrown: unknown): void {
    this.counts.failed += 1;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (error.message === this.#problem) return;
    this.#problem = error.message;
    this.#onProblem(error);
  }
}
