/** Steps of a doubling: a figure is off by at most a quarter. */
const STEPS = 4;
const STEP_BITS = 2;
const BUCKETS = 32 * STEPS;
const MAX_US = 2 ** 32 - 1;

/** How long calls took, in milliseconds, as the hub sees it. Quantiles are upper bounds, at most a quarter too large. */
export interface LatencyStats {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** A histogram of durations, from a microsecond to an hour. */
export class Latency {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #max = 0;

  add(ms: number): void {
    const us = Math.min(MAX_US, Math.max(1, ms * 1000)) >>> 0;
    const octave = 31 - Math.clz32(us);
    const step = octave >= STEP_BITS ? (us >>> (octave - STEP_BITS)) & (STEPS - 1) : 0;
    (this.#buckets[octave * STEPS + step] as number)++;
    this.#count++;
    if (ms > this.#max) this.#max = ms;
  }

  read(): LatencyStats {
    const { p50, p90, p99 } = { p50: this.#at(0.5), p90: this.#at(0.9), p99: this.#at(0.99) };
    return { count: this.#count, p50, p90, p99, max: this.#max };
  }

  #at(quantile: number): number {
    let left = this.#count * quantile;
    if (left === 0) return 0;
    for (const [index, count] of this.#buckets.entries()) {
      left -= count;
      if (left > 0) continue;
      const octave = Math.floor(index / STEPS);
      const upper = 2 ** octave * (1 + ((index % STEPS) + 1) / STEPS);
      return Math.min(upper / 1000, this.#max);
    }
    return this.#max;
  }
}
