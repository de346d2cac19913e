export {
  type HandedTopics,
  type HubExporterOptions,
  type HubMetricExporter,
  type HubMetricExporterOptions,
  type HubSpanExporter,
  hubMetricExporter,
  hubSpanExporter,
  POINTS_TOPIC,
  SPANS_TOPIC,
} from "./otel/in/hub-exporters.ts";
export {
  type OtelAttributes,
  plainAttributes,
  sourceAttributes,
} from "./otel/out/attributes.ts";
export {
  type FromOtelOptions,
  fromOtel,
  type OtelExporter,
  type OtelMetricExporter,
} from "./otel/out/from-otel.ts";
export { errorToLog, eventToLog, type LogParts } from "./otel/out/logs.ts";
export type { HistogramStyle } from "./otel/out/metrics.ts";
export { type PartSenders, type SendPart, sendParts } from "./otel/out/parts.ts";
export { completeResource } from "./otel/out/resource.ts";
export { createMeterProvider, type MeterProviderOptions } from "./otel/provider.ts";
