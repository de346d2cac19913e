import type { ExponentialHistogram } from "./histogram.ts";
import { middleOf } from "./scale.ts";

/**
 * The smallest value that at least the share `q` of all values do not exceed, within 0.55 %; `q` from 0 (the smallest) to 1
 * (the largest).
 *
 * @returns undefined when nothing was recorded
 */
export function quantile(histogram: ExponentialHistogram, q: number): number | undefined {
  return quantiles(histogram, [q])[0];
}

/** Several quantiles in one go; `qs` ascending. Empty when nothing was recorded. */
export function quantiles(histogram: ExponentialHistogram, qs: readonly number[]): number[] {
  const { count, zeroCount, min, max, scale } = histogram;
  if (count === 0) return [];
  const found: number[] = [];
  const ranks = qs.map((q) => Math.min(count, Math.max(1, Math.ceil(q * count))));
  let seen = 0;
  const upTo = (value: number): void => {
    for (let rank = ranks[found.length]; rank !== undefined; rank = ranks[found.length]) {
      if (rank > seen) return;
      // The ends are known exactly, and nothing is beyond them.
      const known = rank === 1 ? min : rank === count ? max : value;
      found.push(Math.min(Math.max(known, min), max));
    }
  };
  seen = zeroCount;
  upTo(0);
  histogram.each((index, inBucket) => {
    seen += inBucket;
    upTo(middleOf(index, scale));
  });
  // Only when what was told does not add up.
  while (found.length < qs.length) found.push(max);
  return found;
}
