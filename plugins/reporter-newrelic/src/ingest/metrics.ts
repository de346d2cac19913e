import type { CounterPoint, HistogramPoint, Point } from "@elpis/api";
import { type Attributes, attributesOf, sourceAttributes } from "./attributes.ts";
import { unfit } from "./limits.ts";
import type { Percentile } from "./options.ts";
import type { Refused } from "./part.ts";

/** One metric as the Metric API takes it. */
export interface Metric {
  readonly name: string;
  readonly type: "gauge" | "count" | "summary";
  readonly value: number | Readonly<Record<"count" | "sum" | "min" | "max", number>>;
  readonly timestamp: number;
  readonly "interval.ms"?: number;
  readonly attributes: Attributes;
}

const NO_NUMBER = "it is no number";
/** A total taken for an increase is a wrong chart, and nobody says so. */
const CUMULATIVE = "it counts since its start, not since the batch before";

/** Turns points into metrics; what the API would throw away is refused here. */
export function metricsOf(
  points: readonly Point[],
  percentiles: readonly Percentile[],
  common: Attributes,
  now: number,
  refused: Refused,
): Metric[][] {
  const all: Metric[][] = [];
  for (const point of points) {
    const made = translate(point, percentiles);
    const why = typeof made === "string" ? made : unfitOf(made, common, now);
    if (why !== undefined) refused.add(why);
    else if (typeof made !== "string" && made.length > 0) all.push(made);
  }
  return all;
}

function unfitOf(made: readonly Metric[], common: Attributes, now: number): string | undefined {
  return made
    .map(({ name, timestamp, attributes }) => unfit(name, timestamp, attributes, common, now))
    .find((why) => why !== undefined);
}

function translate(point: Point, percentiles: readonly Percentile[]): Metric[] | string {
  const unit = point.unit === "" ? {} : { unit: point.unit };
  const attributes = attributesOf({ ...sourceAttributes(point.source), ...unit }, point.tags);
  if (point.kind === "counter") return count(point, attributes);
  if (point.kind === "histogram") return summary(point, percentiles, attributes);
  if (!Number.isFinite(point.value)) return NO_NUMBER;
  return [gauge(point.name, point.value, point.time, attributes)];
}

function count(point: CounterPoint, attributes: Attributes): Metric[] | string {
  const { name, value, temporality } = point;
  if (!Number.isFinite(value)) return NO_NUMBER;
  if (temporality !== "delta") return CUMULATIVE;
  if (value < 0) return "it counts backwards";
  return [{ name, type: "count", value, ...window(point), attributes }];
}

function summary(
  point: HistogramPoint,
  percentiles: readonly Percentile[],
  attributes: Attributes,
): Metric[] | string {
  const { name, count, sum, min, max, temporality, time } = point;
  if (temporality !== "delta") return CUMULATIVE;
  // Nothing was recorded: there is no smallest and no largest value to tell of.
  if (count === 0) return [];
  const quantiles = percentiles.map((key) => [key, point[key]] as const);
  const figures = [count, sum, min, max, ...quantiles.map(([, value]) => value)];
  if (!figures.every((value) => Number.isFinite(value))) return NO_NUMBER;
  return [
    { name, type: "summary", value: { count, sum, min, max }, ...window(point), attributes },
    ...quantiles.map(([key, value]) => gauge(`${name}.${key}`, value, time, attributes)),
  ];
}

function gauge(name: string, value: number, time: number, attributes: Attributes): Metric {
  return { name, type: "gauge", value, timestamp: Math.round(time), attributes };
}

/** New Relic wants the beginning of what was counted, and how long that took. */
function window({ start, time }: Point): { timestamp: number; "interval.ms": number } {
  return { timestamp: Math.round(start), "interval.ms": Math.max(1, Math.round(time - start)) };
}
