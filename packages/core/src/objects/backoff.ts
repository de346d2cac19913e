const FIRST_MS = 100;
const MAX_MS = 5000;

/** How long to wait before the next attempt: twice as long each time, from 100 ms to 5 s, with a random part. */
export class Backoff {
  readonly #random: () => number;
  #nextMs = FIRST_MS;

  /** @param random from 0 to below 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds; half of it is left to chance, so that those who failed together do not return together. */
  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(ms * 2, MAX_MS);
    return ms / 2 + (ms / 2) * this.#random();
  }

  /** An attempt was good: begins anew. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }
}
