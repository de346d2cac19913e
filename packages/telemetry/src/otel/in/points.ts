import type { Point, PointSource } from "@elpis/api";
import { cleanName, cleanText, cleanUnit } from "../../names.ts";
import { histogramPoint, numberPoint, type PointFrame } from "../../points/make.ts";
import type { InstrumentInfo, Kind } from "../../store/instruments.ts";
import { fromHrTime } from "../time.ts";
import { type SdkExponential, type SdkHistogram, toHistogram } from "./histograms.ts";
import { pointTags } from "./tags.ts";

interface DataPoint {
  readonly startTime: readonly [number, number];
  readonly endTime: readonly [number, number];
  readonly attributes: object;
  readonly value: unknown;
}

/** What is read of `MetricData` of the SDK. */
interface Metric {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
  };
  readonly aggregationTemporality: number;
  readonly dataPointType: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly DataPoint[];
}

/** What is read of `ResourceMetrics` of the SDK. */
export interface SdkResourceMetrics {
  readonly scopeMetrics: readonly {
    readonly scope: { readonly name: string };
    readonly metrics: readonly Metric[];
  }[];
}

/** Numbers of `DataPointType` and `AggregationTemporality` in the SDK. */
const EXPLICIT = 0;
const EXPONENTIAL = 1;
const GAUGE = 2;
const DELTA = 0;

/** What an SDK has measured as points; what is not a finite number, or empty, is left out. */
export function toPoints(measured: SdkResourceMetrics, source: PointSource): Point[] {
  return measured.scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.flatMap((metric) => {
      const info = infoOf(metric, scope.name);
      const points = metric.dataPoints.map((one) => pointOf(one, metric, { info, source }));
      return points.filter((point) => point !== undefined);
    }),
  );
}

function infoOf(metric: Metric, scope: string): InstrumentInfo {
  const { name, unit, description } = metric.descriptor;
  const bounds = (metric.dataPoints[0]?.value as Partial<SdkHistogram> | undefined)?.buckets
    ?.boundaries;
  return {
    name: cleanName(name),
    kind: kindOf(metric),
    unit: cleanUnit(unit),
    description: cleanText(description),
    group: cleanText(scope),
    level: "normal",
    // Nobody merges it any more.
    merge: "last",
    bounds: bounds === undefined || bounds.length === 0 ? undefined : [...bounds],
  };
}

function kindOf({ dataPointType, isMonotonic }: Metric): Kind {
  if (dataPointType === EXPLICIT || dataPointType === EXPONENTIAL) return "histogram";
  if (dataPointType === GAUGE) return "gauge";
  return isMonotonic === true ? "counter" : "upDownCounter";
}

function pointOf(
  { startTime, endTime, attributes, value }: DataPoint,
  { aggregationTemporality }: Metric,
  rest: Pick<PointFrame, "info" | "source">,
): Point | undefined {
  const frame: PointFrame = {
    ...rest,
    tags: pointTags(attributes),
    start: fromHrTime(startTime),
    time: fromHrTime(endTime),
    temporality: aggregationTemporality === DELTA ? "delta" : "cumulative",
  };
  if (rest.info.kind !== "histogram") {
    return Number.isFinite(value) ? numberPoint(frame, value as number) : undefined;
  }
  const histogram = toHistogram(value as SdkHistogram | SdkExponential);
  return histogram === undefined ? undefined : histogramPoint(frame, histogram);
}
