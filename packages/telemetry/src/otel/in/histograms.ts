import { ExponentialHistogram } from "../../histogram/histogram.ts";
import { MAX_SCALE } from "../../histogram/scale.ts";

/** `Histogram` of the SDK. */
export interface SdkHistogram {
  readonly count: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
}

/** `ExponentialHistogram` of the SDK. */
export interface SdkExponential extends Omit<SdkHistogram, "buckets"> {
  readonly scale: number;
  readonly zeroCount: number;
  readonly positive: { readonly offset: number; readonly bucketCounts: readonly number[] };
  readonly negative: { readonly offset: number; readonly bucketCounts: readonly number[] };
}

/**
 * One of theirs as one of ours, undefined when it is empty. Ours has no place for values below zero: they count as zero. Of fixed
 * buckets each value counts as the middle of its own, so that the same bounds give the same counts again.
 */
export function toHistogram(
  value: SdkHistogram | SdkExponential,
): ExponentialHistogram | undefined {
  if (value.count === 0) return undefined;
  const histogram = "buckets" in value ? ofBounds(value) : ofBuckets(value);
  const { count, sum, min, max } = value;
  histogram.setTotals(
    count,
    histogram.zeroCount,
    sum ?? histogram.sum,
    Math.max(0, min ?? histogram.min),
    Math.max(0, max ?? histogram.max),
  );
  return histogram;
}

function ofBuckets({ scale, zeroCount, positive, negative }: SdkExponential): ExponentialHistogram {
  const histogram = new ExponentialHistogram();
  // Of theirs that are finer than ours several become one.
  const by = Math.max(0, scale - MAX_SCALE);
  histogram.coarsen(histogram.scale - (scale - by));
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  let sum = 0;
  positive.bucketCounts.forEach((count, at) => {
    if (count === 0) return;
    const index = positive.offset + at;
    const upper = 2 ** ((index + 1) / 2 ** scale);
    low = Math.min(low, upper);
    high = Math.max(high, upper);
    sum += count * upper;
    // It may have become coarser on the way.
    histogram.addBucket((index >> by) >> (scale - by - histogram.scale), count);
  });
  const zeros = zeroCount + negative.bucketCounts.reduce((sum, count) => sum + count, 0);
  histogram.setTotals(0, zeros, sum, zeros > 0 ? 0 : low, high);
  return histogram;
}

function ofBounds({ buckets, min, max }: SdkHistogram): ExponentialHistogram {
  const histogram = new ExponentialHistogram();
  const { boundaries, counts } = buckets;
  const least = Math.max(0, min ?? 0);
  counts.forEach((count, at) => {
    if (count === 0) return;
    const lower = Math.max(least, boundaries[at - 1] ?? least);
    const upper = Math.max(0, Math.min(boundaries[at] ?? max ?? lower * 2, max ?? Infinity));
    const value = Math.max(0, (lower + upper) / 2);
    histogram.merge(repeated(value, count));
  });
  return histogram;
}

function repeated(value: number, times: number): ExponentialHistogram {
  const one = new ExponentialHistogram();
  one.record(value);
  let { zeroCount } = one;
  if (zeroCount > 0) zeroCount = times;
  else one.each((index) => one.addBucket(index, times - 1));
  one.setTotals(times, zeroCount, value * times, value, value);
  return one;
}
