import type { PushMetricExporter as Metrics2 } from "@opentelemetry/sdk-metrics";
import type { SpanExporter as Spans2 } from "@opentelemetry/sdk-trace-base";
import type { LogRecordExporter as Logs3 } from "otel3-sdk-logs";
import type { PushMetricExporter as Metrics3 } from "otel3-sdk-metrics";
import type { SpanExporter as Spans3 } from "otel3-sdk-trace";
import { describe, expectTypeOf, it } from "vitest";
import type {
  HubMetricExporter,
  HubSpanExporter,
  OtelExporter,
  OtelMetricExporter,
} from "../../src/otel.ts";

describe("exporters to the hub", () => {
  it("are those of both lines of the SDK", () => {
    expectTypeOf<HubMetricExporter>().toExtend<Metrics2>();
    expectTypeOf<HubMetricExporter>().toExtend<Metrics3>();
    expectTypeOf<HubSpanExporter>().toExtend<Spans2>();
    expectTypeOf<HubSpanExporter>().toExtend<Spans3>();
  });
});

describe("what fromOtel takes", () => {
  it("is an exporter of either line", () => {
    expectTypeOf<Metrics2>().toExtend<OtelMetricExporter>();
    expectTypeOf<Metrics3>().toExtend<OtelMetricExporter>();
    expectTypeOf<Spans2>().toExtend<OtelExporter>();
    expectTypeOf<Spans3>().toExtend<OtelExporter>();
    expectTypeOf<Logs3>().toExtend<OtelExporter>();
  });
});
