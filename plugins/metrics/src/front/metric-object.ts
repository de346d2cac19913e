import type { LevelName } from "./level.ts";
import type { MetricTags } from "./metric-name.ts";

/** One figure of a metric. */
export interface MetricObject {
  /** Name of the metric, with what the figure is behind a dot: `requests.p99`. */
  readonly metric: string;
  /** In milliseconds since 1970. */
  readonly timestamp: number;
  readonly value: number;
  /** `COUNTER`: all ever. `DELTA`: of the last interval. `GAUGE`: as it is. */
  readonly type: "COUNTER" | "DELTA" | "GAUGE";
  readonly level: LevelName;
  readonly tags: MetricTags;
  /** How long an interval of this metric is, in seconds. */
  readonly interval: number;
}

/** A figure without what all figures of a metric have in common. */
export type Figure = readonly [suffix: string, type: MetricObject["type"], value: number];

/** Tags as every system can take them: what is neither letter, digit, nor one of `_ . - / : @` becomes `_`. */
export function cleanTags(tags: MetricTags): MetricTags {
  const clean = (text: string): string => text.replaceAll(/[^\p{L}\p{N}_.\-/:@]/gu, "_");
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [clean(name), clean(value)]),
  );
}
