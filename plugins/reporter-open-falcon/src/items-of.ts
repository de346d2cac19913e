import type { HistogramPoint, Point } from "@elpis/api";
import type { Item } from "./item.ts";
import { seriesName } from "./series.ts";
import { windowOf } from "./window.ts";

/** What all items of a batch have. */
export interface Frame {
  readonly endpoint: string;
  readonly stepSeconds: number;
  /** Milliseconds since 1970; nothing is later than that. */
  readonly nowMs: number;
}

type Kind = Item["counterType"];
type Value = readonly [suffix: string, type: Kind, value: number];

/** What is smaller is passed over by the storage, and means nothing. */
const SMALLEST = 1e-300;
const GAUGES = ["min", "max", "mean", "p50", "p75", "p95", "p99"] as const;

/**
 * The items of a point, at the start of the step that its time is in. Counters are whole totals, since the server makes rates of
 * them and keeps whole numbers.
 *
 * @param before the same histogram a step ago
 */
export function itemsOf(point: Point, before: HistogramPoint | undefined, frame: Frame): Item[] {
  const { endpoint, stepSeconds: step, nowMs } = frame;
  const seconds = Math.floor(Math.min(point.time, nowMs) / 1000);
  const timestamp = seconds - (seconds % step);
  return valuesOf(point, before, step * 1000).map(([suffix, counterType, value]) => {
    const { metric, tags } = seriesName(point, suffix);
    return { endpoint, metric, timestamp, step, value: tidy(value), counterType, tags };
  });
}

function valuesOf(point: Point, before: HistogramPoint | undefined, stepMs: number): Value[] {
  switch (point.kind) {
    case "counter":
      return [["", "COUNTER", Math.floor(point.value)]];
    case "gauge":
    case "upDownCounter":
      return [["", "GAUGE", point.value]];
    case "histogram": {
      const window = windowOf(point, before, 2 * stepMs);
      const gauges = window === undefined ? [] : GAUGES;
      return [
        [".count", "COUNTER", Math.floor(point.count)],
        ...gauges.map((key): Value => [`.${key}`, "GAUGE", (window as HistogramPoint)[key]]),
      ];
    }
  }
}

function tidy(value: number): number {
  return Math.abs(value) < SMALLEST ? 0 : value;
}
