import type { ExponentialBuckets, HistogramPoint } from "@elpis/api";
import type { AgentFigures } from "./load.ts";

/** One value as the agent adds it up. */
export function figuresOf(value: number): AgentFigures {
  return { count: 1, total: value, min: value, max: value, sumOfSquares: value * value };
}

/** A distribution as the agent adds it up. The sum of squares is as near as the buckets tell. */
export function figuresOfHistogram(point: HistogramPoint): AgentFigures {
  const { count, sum, min, max, buckets } = point;
  // It cannot be smaller than when all values were the same.
  const least = (sum * sum) / count;
  return {
    count,
    total: sum,
    min,
    max,
    sumOfSquares: Math.max(least, squares(buckets, min, max)),
  };
}

function squares({ scale, offset, counts }: ExponentialBuckets, min: number, max: number): number {
  return counts.reduce((total, count, at) => {
    const middle = 2 ** ((offset + at + 0.5) / 2 ** scale);
    const value = Math.min(max, Math.max(min, middle));
    return total + count * value * value;
  }, 0);
}

/** Adds `more` to `to`. */
export function add(to: AgentFigures, more: AgentFigures): void {
  to.count += more.count;
  to.total += more.total;
  to.min = Math.min(to.min, more.min);
  to.max = Math.max(to.max, more.max);
  to.sumOfSquares += more.sumOfSquares;
}

/** Whether the agent may be handed it: it makes a sample of 0 of what is no number. */
export function isSound(figures: AgentFigures): boolean {
  return Object.values(figures).every((value) => Number.isFinite(value));
}
