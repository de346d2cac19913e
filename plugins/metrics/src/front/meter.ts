import type { BoundCounter } from "@elpis/telemetry";
import type { Now } from "../collectors/collector.ts";
import { BucketCounter, type BucketOptions } from "./bucket-counter.ts";
import { Ewma, TICK_MS } from "./ewma.ts";

/** How often something happens: rates in a second, over the last minutes and over all. */
export class Meter {
  readonly kind = "meter";
  readonly buckets: BucketCounter;
  readonly #now: Now;
  readonly #startedAt: number;
  readonly #averages = [new Ewma(1), new Ewma(5), new Ewma(15)] as const;
  #count = 0;
  #uncounted = 0;
  #tickedAt: number;
  #sink: BoundCounter | undefined;

  constructor(options: BucketOptions = {}) {
    this.#now = options.now ?? (() => performance.now());
    this.buckets = new BucketCounter(options);
    this.#startedAt = this.#now();
    this.#tickedAt = this.#startedAt;
  }

  /** It has happened so many times. What is not a finite number, or negative, is left out. */
  mark(times = 1): void {
    if (!(times >= 0 && times <= Number.MAX_VALUE)) {
      this.#sink?.add(times);
      return;
    }
    this.#tick();
    this.#count += times;
    this.#uncounted += times;
    this.buckets.update(times);
    this.#sink?.add(times);
  }

  getCount(): number {
    return this.#count;
  }

  getMeanRate(): number {
    const seconds = (this.#now() - this.#startedAt) / 1000;
    return this.#count === 0 || seconds <= 0 ? 0 : this.#count / seconds;
  }

  getOneMinuteRate(): number {
    return this.#rate(0);
  }

  getFiveMinuteRate(): number {
    return this.#rate(1);
  }

  getFifteenMinuteRate(): number {
    return this.#rate(2);
  }

  /** From now on all that is counted goes there as well, what was counted so far at once. */
  attach(sink: BoundCounter): void {
    this.#sink = sink;
    if (this.#count > 0) sink.add(this.#count);
  }

  #rate(which: 0 | 1 | 2): number {
    this.#tick();
    return this.#averages[which].rate;
  }

  #tick(): void {
    const steps = Math.floor((this.#now() - this.#tickedAt) / TICK_MS);
    if (steps < 1) return;
    this.#tickedAt += steps * TICK_MS;
    for (const average of this.#averages) {
      average.tick(this.#uncounted);
      average.idle(steps - 1);
    }
    this.#uncounted = 0;
  }
}
