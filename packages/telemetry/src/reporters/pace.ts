import type { SenderClock } from "../delta/contract.ts";

/** A clock that is a moment slow must not take a boundary for the interval before. */
const BEHIND_MS = 50;

/** The first interval is not shorter than this part of the others. */
const MIN_PHASE = 0.05;

/** How often something is called, and when. */
export interface PaceOptions {
  readonly intervalMs: number;
  /** At whole multiples of it since 1970. */
  readonly isAligned: boolean;
  /** How much of the first interval is waited for, from 0 to 1: others begin at the same time. */
  readonly phase: number;
}

/** Calls something at intervals. */
export class Pace {
  readonly #clock: SenderClock;
  readonly #intervalMs: number;
  readonly #isAligned: boolean;
  readonly #task: () => void;
  #nextAt: number;
  #off = (): void => {};

  constructor(clock: SenderClock, { intervalMs, isAligned, phase }: PaceOptions, task: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#isAligned = isAligned;
    this.#task = task;
    const firstMs = intervalMs * Math.max(MIN_PHASE, phase);
    this.#nextAt = clock.now() + (isAligned ? this.#toBoundary() : firstMs);
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
