const FIRST_MS = 1000;
const LONGEST_MS = 60_000;
/** Whatever a backend asks for. */
const LONGEST_WISH_MS = 3_600_000;
/** So many failures one after the other, and a backend counts as down. */
const DOWN_AFTER = 5;

/** When a backend that has failed is tried again. */
export class Pauses {
  readonly #longestMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** @param intervalMs how often something new comes: a backend that is back is noticed within that time */
  constructor(intervalMs: number, random: () => number) {
    this.#longestMs = Math.min(LONGEST_MS, Math.max(FIRST_MS, intervalMs));
    this.#random = random;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  get isDown(): boolean {
    return this.#failures >= DOWN_AFTER;
  }

  worked(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
  }

  /** How long to wait after the last failure, in milliseconds. @param wishMs what the backend asks for */
  next(wishMs?: number): number {
    const spread = 0.5 + this.#random() / 2;
    if (wishMs !== undefined) {
      return Math.min(LONGEST_WISH_MS, Math.max(0, wishMs)) * (1 + 0.1 * this.#random());
    }
    const grown = FIRST_MS * 2 ** Math.min(20, Math.max(0, this.#failures - 1));
    return Math.min(this.#longestMs, grown) * spread;
  }
}
