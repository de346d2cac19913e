import type { Tracer } from "@opentelemetry/api";
import { OTLPLogExporter as Logs2 } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as Metrics2 } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as Traces2 } from "@opentelemetry/exporter-trace-otlp-proto";
import * as metrics2 from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor as Batch2 } from "@opentelemetry/sdk-trace-base";
import { OTLPLogExporter as Logs3 } from "otel3-exporter-logs-otlp-proto";
import { OTLPMetricExporter as Metrics3 } from "otel3-exporter-metrics-otlp-proto";
import { OTLPTraceExporter as Traces3 } from "otel3-exporter-trace-otlp-proto";
import * as metrics3 from "otel3-sdk-metrics";
import { BatchSpanProcessor as Batch3, TracerProvider as Provider3 } from "otel3-sdk-trace";
import type { HubSpanExporter } from "../../src/otel.ts";

/** How spans are made in either line. */
type Traced = (
  exporter: HubSpanExporter,
  options?: { maxExportBatchSize: number },
) => {
  getTracer(name: string, version?: string): Tracer;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
};

const traced2: Traced = (exporter, options = { maxExportBatchSize: 10 }) =>
  new BasicTracerProvider({ spanProcessors: [new Batch2(exporter, options)] });

const traced3: Traced = (exporter, options) =>
  new Provider3({ spanProcessors: [new Batch3({ exporter, ...options })] });

/** What tests need of a line. */
interface Line {
  readonly line: string;
  readonly metrics: typeof metrics2;
  readonly traced: Traced;
  readonly Metrics: typeof Metrics2;
  readonly Traces: typeof Traces2;
  readonly Logs: typeof Logs2;
}

const line2: Line = {
  ...{ line: "2.x", metrics: metrics2, traced: traced2 },
  ...{ Metrics: Metrics2, Traces: Traces2, Logs: Logs2 },
};

/** The types of both are compared in exporters.test-d.ts. */
const line3: unknown = {
  ...{ line: "3.x", metrics: metrics3, traced: traced3 },
  ...{ Metrics: Metrics3, Traces: Traces3, Logs: Logs3 },
};

/** The two lines of the SDK of OpenTelemetry that are in use. */
export const LINES: readonly Line[] = [line2, line3 as Line];
