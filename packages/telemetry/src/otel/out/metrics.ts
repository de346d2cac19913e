import type { HistogramPoint, Point } from "@elpis/api";
import { toCoarserBuckets } from "../../histogram/coarser.ts";
import { toExplicitBuckets } from "../../histogram/explicit.ts";
import { boundsOf } from "../../points/bounds.ts";
import { type HrTime, toHrTime } from "../time.ts";
import { type OtelAttributes, sourceAttributes } from "./attributes.ts";
import type { OtelResource } from "./resource.ts";
import type { OtelScope } from "./spans.ts";

/** How a histogram is told: in buckets of its own, or over fixed bounds. */
export type HistogramStyle = "exponential" | "explicit";

/** The number of `DataPointType` in the SDK. */
const TYPE = { explicit: 0, exponential: 1, gauge: 2, sum: 3 } as const;
const TEMPORALITY = { delta: 0, cumulative: 1 } as const;
const DOUBLE = 1;

interface DataPoint {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: OtelAttributes;
  readonly value: unknown;
}

/** `MetricData` of the SDK. */
interface OtelMetric {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly valueType: number;
  };
  readonly aggregationTemporality: number;
  readonly dataPointType: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: DataPoint[];
}

/** `ResourceMetrics` of the SDK. */
export interface OtelResourceMetrics {
  readonly resource: OtelResource;
  readonly scopeMetrics: readonly {
    readonly scope: OtelScope;
    readonly metrics: readonly OtelMetric[];
  }[];
}

/** Points as exporters of the SDK want them: those of one group are of one scope, those of one name one metric. */
export function toResourceMetrics(
  points: readonly Point[],
  resource: OtelResource,
  style: HistogramStyle,
): OtelResourceMetrics {
  const scopes = new Map<string, Map<string, OtelMetric>>();
  for (const point of points) {
    const group = point.group === "" ? "elpis" : point.group;
    const metrics = scopes.get(group) ?? new Map<string, OtelMetric>();
    scopes.set(group, metrics);
    const key = `${point.name}\n${point.unit}\n${point.kind}\n${temporalityOf(point)}`;
    const metric = metrics.get(key) ?? metricOf(point, style);
    metrics.set(key, metric);
    metric.dataPoints.push(dataPointOf(point, style));
  }
  const scopeMetrics = [...scopes].map(([name, metrics]) => {
    return { scope: { name, version: "" }, metrics: [...metrics.values()] };
  });
  return { resource, scopeMetrics };
}

function temporalityOf(point: Point): keyof typeof TEMPORALITY {
  return "temporality" in point ? point.temporality : "cumulative";
}

function metricOf(point: Point, style: HistogramStyle): OtelMetric {
  const { name, description, unit, kind } = point;
  const isSum = kind === "counter" || kind === "upDownCounter";
  return {
    descriptor: { name, description, unit, valueType: DOUBLE },
    aggregationTemporality: TEMPORALITY[temporalityOf(point)],
    dataPointType: isSum ? TYPE.sum : kind === "gauge" ? TYPE.gauge : TYPE[style],
    ...(isSum && { isMonotonic: kind === "counter" }),
    dataPoints: [],
  };
}

function dataPointOf(point: Point, style: HistogramStyle): DataPoint {
  return {
    startTime: toHrTime(point.start),
    endTime: toHrTime(point.time),
    attributes: sourceAttributes(point.source, point.tags),
    value: point.kind === "histogram" ? histogramOf(point, style) : point.value,
  };
}

function histogramOf(point: HistogramPoint, style: HistogramStyle): object {
  const { count, sum, min, max, buckets } = point;
  if (style === "explicit") {
    const { bounds, counts } = toExplicitBuckets(buckets, boundsOf(point));
    return { count, sum, min, max, buckets: { boundaries: [...bounds], counts: [...counts] } };
  }
  const { scale, zeroCount, offset, counts } = toCoarserBuckets(buckets);
  const positive = { offset, bucketCounts: [...counts] };
  const negative = { offset: 0, bucketCounts: [] };
  return { count, sum, min, max, scale, zeroCount, positive, negative };
}
