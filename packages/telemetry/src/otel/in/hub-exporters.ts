import type { Client, Point, PointSource, SpanRecord, Temporality } from "@elpis/api";
import { HubSender, type OtelResult } from "./hub-sender.ts";
import { type SdkResourceMetrics, toPoints } from "./points.ts";
import { type SdkSpan, toSpanRecord } from "./spans.ts";

/** Spans that are over, on their way to the process that merges. */
export const SPANS_TOPIC = "elpis.telemetry.spans";
/** Points that somebody else has measured, on their way to the process that merges. */
export const POINTS_TOPIC = "elpis.telemetry.points";

/** What goes over the hub as events. */
export interface HandedTopics {
  readonly "elpis.telemetry.spans": { readonly spans: readonly SpanRecord[] };
  readonly "elpis.telemetry.points": { readonly points: readonly Point[] };
}

/** The client of the hub that an exporter writes to. */
export interface HubExporterOptions {
  readonly hub: Client;
  /** How long the process that merges may be away, such as while it is started again, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
}

export interface HubMetricExporterOptions extends HubExporterOptions {
  /** What the SDK is asked for. Cumulative sums get over a lost event. @default "cumulative" */
  readonly temporality?: Temporality;
}

/** A `SpanExporter` of the SDK, of either line. */
export interface HubSpanExporter {
  export(spans: readonly SdkSpan[], done: (result: OtelResult) => void): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A `PushMetricExporter` of the SDK, of either line. */
export interface HubMetricExporter {
  export(metrics: SdkResourceMetrics, done: (result: OtelResult) => void): void;
  selectAggregationTemporality(instrument: string): 0 | 1;
  selectAggregation(instrument: string): { readonly type: 0 } | { readonly type: 5 };
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * An exporter for applications that have an OpenTelemetry SDK of their own: its spans go over the hub to the process that merges,
 * and from there to every reporter that wants spans.
 *
 * @example new BatchSpanProcessor(hubSpanExporter({ hub }));
 */
export function hubSpanExporter({ hub, timeoutMs }: HubExporterOptions): HubSpanExporter {
  const sender = new HubSender(hub, timeoutMs);
  return {
    export: (spans, done) =>
      sender.send(SPANS_TOPIC, "spans", done, () => {
        const source = sourceOf(hub);
        return spans.map((span) => toSpanRecord(span, source));
      }),
    forceFlush: () => sender.flush(),
    shutdown: () => sender.close(),
  };
}

/**
 * The same for metrics. What an SDK has summed up already is handed on as points, of the process that they are from: it is not
 * merged with that of others. Whoever instruments with `@opentelemetry/api` only should give it `createMeterProvider` instead.
 *
 * @example new PeriodicExportingMetricReader({ exporter: hubMetricExporter({ hub }) });
 */
export function hubMetricExporter(options: HubMetricExporterOptions): HubMetricExporter {
  const { hub, timeoutMs, temporality = "cumulative" } = options;
  const sender = new HubSender(hub, timeoutMs);
  return {
    export: (metrics, done) =>
      sender.send(POINTS_TOPIC, "points", done, () => toPoints(metrics, sourceOf(hub))),
    // What goes up and down is told as it is: nobody could add up differences of which one was lost.
    selectAggregationTemporality: (instrument) =>
      temporality === "delta" && !instrument.includes("UP_DOWN") ? 0 : 1,
    selectAggregation: (instrument) => (instrument === "HISTOGRAM" ? { type: 5 } : { type: 0 }),
    forceFlush: () => sender.flush(),
    shutdown: () => sender.close(),
  };
}

function sourceOf({ location: { app, name, index, epoch } }: Client): PointSource {
  return { app, name, index, epoch };
}
