import type { ExponentialBuckets, HistogramPoint } from "@elpis/api";

/** What was recorded within a step. */
export interface Window {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  readonly p99: number;
}

const QUANTILES = [0.5, 0.75, 0.95, 0.99];

/**
 * What has come on top of an earlier point of the same series. Without one, or after a restart, the point itself, when it began no
 * longer than `maxMs` ago: quantiles of weeks are no quantiles of a step.
 *
 * @returns undefined when nothing was recorded, or when it is not known what
 */
export function windowOf(
  point: HistogramPoint,
  before: HistogramPoint | undefined,
  maxMs: number,
): Window | undefined {
  const { count, sum, start, time, buckets } = point;
  if (before === undefined || before.start !== start || before.count > count) {
    return time - start <= maxMs && count > 0 ? point : undefined;
  }
  const grown = count - before.count;
  if (grown === 0) return undefined;
  const scale = Math.min(buckets.scale, before.buckets.scale);
  const counts = bucketsAt(buckets, scale);
  for (const [index, less] of bucketsAt(before.buckets, scale)) {
    counts.set(index, (counts.get(index) ?? 0) - less);
  }
  // The one value is the sum itself, up to what rounding has cost.
  if (grown === 1) return windowOfOne(Math.min(Math.max(sum - before.sum, point.min), point.max));
  const zeros = Math.max(0, buckets.zeroCount - before.buckets.zeroCount);
  const values = [...counts].filter(([, n]) => n > 0).sort(([one], [other]) => one - other);
  const steps = values.map(([index, n]) => [middleOf(index, scale), n] as const);
  const all = zeros > 0 ? [[0, zeros] as const, ...steps] : steps;
  return { mean: Math.max(0, sum - before.sum) / grown, ...placesOf(point, before, all) };
}

function windowOfOne(value: number): Window {
  return { min: value, max: value, mean: value, p50: value, p75: value, p95: value, p99: value };
}

/** Buckets by their number, at a scale that is no finer than their own. */
function bucketsAt({ scale, offset, counts }: ExponentialBuckets, to: number): Map<number, number> {
  const found = new Map<number, number>();
  counts.forEach((count, at) => {
    const index = (offset + at) >> (scale - to);
    if (count > 0) found.set(index, (found.get(index) ?? 0) + count);
  });
  return found;
}

function middleOf(index: number, scale: number): number {
  const width = 2 ** (1 / 2 ** scale);
  return 2 ** (index / 2 ** scale) * ((2 * width) / (1 + width));
}

type Steps = ReadonlyArray<readonly [value: number, count: number]>;

/** A new smallest or largest value is known exactly; others as near as their bucket tells. */
function placesOf(
  point: HistogramPoint,
  before: HistogramPoint,
  steps: Steps,
): Omit<Window, "mean"> {
  const within = (value: number): number => Math.min(Math.max(value, point.min), point.max);
  const min = point.min < before.min ? point.min : within(steps[0]?.[0] ?? point.min);
  const max = point.max > before.max ? point.max : within(steps.at(-1)?.[0] ?? point.max);
  const total = steps.reduce((sum, [, count]) => sum + count, 0);
  const [p50, p75, p95, p99] = QUANTILES.map((q) => {
    const rank = Math.max(1, Math.ceil(q * total));
    const value = rank === 1 ? min : rank === total ? max : (valueAt(steps, rank) ?? max);
    return Math.min(Math.max(value, min), max);
  }) as [number, number, number, number];
  return { min, max, p50, p75, p95, p99 };
}

function valueAt(steps: Steps, rank: number): number | undefined {
  let seen = 0;
  for (const [value, count] of steps) {
    seen += count;
    if (seen >= rank) return value;
  }
  return undefined;
}
