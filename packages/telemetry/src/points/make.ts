import type { Tags } from "../attributes.ts";
import type { ExponentialHistogram } from "../histogram/histogram.ts";
import { quantiles } from "../histogram/quantile.ts";
import type { InstrumentInfo } from "../store/instruments.ts";
import type {
  Exemplar,
  HistogramPoint,
  Point,
  PointBase,
  PointSource,
  Temporality,
} from "./point.ts";

/** Whose value it is, and when. */
export interface PointFrame {
  readonly info: InstrumentInfo;
  readonly tags: Tags;
  readonly source: PointSource;
  readonly start: number;
  readonly time: number;
  readonly temporality: Temporality;
}

const QUANTILES: readonly number[] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/** A point of a counter, an up-down counter or a gauge. */
export function numberPoint(frame: PointFrame, value: number): Point {
  const { kind } = frame.info;
  if (kind === "counter") return { kind, ...base(frame), temporality: frame.temporality, value };
  return { kind: kind as "gauge" | "upDownCounter", ...base(frame), value };
}

/** A point of a histogram that is not empty. */
export function histogramPoint(
  frame: PointFrame,
  histogram: ExponentialHistogram,
  exemplars: readonly Exemplar[] = [],
): HistogramPoint {
  const { count, sum, min, max } = histogram;
  const [p50, p75, p90, p95, p99, p999] = quantiles(histogram, QUANTILES) as Six;
  const { bounds } = frame.info;
  return {
    kind: "histogram",
    ...base(frame),
    temporality: frame.temporality,
    ...{ count, sum, min, max, mean: sum / count, p50, p75, p90, p95, p99, p999 },
    buckets: histogram.toBuckets(),
    ...(bounds !== undefined && { bounds }),
    ...(exemplars.length > 0 && { exemplars }),
  };
}

type Six = [number, number, number, number, number, number];

function base({ info, tags, source, start, time }: PointFrame): PointBase {
  const { name, unit, description, group, level } = info;
  return { name, unit, description, group, level, tags, source, start, time };
}
