import type { SenderClock } from "../delta/contract.ts";

/** A clock that is a moment slow must not take a boundary for the interval before. */
const BEHIND_MS = 50;

/** Calls something at intervals: from now on, or at whole multiples since 1970. */
export class Pace {
  readonly #clock: SenderClock;
  readonly #intervalMs: number;
  readonly #isAligned: boolean;
  readonly #task: () => void;
  #nextAt: number;
  #off = (): void => {};

  constructor(clock: SenderClock, intervalMs: number, isAligned: boolean, task: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#isAligned = isAligned;
    this.#task = task;
    this.#nextAt = clock.now() + (isAligned ? this.#toBoundary() : intervalMs);
    this.#arm();
  }

  stop(): void {
    this.#off();
  }

  #arm(): void {
    const delayMs = Math.max(0, this.#nextAt - this.#clock.now());
    this.#off = this.#clock.after(delayMs, () => {
      const now = this.#clock.now();
      // Whoever was kept from it does not catch up.
      this.#nextAt = this.#isAligned
        ? now + this.#toBoundary()
        : Math.max(this.#nextAt + this.#intervalMs, now);
      this.#arm();
      this.#task();
    });
  }

  #toBoundary(): number {
    const behindMs = Math.min(BEHIND_MS, this.#intervalMs / 10);
    const sinceMs = (this.#clock.wallTime() - behindMs) % this.#intervalMs;
    // When the timer comes a moment early it is this boundary still, and not one more.
    const leftMs = this.#intervalMs - sinceMs;
    return leftMs < this.#intervalMs / 10 ? leftMs + this.#intervalMs : leftMs;
  }
}
