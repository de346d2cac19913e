export { BucketCounter, type BucketOptions } from "./front/bucket-counter.ts";
export { Counter } from "./front/counter.ts";
export { type CompassOptions, type CompassSink, FastCompass } from "./front/fast-compass.ts";
export { CachedGauge, type Gauge } from "./front/gauge.ts";
export { type DistributionKeeper, Histogram } from "./front/histogram.ts";
export { intervalOf, type LevelName } from "./front/level.ts";
export { Meter } from "./front/meter.ts";
export type { CountingMetric, Metric } from "./front/metric.ts";
export { MetricName, type MetricTags } from "./front/metric-name.ts";
export type { MetricObject } from "./front/metric-object.ts";
export { CachedMetricSet, type MetricSet } from "./front/metric-set.ts";
export {
  type CollectOptions,
  MetricsRegistry,
  type Registered,
  type RegistryOptions,
} from "./front/registry.ts";
export type { Snapshot } from "./front/snapshot.ts";
export { Timer } from "./front/timer.ts";
