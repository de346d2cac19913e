import { Buckets } from "./buckets.ts";
import type { ExponentialBuckets } from "./contract.ts";
import { bucketOf, MAX_SCALE, middleOf, ZERO_THRESHOLD } from "./scale.ts";

/**
 * A distribution of values from 0 up, with an error of at most 0.55 % as long as the largest is not more than 2³¹ times
 * the smallest (each doubling of that exponent doubles the error). Parts can be merged in any order, with the same result
 * as if all had been recorded in one.
 *
 * @example
 * const histogram = new ExponentialHistogram();
 * histogram.record(12.5);
 * quantile(histogram, 0.99);
 */
export class ExponentialHistogram {
  #buckets = new Buckets();
  #shift = 0;
  #count = 0;
  #zeroCount = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }
  /** How many of them were zero, or as good as that. */
  get zeroCount(): number {
    return this.#zeroCount;
  }
  get sum(): number {
    return this.#sum;
  }
  /** The smallest value; infinite when there is none. */
  get min(): number {
    return this.#min;
  }
  /** The largest value; infinite, below zero, when there is none. */
  get max(): number {
    return this.#max;
  }
  /** 2^scale buckets for each doubling. */
  get scale(): number {
    return MAX_SCALE - this.#shift;
  }

  /**
   * Takes in one value.
   *
   * @returns false, and nothing happens, when it is negative or not a finite number
   */
  record(value: number): boolean {
    if (!(value >= 0 && value <= Number.MAX_VALUE)) return false;
    if (value <= ZERO_THRESHOLD) this.#zeroCount++;
    else {
      const index = bucketOf(value);
      if (!this.#buckets.tryAdd(index >> this.#shift)) this.#addFar(index);
    }
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    return true;
  }

  #addFar(index: number): void {
    this.coarsen(this.#buckets.shiftFor(index >> this.#shift));
    this.#buckets.add(index >> this.#shift, 1);
  }

  /** Lowers the scale: 2^by neighbouring buckets become one. */
  coarsen(by: number): void {
    if (by <= 0) return;
    this.#buckets.halve(by);
    this.#shift += by;
  }

  /** Takes in all that another one has. */
  merge(other: ExponentialHistogram): void {
    if (other.#count === 0) return;
    this.#count += other.#count;
    this.#zeroCount += other.#zeroCount;
    this.#sum += other.#sum;
    if (other.#min < this.#min) this.#min = other.#min;
    if (other.#max > this.#max) this.#max = other.#max;
    this.mergeBuckets(other);
  }

  /** Takes in the buckets that another one has, and nothing else of it. */
  mergeBuckets(other: ExponentialHistogram): void {
    this.coarsen(other.#shift - this.#shift);
    this.coarsen(this.#buckets.shiftForAll(other.#coarse(this.#shift)));
    this.#buckets.addAll(other.#coarse(this.#shift));
  }

  /** Its buckets at a scale that is not finer. */
  #coarse(shift: number): Buckets {
    if (shift === this.#shift) return this.#buckets;
    const copy = this.#buckets.clone();
    copy.halve(shift - this.#shift);
    return copy;
  }

  /**
   * What has come on top of `earlier`, a former state of this one. Smallest and largest value are as near as the buckets
   * tell.
   */
  since(earlier: ExponentialHistogram): ExponentialHistogram {
    const difference = this.clone();
    difference.#buckets.addAll(earlier.#coarse(this.#shift), -1);
    difference.#count -= earlier.#count;
    difference.#zeroCount -= earlier.#zeroCount;
    difference.#sum = Math.max(0, difference.#sum - earlier.#sum);
    difference.#boundsFromBuckets(this);
    return difference;
  }

  #boundsFromBuckets({ min, max }: ExponentialHistogram): void {
    const { range } = this.#buckets;
    const low = range === undefined || this.#zeroCount > 0 ? 0 : middleOf(range[0], this.scale);
    const high = range === undefined ? 0 : middleOf(range[1], this.scale);
    const isEmpty = this.#count === 0;
    this.#min = isEmpty ? Number.POSITIVE_INFINITY : Math.min(Math.max(low, min), max);
    this.#max = isEmpty ? Number.NEGATIVE_INFINITY : Math.max(Math.min(high, max), min);
  }

  /** Sets all but the buckets: what is known of the whole, when only the growth of its buckets was told. */
  setTotals(count: number, zeroCount: number, sum: number, min: number, max: number): void {
    this.#count = count;
    this.#zeroCount = zeroCount;
    this.#sum = sum;
    this.#min = min;
    this.#max = max;
  }

  /** Counts in a bucket of this one's scale. */
  addBucket(index: number, count: number): void {
    const by = this.#buckets.shiftFor(index);
    this.coarsen(by);
    this.#buckets.add(index >> by, count);
  }

  /** Every bucket that is not empty, in ascending order; without the zeros. */
  each(visit: (index: number, count: number) => void): void {
    this.#buckets.each(visit);
  }

  /** As if it were new, but at its present scale. */
  clear(): void {
    this.#buckets.clear();
    this.setTotals(0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  }

  clone(): ExponentialHistogram {
    const copy = new ExponentialHistogram();
    copy.#buckets = this.#buckets.clone();
    copy.#shift = this.#shift;
    copy.setTotals(this.#count, this.#zeroCount, this.#sum, this.#min, this.#max);
    return copy;
  }

  /** As OpenTelemetry has it. */
  toBuckets(): ExponentialBuckets {
    const { range } = this.#buckets;
    const offset = range?.[0] ?? 0;
    const counts: number[] = range ? new Array(range[1] - offset + 1).fill(0) : [];
    this.#buckets.each((index, count) => {
      counts[index - offset] = count;
    });
    return {
      scale: this.scale,
      zeroCount: this.#zeroCount,
      zeroThreshold: ZERO_THRESHOLD,
      offset,
      counts,
    };
  }
}
