import { compressAsides } from "./compress.ts";
import { prune } from "./prune.ts";
import type { Trouble } from "./trouble.ts";
import type { RotationPolicy } from "./types.ts";

/** Files get too old without anything else happening. */
const EVERY_MS = 3_600_000;
const AFTER_FAILURE_MS = 60_000;

/** What {@link Housekeeping} needs. */
export interface HousekeepingOptions {
  readonly path: string;
  readonly rotation: RotationPolicy;
  readonly now: () => number;
  readonly troubles: Trouble;
}

/** Removes and compresses what was put aside of a log, while lines go on to the file. */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #closed = new AbortController();
  #running: Promise<void> | undefined;
  #isWanted = false;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  /** Begins, or does it once more when it is under way. Never throws. */
  begin(): void {
    this.#isWanted = true;
    this.#running ??= this.#run();
  }

  /** Begins when it is time to. */
  tick(): void {
    if (performance.now() >= this.#dueAt) this.begin();
  }

  /** A file that is only half compressed is so at the next start. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#closed.signal.aborted) {
      this.#isWanted = false;
      const worked = await this.#once();
      this.#dueAt = performance.now() + (worked ? EVERY_MS : AFTER_FAILURE_MS);
    }
    this.#running = undefined;
  }

  async #once(): Promise<boolean> {
    const { path, rotation, now, troubles } = this.#options;
    const { signal } = this.#closed;
    try {
      await prune(path, rotation.keep, now());
      if (rotation.compress) await compressAsides(path, signal);
      troubles.worked("compression");
      return true;
    } catch (error) {
      if (!signal.aborted) troubles.failed("compression", error);
      return false;
    }
  }
}
