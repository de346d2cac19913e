import type { BoundCounter } from "@elpis/telemetry";
import type { Now } from "../collectors/collector.ts";
import { badMetric } from "../errors.ts";

/** How a {@link BucketCounter} counts. */
export interface BucketOptions {
  /** Length of a bucket, in milliseconds. @default 60000 */
  readonly intervalMs?: number;
  /** How many buckets are kept, the present one included. @default 10 */
  readonly buckets?: number;
  /** Whether all of them ever are added up as well. @default true */
  readonly total?: boolean;
  /** Monotonic, in milliseconds. @default performance.now */
  readonly now?: Now;
}

/** Counts by intervals: the newest so many of them. */
export class BucketCounter {
  readonly kind = "bucketCounter";
  readonly intervalMs: number;
  readonly #counts: number[];
  readonly #now: Now;
  readonly #hasTotal: boolean;
  #total = 0;
  /** Number of the newest bucket. */
  #newest: number;
  #sink: BoundCounter | undefined;

  constructor(options: BucketOptions = {}) {
    const { intervalMs = 60_000, buckets = 10, total = true, now } = options;
    if (!(intervalMs > 0)) throw badMetric(intervalMs, "intervalMs is a time above 0");
    if (!Number.isSafeInteger(buckets) || buckets < 1) {
      throw badMetric(buckets, "buckets is a whole number from 1");
    }
    this.intervalMs = intervalMs;
    this.#now = now ?? (() => performance.now());
    this.#hasTotal = total;
    this.#counts = new Array<number>(buckets).fill(0);
    this.#newest = this.#present();
  }

  /** Adds to the present bucket. What is not a finite number, or negative, is left out. */
  update(count = 1): void {
    if (!(count >= 0 && count <= Number.MAX_VALUE)) {
      this.#sink?.add(count);
      return;
    }
    this.#advance();
    const at = this.#newest % this.#counts.length;
    this.#counts[at] = (this.#counts[at] as number) + count;
    if (this.#hasTotal) this.#total += count;
    this.#sink?.add(count);
  }

  /** The buckets, the newest first. */
  getBucketCounts(): readonly number[] {
    this.#advance();
    const size = this.#counts.length;
    return this.#counts.map(
      (_, age) => this.#counts[(((this.#newest - age) % size) + size) % size] as number,
    );
  }

  /** The newest bucket that is over; 0 when only one is kept. */
  getLastCount(): number {
    return this.getBucketCounts()[1] ?? 0;
  }

  /** All of them ever; 0 when they are not added up. */
  getCount(): number {
    return this.#total;
  }

  /** From now on all that is counted goes there as well, what was counted so far at once. */
  attach(sink: BoundCounter): void {
    this.#sink = sink;
    if (this.#total > 0) sink.add(this.#total);
  }

  #present(): number {
    return Math.floor(this.#now() / this.intervalMs);
  }

  #advance(): void {
    const present = this.#present();
    const size = this.#counts.length;
    const passed = Math.min(size, present - this.#newest);
    for (let age = 0; age < passed; age++)
      this.#counts[(((present - age) % size) + size) % size] = 0;
    if (present > this.#newest) this.#newest = present;
  }
}
