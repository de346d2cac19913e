import type { ExponentialBuckets } from "./contract.ts";

/** As many as the SDK of OpenTelemetry makes at most, which backends count on. */
const MAX_BUCKETS = 160;

/** The same distribution in at most so many buckets: neighbours become one until it is so, as OpenTelemetry does it. */
export function toCoarserBuckets(
  buckets: ExponentialBuckets,
  max: number = MAX_BUCKETS,
): ExponentialBuckets {
  let { scale, offset, counts } = buckets;
  while (counts.length > max) {
    const first = offset >> 1;
    const merged: number[] = new Array(((offset + counts.length - 1) >> 1) - first + 1).fill(0);
    counts.forEach((count, at) => {
      const to = ((offset + at) >> 1) - first;
      merged[to] = (merged[to] as number) + count;
    });
    scale -= 1;
    offset = first;
    counts = merged;
  }
  return { ...buckets, scale, offset, counts };
}
