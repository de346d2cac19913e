export {
  type ActiveTrace,
  activeTrace,
  provideActiveTrace,
  withTrace,
} from "./active-trace.ts";
export { createAggregator } from "./aggregate/aggregator.ts";
export type {
  Aggregator,
  AggregatorLimits,
  AggregatorOptions,
  AggregatorStats,
  PointReader,
  ProcessReport,
  ReaderOptions,
  ReadOptions,
  Source,
} from "./aggregate/contract.ts";
export { observeAggregator } from "./aggregate/self.ts";
export type { AggregatorSnapshot } from "./aggregate/snapshot-contract.ts";
export { type Attributes, OVERFLOW_TAG, type Tags, type TagValue } from "./attributes.ts";
export type {
  DeltaSender,
  DeltaSenderOptions,
  DeltaSenderStats,
  SenderClock,
} from "./delta/contract.ts";
export { createDeltaSender } from "./delta/sender.ts";
export type {
  Delta,
  DeltaAnswer,
  WireExemplar,
  WireHistogram,
  WireInstrument,
  WireSeries,
} from "./delta/wire.ts";
export { toCoarserBuckets } from "./histogram/coarser.ts";
export type { ExplicitBuckets, ExponentialBuckets } from "./histogram/contract.ts";
export { toExplicitBuckets } from "./histogram/explicit.ts";
export { ExponentialHistogram } from "./histogram/histogram.ts";
export { quantile, quantiles } from "./histogram/quantile.ts";
export * from "./indicators/index.ts";
export { LEVEL_MS, LEVELS, type Level } from "./levels.ts";
export { boundsOf } from "./points/bounds.ts";
export type { TextOptions } from "./points/contract.ts";
export { sourceLabels } from "./points/labels.ts";
export type {
  CounterPoint,
  Exemplar,
  GaugePoint,
  HistogramPoint,
  Point,
  PointBase,
  PointFilter,
  PointSource,
  Scope,
  Temporality,
  UpDownCounterPoint,
} from "./points/point.ts";
export {
  type PrometheusSample,
  type PrometheusSeries,
  toPrometheusSeries,
} from "./points/series.ts";
export { toOpenMetrics, toPrometheus } from "./points/text.ts";
export { type MetricsReader, metricsReader, metricsStore } from "./reader.ts";
export type { ReporterHost, ReporterHostOptions } from "./reporters/contract.ts";
export { type ReportedTopics, recordEvent } from "./reporters/events.ts";
export { feedReporters } from "./reporters/feed.ts";
export { createReporterHost } from "./reporters/host.ts";
export type {
  DropReason,
  Store,
  StoreChanges,
  StoreLimits,
  StoreOptions,
  StoreStats,
} from "./store/contract.ts";
export type {
  BatchObservableCallback,
  BatchObserver,
  BoundCounter,
  BoundRecorder,
  Counter,
  Gauge,
  GaugeMerge,
  GaugeOptions,
  Histogram,
  HistogramOptions,
  InstrumentInfo,
  InstrumentOptions,
  Kind,
  Observable,
  ObservableCallback,
  Observer,
  UpDownCounter,
} from "./store/instruments.ts";
export { createStore } from "./store/store.ts";
