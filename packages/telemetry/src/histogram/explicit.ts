import type { ExplicitBuckets, ExponentialBuckets } from "./contract.ts";
import { lowerBound } from "./scale.ts";

/**
 * The same distribution over fixed upper bounds. A bucket across a bound counts as below it, so that a value that is equal to
 * a bound, as whole numbers often are, is on the right side; values up to 1.1 % above a bound may be as well.
 *
 * @param bounds ascending; what is beyond the last is the count that has no bound
 */
export function toExplicitBuckets(
  buckets: ExponentialBuckets,
  bounds: readonly number[],
): ExplicitBuckets {
  const counts: number[] = new Array(bounds.length + 1).fill(0);
  let at = 0;
  const put = (from: number, count: number): void => {
    while (at < bounds.length && from >= (bounds[at] as number)) at++;
    counts[at] = (counts[at] as number) + count;
  };
  if (buckets.zeroCount > 0) put(-Number.MIN_VALUE, buckets.zeroCount);
  buckets.counts.forEach((count, index) => {
    if (count > 0) put(lowerBound(buckets.offset + index, buckets.scale), count);
  });
  return { bounds, counts };
}
