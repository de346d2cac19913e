import type { Now } from "./collector.ts";

/** How fast sums grow between two reads. */
export class Rates {
  readonly #now: Now;
  #values = new Map<string, number>();
  #next = new Map<string, number>();
  #readAt: number | undefined;
  #seconds = 0;

  constructor(now: Now) {
    this.#now = now;
  }

  /** A new read begins. Sums that are not asked for in it are forgotten. */
  begin(): void {
    const now = this.#now();
    this.#seconds = this.#readAt === undefined ? 0 : (now - this.#readAt) / 1000;
    this.#readAt = now;
    [this.#values, this.#next] = [this.#next, new Map()];
  }

  /** How much a sum has grown since the last read; undefined at the first one, and when it has begun anew. */
  growth(key: string, value: number): number | undefined {
    const before = this.#values.get(key);
    this.#next.set(key, value);
    return before === undefined || value < before ? undefined : value - before;
  }

  /** The same in a second. */
  rate(key: string, value: number): number | undefined {
    const growth = this.growth(key, value);
    return growth === undefined || this.#seconds <= 0 ? undefined : growth / this.#seconds;
  }
}
