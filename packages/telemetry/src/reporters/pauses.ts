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
  /** Of them, those that say that the backend is away. */
  #outages = 0;

  /** @param intervalMs how often something new comes: a backend that is back is noticed within that time */
  constructor(intervalMs: number, random: () => number) {
    this.#longestMs = Math.min(LONGEST_MS, Math.max(FIRST_MS, intervalMs));
    this.#random = random;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  get isDown(): boolean {
    return this.#outages >= DOWN_AFTER;
  }

  worked(): void {
    this.#failures = 0;
    this.#outages = 0;
  }

  failed(): void {
    this.#failures += 1;
    this.#outages += 1;
  }

  /** It does not want what it is given, and is there. */
  refused(): void {
    this.#failures = 1;
    this.#outages = 0;
  }

  /** How long to wait after the last failure, in milliseconds. @param wishMs what the backend asks for */
  next(wishMs?: number): number {
    const spread = 0.5 + this.#random() / 2;
    const grown = FIRST_MS * 2 ** Math.min(20, Math.max(0, this.#failures - 1));
    const own = Math.min(this.#longestMs, grown) * spread;
    // A wish for no pause at all is none: somebody's clock is wrong, or his arithmetic.
    if (wishMs === undefined || !(wishMs > 0)) return own;
    const wished = Math.min(LONGEST_WISH_MS, wishMs) * (1 + 0.1 * this.#random());
    return Math.max(FIRST_MS / 2, wished);
  }
}
