import type { ExponentialHistogram } from "./histogram.ts";

/** The buckets that are not empty as pairs of (distance of the number from the one before, count); the first from 0. */
export function toPairs(histogram: ExponentialHistogram): number[] {
  const pairs: number[] = [];
  let last = 0;
  histogram.each((index, count) => {
    pairs.push(index - last, count);
    last = index;
  });
  return pairs;
}

/** Counts in all buckets of pairs whose scale is `scale`, which is not finer than that of the histogram. */
export function addPairs(
  histogram: ExponentialHistogram,
  scale: number,
  pairs: readonly number[],
): void {
  histogram.coarsen(histogram.scale - scale);
  let index = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    index += pairs[at] as number;
    // It may have become coarser on the way.
    histogram.addBucket(index >> (scale - histogram.scale), pairs[at + 1] as number);
  }
}
