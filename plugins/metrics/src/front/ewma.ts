/** How often averages are brought forward, in milliseconds. */
export const TICK_MS = 5000;
const TICK_SECONDS = TICK_MS / 1000;

/** A rate in which what is longer ago counts for less; brought forward in steps of 5 seconds. */
export class Ewma {
  readonly #alpha: number;
  /** In a second. */
  #rate = 0;
  #isBegun = false;

  constructor(minutes: number) {
    this.#alpha = 1 - Math.exp(-TICK_SECONDS / (minutes * 60));
  }

  /** @param count how many there were in the step */
  tick(count: number): void {
    const now = count / TICK_SECONDS;
    this.#rate = this.#isBegun ? this.#rate + this.#alpha * (now - this.#rate) : now;
    this.#isBegun = true;
  }

  /** Steps in which there was nothing. */
  idle(steps: number): void {
    if (steps > 0 && this.#isBegun) this.#rate *= (1 - this.#alpha) ** steps;
  }

  get rate(): number {
    return this.#rate;
  }
}
