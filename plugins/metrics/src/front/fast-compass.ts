import { badMetric } from "../errors.ts";
import { BucketCounter, type BucketOptions } from "./bucket-counter.ts";

/** How a {@link FastCompass} is made. */
export interface CompassOptions extends BucketOptions {
  /** Categories; what is recorded of further ones is left out, and counted. @default 20 */
  readonly maxCategories?: number;
}

/** Records of a category go there. */
export type CompassSink = (category: string) => { record(ms: number): void };

const MAX_CATEGORIES = 20;

interface Category {
  readonly counts: BucketCounter;
  readonly sums: BucketCounter;
  sink: { record(ms: number): void } | undefined;
}

/**
 * How often something happens and how long it takes, by the way it ends: `success`, `hit` (a success that was found in a
 * cache), `error`, and others.
 */
export class FastCompass {
  readonly kind = "fastCompass";
  readonly intervalMs: number;
  readonly #options: CompassOptions;
  readonly #maxCategories: number;
  readonly #categories = new Map<string, Category>();
  #sink: CompassSink | undefined;
  #onIgnored: () => void = () => {};
  #ignored = 0;

  constructor(options: CompassOptions = {}) {
    this.#options = options;
    this.#maxCategories = options.maxCategories ?? MAX_CATEGORIES;
    if (!Number.isSafeInteger(this.#maxCategories) || this.#maxCategories < 1) {
      throw badMetric(this.#maxCategories, "maxCategories is a whole number from 1");
    }
    this.intervalMs = options.intervalMs ?? 60_000;
  }

  /** It took so many milliseconds and ended like that. What is negative, or no finite number, is left out. */
  record(ms: number, category: string): void {
    const known = this.#categories.get(category) ?? this.#add(category);
    if (known === undefined) {
      this.#ignored += 1;
      this.#onIgnored();
      return;
    }
    known.sink?.record(ms);
    if (!(ms >= 0 && ms <= Number.MAX_VALUE)) return;
    known.counts.update();
    known.sums.update(ms);
  }

  get categories(): readonly string[] {
    return [...this.#categories.keys()];
  }

  /** How many records were left out because their category was one too many. */
  get ignored(): number {
    return this.#ignored;
  }

  /** How many of a category, or of all. */
  getCount(category?: string): number {
    return this.#sum(category, ({ counts }) => counts.getCount());
  }

  /** How long they took together, in milliseconds. */
  getSum(category?: string): number {
    return this.#sum(category, ({ sums }) => sums.getCount());
  }

  /** How long one took on average, in milliseconds; 0 when there was none. */
  getMean(category?: string): number {
    return ratio(this.getSum(category), this.getCount(category));
  }

  /** How many of a category, or of all, there were in the last interval that is over. */
  getLastCount(category?: string): number {
    return this.#sum(category, ({ counts }) => counts.getLastCount());
  }

  /** How long they took together, in milliseconds. */
  getLastSum(category?: string): number {
    return this.#sum(category, ({ sums }) => sums.getLastCount());
  }

  /** Share of the last interval's that were successes or hits; 1 when there was none. */
  getSuccessRate(): number {
    const all = this.getLastCount();
    return all === 0 ? 1 : this.#lastSuccesses() / all;
  }

  /** Share of the last interval's successes that were hits; 0 when there was none. */
  getHitRate(): number {
    return ratio(this.getLastCount("hit"), this.#lastSuccesses());
  }

  /** From now on all that is recorded goes there as well. @throws ELPIS_METRICS_BAD_METRIC when there is something already */
  attach(sink: CompassSink, onIgnored: () => void = () => {}): void {
    if (this.#categories.size > 0) {
      throw badMetric("fastCompass", "it has records already; register it before the first one");
    }
    this.#sink = sink;
    this.#onIgnored = onIgnored;
  }

  #lastSuccesses(): number {
    return this.getLastCount("success") + this.getLastCount("hit");
  }

  #add(category: string): Category | undefined {
    if (this.#categories.size >= this.#maxCategories) return undefined;
    const made: Category = {
      counts: new BucketCounter(this.#options),
      sums: new BucketCounter(this.#options),
      sink: this.#sink?.(category),
    };
    this.#categories.set(category, made);
    return made;
  }

  #sum(category: string | undefined, of: (one: Category) => number): number {
    if (category === undefined) {
      return [...this.#categories.values()].reduce((sum, one) => sum + of(one), 0);
    }
    const known = this.#categories.get(category);
    return known === undefined ? 0 : of(known);
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
