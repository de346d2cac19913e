import type { Batch, Exemplar, HistogramPoint, Point } from "@elpis/api";
import { boundsOf, toCoarserBuckets, toExplicitBuckets } from "@elpis/telemetry";
import { plainAttributes, sourceAttributes } from "@elpis/telemetry/otel";
import { attributesOf, isSpanId, isTraceId, type Message, nanos, resourceOf } from "./common.ts";

type Style = "exponential" | "explicit";

const TEMPORALITY = { delta: 1, cumulative: 2 } as const;
/** Under these names an exemplar says in which span it was. */
const TRACE_ID = "trace_id";
const SPAN_ID = "span_id";

interface Metric {
  readonly head: Message;
  readonly field: string;
  readonly data: Message;
  readonly dataPoints: Message[];
}

/** The request for points: those of one group are of one scope, those of one name, unit and kind one metric. */
export function metricsRequest({ points, resource }: Batch, style: Style): Message {
  const scopes = new Map<string, Map<string, Metric>>();
  for (const point of points) {
    const group = point.group === "" ? "elpis" : point.group;
    const metrics = scopes.get(group) ?? new Map<string, Metric>();
    scopes.set(group, metrics);
    const temporality = temporalityOf(point);
    const key = `${point.name}\n${point.unit}\n${point.kind}\n${temporality}`;
    const metric = metrics.get(key) ?? metricOf(point, style);
    metrics.set(key, metric);
    metric.dataPoints.push(dataPointOf(point, style));
  }
  const scopeMetrics = [...scopes].map(([name, metrics]) => ({
    scope: { name },
    metrics: [...metrics.values()].map(({ head, field, data, dataPoints }) => ({
      ...head,
      [field]: { dataPoints, ...data },
    })),
  }));
  return { resourceMetrics: [{ resource: resourceOf(resource), scopeMetrics }] };
}

function temporalityOf(point: Point): 1 | 2 {
  return TEMPORALITY["temporality" in point ? point.temporality : "cumulative"];
}

function metricOf(point: Point, style: Style): Metric {
  const { name, description, unit, kind } = point;
  const head = { name, description, unit };
  const aggregationTemporality = temporalityOf(point);
  if (kind === "gauge") return { head, field: "gauge", data: {}, dataPoints: [] };
  if (kind === "histogram") {
    const field = style === "explicit" ? "histogram" : "exponentialHistogram";
    return { head, field, data: { aggregationTemporality }, dataPoints: [] };
  }
  const data = { aggregationTemporality, isMonotonic: kind === "counter" };
  return { head, field: "sum", data, dataPoints: [] };
}

function dataPointOf(point: Point, style: Style): Message {
  const exemplars = "exemplars" in point ? (point.exemplars ?? []) : [];
  return {
    attributes: attributesOf(sourceAttributes(point.source, point.tags)),
    startTimeUnixNano: nanos(point.start),
    timeUnixNano: nanos(point.time),
    ...(point.kind === "histogram" ? histogramOf(point, style) : { asDouble: point.value }),
    ...(exemplars.length > 0 && { exemplars: exemplars.map(exemplarOf) }),
  };
}

function histogramOf(point: HistogramPoint, style: Style): Message {
  const { count, sum, min, max, buckets } = point;
  if (style === "explicit") {
    const { bounds, counts } = toExplicitBuckets(buckets, boundsOf(point));
    return { count, sum, min, max, explicitBounds: bounds, bucketCounts: counts };
  }
  const { scale, zeroCount, zeroThreshold, offset, counts } = toCoarserBuckets(buckets);
  const positive = { offset, bucketCounts: counts };
  return { count, sum, min, max, scale, zeroCount, zeroThreshold, positive };
}

function exemplarOf({ value, time, tags }: Exemplar): Message {
  const { [TRACE_ID]: traceId, [SPAN_ID]: spanId, ...rest } = tags;
  const isKnown = isTraceId(traceId) && isSpanId(spanId);
  return {
    filteredAttributes: attributesOf(plainAttributes(isKnown ? rest : tags)),
    timeUnixNano: nanos(time),
    asDouble: value,
    ...(isKnown && { traceId, spanId }),
  };
}
