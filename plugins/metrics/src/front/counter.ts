import type { BoundCounter } from "@elpis/telemetry";
import { BucketCounter, type BucketOptions } from "./bucket-counter.ts";

/** Goes up and down, and never below 0. */
export class Counter {
  readonly kind = "counter";
  /** What came on top, by intervals. */
  readonly buckets: BucketCounter;
  #count = 0;
  #sink: BoundCounter | undefined;

  constructor(options: BucketOptions = {}) {
    this.buckets = new BucketCounter(options);
  }

  /** Adds; what is not a finite number, or negative, is left out. */
  inc(by = 1): void {
    if (!isAmount(by)) return this.#sink?.add(Number.NaN);
    this.#add(by);
    this.buckets.update(by);
  }

  /** Takes away, as much as there is. */
  dec(by = 1): void {
    if (!isAmount(by)) return this.#sink?.add(Number.NaN);
    this.#add(-Math.min(by, this.#count));
  }

  getCount(): number {
    return this.#count;
  }

  /** From now on all that is counted goes there as well, what was counted so far at once. */
  attach(sink: BoundCounter): void {
    this.#sink = sink;
    if (this.#count > 0) sink.add(this.#count);
  }

  #add(by: number): void {
    if (by === 0) return;
    this.#count += by;
    this.#sink?.add(by);
  }
}

function isAmount(by: number): boolean {
  return by >= 0 && by <= Number.MAX_VALUE;
}
