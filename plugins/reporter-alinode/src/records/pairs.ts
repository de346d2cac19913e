import type { HistogramPoint, Point, TagValue } from "@elpis/api";
import { keyOf, labelsOf } from "./keys.ts";
import type { Refused } from "./refused.ts";
import { valueText } from "./values.ts";

/** One value as it is read: its key, and its digits. */
export interface Pair {
  readonly key: string;
  readonly text: string;
}

/** How values are written. */
export interface Writing {
  readonly scale: Readonly<Record<string, number>>;
  /** The app that goes without saying. */
  readonly service: TagValue | undefined;
}

const PERCENTILES = ["p50", "p75", "p90", "p95", "p99"] as const;

/** The values of each point; those of a point stay together. */
export function pairsOf(points: readonly Point[], writing: Writing, refused: Refused): Pair[][] {
  const keys = new Set<string>();
  const all: Pair[][] = [];
  for (const point of points) {
    const made = translate(point, writing);
    if (typeof made === "string") refused.add(made);
    else if (made.some(({ key }) => keys.has(key))) refused.add("another has the same name");
    else if (made.length > 0) {
      for (const { key } of made) keys.add(key);
      all.push(made);
    }
  }
  return all;
}

function translate(point: Point, { scale, service }: Writing): Pair[] | string {
  const labels = labelsOf(point, service);
  // What is measured in seconds is mostly far below one.
  const isSeconds = point.unit === "s" && !Object.hasOwn(scale, point.name);
  const own = Object.hasOwn(scale, point.name) ? scale[point.name] : undefined;
  const factor = isSeconds ? 1000 : (own ?? 1);
  const pairs: Pair[] = [];
  let reason: string | undefined;
  for (const [suffix, value, isScaled] of figuresOf(point)) {
    const written = valueText(isScaled ? value * factor : value);
    if ("reason" in written) {
      // One figure that cannot be written, such as the least of many, does not cost the others.
      reason ??= written.reason;
      continue;
    }
    const unit = isSeconds && isScaled ? "_ms" : "";
    pairs.push({ key: keyOf(point.name, unit + suffix, labels), text: written.text });
  }
  return pairs.length === 0 && reason !== undefined ? reason : pairs;
}

/** What a point consists of: a suffix, a value, and whether it is in the unit of the point. */
function figuresOf(point: Point): readonly (readonly [string, number, boolean])[] {
  if (point.kind !== "histogram") return [["", point.value, true]];
  if (point.count === 0) return [];
  return [["_count", point.count, false], ...distribution(point)];
}

function distribution(point: HistogramPoint): (readonly [string, number, boolean])[] {
  return [
    ["_min", point.min, true],
    ["_max", point.max, true],
    ["_mean", point.mean, true],
    ...PERCENTILES.map((key) => [`_${key}`, point[key], true] as const),
  ];
}
