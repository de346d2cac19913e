import type { Now } from "../collectors/collector.ts";
import { BucketCounter, type BucketOptions } from "./bucket-counter.ts";
import { type DistributionKeeper, Histogram } from "./histogram.ts";
import { Meter } from "./meter.ts";
import type { Snapshot } from "./snapshot.ts";

/** How often something happens, and how long it takes, in milliseconds. */
export class Timer {
  readonly kind = "timer";
  readonly meter: Meter;
  /** How long all of an interval took together. */
  readonly sums: BucketCounter;
  readonly #durations: Histogram;
  readonly #now: Now;

  constructor(options: BucketOptions = {}, keeper?: DistributionKeeper) {
    this.meter = new Meter(options);
    this.sums = new BucketCounter(options);
    this.#durations = new Histogram(keeper);
    this.#now = options.now ?? (() => performance.now());
  }

  /** It took so many milliseconds. Negative values, and those that are no finite numbers, are left out. */
  update(ms: number): void {
    this.#durations.update(ms);
    if (!(ms >= 0 && ms <= Number.MAX_VALUE)) return;
    this.meter.mark();
    this.sums.update(ms);
  }

  /** Begins to measure; what it returns ends it, and tells how many milliseconds it was. */
  start(): () => number {
    const startedAt = this.#now();
    return () => {
      const ms = this.#now() - startedAt;
      this.update(ms);
      return ms;
    };
  }

  /** Measures how long a function takes, or the promise that it returns; also when it fails. */
  time<Result>(work: () => Result): Result {
    const end = this.start();
    let result: Result;
    try {
      result = work();
    } catch (error) {
      end();
      throw error;
    }
    if (typeof (result as { then?: unknown } | undefined)?.then !== "function") {
      end();
      return result;
    }
    const done = (result as unknown as Promise<unknown>).then(
      (value) => {
        end();
        return value;
      },
      (error: unknown) => {
        end();
        throw error;
      },
    );
    return done as unknown as Result;
  }

  getCount(): number {
    return this.meter.getCount();
  }

  getSnapshot(): Snapshot {
    return this.#durations.getSnapshot();
  }

  /** From now on values are kept there. @throws ELPIS_METRICS_BAD_METRIC when there are some already */
  attach(keeper: DistributionKeeper): void {
    this.#durations.attach(keeper);
  }
}
