import type { HistogramPoint } from "./point.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** How many there are of a second. */
const PER_SECOND: Readonly<Record<string, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };
const BYTES = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];
/** The same always, or series of one histogram would have other buckets from one time to the next. */
const OTHERS = [0, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 100_000];

/** Upper bounds for a histogram in its own unit: those that it asks for, or usual ones for the unit. */
export function boundsOf({ bounds, unit }: HistogramPoint): readonly number[] {
  if (bounds !== undefined) return bounds;
  const perSecond = PER_SECOND[unit];
  if (perSecond !== undefined) return SECONDS.map((bound) => bound * perSecond);
  return unit === "By" ? BYTES : OTHERS;
}
