/** How much of a lease its holder gives away, so that it has stopped before anybody takes its place. */
const MARGIN_SHARE = 0.1;
const LEAST_MARGIN_MS = 20;
const MOST_MARGIN_MS = 5000;
/** In how many parts a lease is renewed. */
const RENEWALS = 3;

/** How long before the end of a lease its holder stops, and how long after it others wait, in milliseconds. */
export function leaseMarginMs(leaseMs: number): number {
  return Math.min(MOST_MARGIN_MS, Math.max(LEAST_MARGIN_MS, leaseMs * MARGIN_SHARE));
}

/**
 * A lease as its holder sees it. It counts from the moment in which it was asked for, which is never later than the one
 * from which the other side counts; so the holder's always ends first, as long as both clocks go at one speed.
 */
export class Lease {
  readonly #leaseMs: number;
  #askedAtMs: number;
  #isOver = false;

  /** @param askedAtMs when the first one was asked for that was granted */
  constructor(leaseMs: number, askedAtMs: number) {
    this.#leaseMs = leaseMs;
    this.#askedAtMs = askedAtMs;
  }

  /** From then on the holder must not act. */
  get endMs(): number {
    return this.#askedAtMs + this.#leaseMs - leaseMarginMs(this.#leaseMs);
  }

  /** When it is to be renewed next. */
  get renewAtMs(): number {
    return this.#askedAtMs + this.#leaseMs / RENEWALS;
  }

  /** One that was asked for at that time is granted. What has ended does not begin again. */
  granted(askedAtMs: number, nowMs: number): void {
    if (!this.isOver(nowMs)) this.#askedAtMs = Math.max(this.#askedAtMs, askedAtMs);
  }

  /** Whether it has ended, for good. */
  isOver(nowMs: number): boolean {
    this.#isOver ||= nowMs >= this.endMs;
    return this.#isOver;
  }
}
