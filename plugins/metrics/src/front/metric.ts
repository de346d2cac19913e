import type { BucketCounter } from "./bucket-counter.ts";
import type { Counter } from "./counter.ts";
import type { FastCompass } from "./fast-compass.ts";
import type { Gauge } from "./gauge.ts";
import type { Histogram } from "./histogram.ts";
import type { Meter } from "./meter.ts";
import type { Timer } from "./timer.ts";

/** Everything that has a kind of its own. */
export type CountingMetric = BucketCounter | Counter | FastCompass | Histogram | Meter | Timer;

/** What can be registered by name. */
export type Metric = CountingMetric | Gauge;

const KINDS: readonly unknown[] = [
  ...["bucketCounter", "counter", "fastCompass", "histogram", "meter", "timer"],
];

/** What kind of metric something is; undefined: it is none. */
export function kindOf(metric: unknown): CountingMetric["kind"] | "gauge" | undefined {
  const { kind, getValue } = (metric ?? {}) as {
    readonly kind?: unknown;
    readonly getValue?: unknown;
  };
  if (KINDS.includes(kind)) return kind as CountingMetric["kind"];
  return typeof getValue === "function" ? "gauge" : undefined;
}
