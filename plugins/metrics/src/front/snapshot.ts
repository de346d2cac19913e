import { type ExponentialBuckets, ExponentialHistogram, quantile } from "@elpis/telemetry";

/** A distribution as it is now. All are 0 as long as nothing was recorded. */
export class Snapshot {
  readonly #histogram: ExponentialHistogram;

  constructor(histogram: ExponentialHistogram) {
    this.#histogram = histogram;
  }

  get count(): number {
    return this.#histogram.count;
  }
  get sum(): number {
    return this.#histogram.sum;
  }
  get min(): number {
    return this.count === 0 ? 0 : this.#histogram.min;
  }
  get max(): number {
    return this.count === 0 ? 0 : this.#histogram.max;
  }
  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }
  get median(): number {
    return this.percentile(50);
  }

  /** The value that so many percent of all do not exceed, within 0.55 %. */
  percentile(percent: number): number {
    return quantile(this.#histogram, percent / 100) ?? 0;
  }

  /** Standard deviation, as near as the buckets tell. */
  get stddev(): number {
    const { count, mean } = this;
    if (count < 2) return 0;
    const { scale, zeroCount } = this.#histogram;
    let squares = zeroCount * mean ** 2;
    this.#histogram.each((index, inBucket) => {
      squares += inBucket * (2 ** ((index + 0.5) / 2 ** scale) - mean) ** 2;
    });
    return Math.sqrt(squares / (count - 1));
  }
}

/** What a point of a histogram says. */
interface HistogramFigures {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly buckets: ExponentialBuckets;
}

/** The distribution that a point tells of. */
export function histogramOf(point: HistogramFigures): ExponentialHistogram {
  const { scale, offset, counts, zeroCount } = point.buckets;
  const histogram = new ExponentialHistogram();
  histogram.coarsen(histogram.scale - scale);
  for (const [at, count] of counts.entries()) {
    if (count > 0) histogram.addBucket(offset + at, count);
  }
  histogram.setTotals(point.count, zeroCount, point.sum, point.min, point.max);
  return histogram;
}
