import type { WireHistogram } from "../delta/wire.ts";
import type { ExponentialHistogram } from "../histogram/histogram.ts";
import { ExponentialHistogram as Histogram } from "../histogram/histogram.ts";
import { addPairs } from "../histogram/pairs.ts";
import type { InstrumentInfo } from "../store/instruments.ts";
import type { Distribution, ProcessSeries } from "./series.ts";

/** One value of those of several processes; undefined when there is none. */
export function mergeNumbers(
  { kind, merge }: InstrumentInfo,
  members: Iterable<ProcessSeries>,
): number | undefined {
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let last = 0;
  let lastAt = 0;
  for (const { sum: own, setAt, process } of members) {
    if (setAt === 0 || !process.isCurrent) continue;
    count++;
    sum += own.value;
    min = Math.min(min, own.value);
    max = Math.max(max, own.value);
    if (setAt > lastAt) {
      last = own.value;
      lastAt = setAt;
    }
  }
  if (count === 0) return undefined;
  if (kind === "upDownCounter") return sum;
  return { avg: sum / count, sum, min, max, last }[merge];
}

/**
 * Takes in what a process says of a distribution.
 *
 * @param isWhole its buckets are those of its whole life, and not what came on top
 * @returns what came on top; undefined when it is less than before, which cannot be
 */
export function takeHistogram(
  known: Distribution,
  [, count, sum, min, max, zeroCount, scale, pairs]: WireHistogram,
  isWhole: boolean,
): ExponentialHistogram | undefined {
  const before = known.value;
  if (count < before.count || zeroCount < before.zeroCount || sum < before.sum) return undefined;
  const growth = new Histogram();
  addPairs(growth, scale, pairs);
  if (isWhole && !subtract(growth, before)) return undefined;
  growth.setTotals(count - before.count, zeroCount - before.zeroCount, sum - before.sum, min, max);
  before.mergeBuckets(growth);
  before.setTotals(count, zeroCount, sum, min, max);
  return growth;
}

/** Takes away the buckets of an earlier state. @returns false when some are less than before */
function subtract(whole: ExponentialHistogram, before: ExponentialHistogram): boolean {
  whole.coarsen(whole.scale - before.scale);
  before.each((index, count) => whole.addBucket(index >> (before.scale - whole.scale), -count));
  let isMore = true;
  whole.each((_, count) => {
    if (count < 0) isMore = false;
  });
  return isMore;
}
