import type { Point, SpanRecord } from "@elpis/api";
import { startTestHub, type TestHub, waitFor } from "@elpis/testing";
import { context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toExplicitBuckets } from "../../src/index.ts";
import { hubMetricExporter, hubSpanExporter, POINTS_TOPIC, SPANS_TOPIC } from "../../src/otel.ts";
import { LINES } from "./lines.ts";

const T = 1_790_000_000_000;

let kit: TestHub;
beforeEach(async () => {
  kit = await startTestHub();
});
afterEach(() => kit.close());

interface Heard {
  readonly spans: SpanRecord[];
  readonly points: Point[];
  readonly sizes: number[];
}

/** Somebody who listens as the process that merges does. */
async function listener(): Promise<Heard> {
  const agent = await kit.join({ role: "agent", name: "agent" });
  const heard: Heard = { spans: [], points: [], sizes: [] };
  agent.on(SPANS_TOPIC, (payload) => {
    const { spans } = payload as { spans: SpanRecord[] };
    heard.sizes.push(spans.length);
    heard.spans.push(...spans);
  });
  agent.on(POINTS_TOPIC, (payload) => {
    heard.points.push(...(payload as { points: Point[] }).points);
  });
  await kit.settled();
  return heard;
}

describe.each(LINES)("an SDK $line", ({ metrics, traced }) => {
  it("hands its spans over the hub, as plain data", async () => {
    const heard = await listener();
    // Over a socket: every byte of it is packed and unpacked.
    const hub = await kit.connect({ name: "web", index: 3 });
    const provider = traced(hubSpanExporter({ hub }));
    const tracer = provider.getTracer("acme", "1.0");
    const parent = tracer.startSpan("parent", { kind: SpanKind.SERVER, startTime: T + 0.5 });
    const under = trace.setSpan(context.active(), parent);
    const child = tracer.startSpan("child", { links: [{ context: parent.spanContext() }] }, under);
    child.setAttributes({ text: "日本", n: 1.5, flag: true, list: ["a", "b"], nothing: undefined });
    child.addEvent("something", { x: 1 }, T + 1);
    child.recordException(new TypeError("broken"));
    child.setStatus({ code: SpanStatusCode.ERROR, message: "no" });
    child.end();
    parent.end(T + 10.75);
    await provider.forceFlush();
    await waitFor(() => heard.spans.length === 2, { what: "two spans" });
    const [first, second] = heard.spans as [SpanRecord, SpanRecord];
    const { traceId, spanId } = (parent as Span).spanContext();
    expect(second).toEqual({
      ...{ traceId, spanId, name: "parent", kind: "server", status: "unset" },
      ...{ start: T + 0.5, durationMs: 10.25, tags: {}, events: [], links: [] },
      source: { app: hub.location.app, name: "web", index: 3, epoch: hub.location.epoch },
      instrumentation: { name: "acme", version: "1.0" },
    });
    expect(first).toMatchObject({
      ...{ traceId, parentSpanId: spanId, kind: "internal", status: "error", statusMessage: "no" },
      tags: { text: "日本", n: 1.5, flag: true, list: ["a", "b"] },
      events: [
        { name: "something", time: T + 1, tags: { x: 1 } },
        {
          name: "exception",
          tags: { "exception.type": "TypeError", "exception.message": "broken" },
        },
      ],
      links: [{ traceId, spanId }],
    });
    await provider.shutdown();
  });

  it("hands its spans over in parts that are not too large", async () => {
    const heard = await listener();
    const hub = await kit.join({ name: "web" });
    const provider = traced(hubSpanExporter({ hub }), { maxExportBatchSize: 512 });
    const tracer = provider.getTracer("acme");
    for (let at = 0; at < 512; at++) tracer.startSpan("one").end();
    await provider.shutdown();
    await waitFor(() => heard.spans.length === 512, { what: "all spans" });
    expect(heard.sizes).toEqual([200, 200, 112]);
  });

  it.each(["cumulative", "delta"] as const)("hands its points over, %s", async (temporality) => {
    const heard = await listener();
    const hub = await kit.connect({ name: "web" });
    const reader = new metrics.PeriodicExportingMetricReader({
      exporter: hubMetricExporter({ hub, temporality }),
      exportIntervalMillis: 3_600_000,
    });
    const { EXPLICIT_BUCKET_HISTOGRAM: type } = metrics.AggregationType;
    const provider = new metrics.MeterProvider({
      readers: [reader],
      views: [
        { instrumentName: "fixed", aggregation: { type, options: { boundaries: [10, 20, 40] } } },
      ],
    });
    const meter = provider.getMeter("acme");
    const counter = meter.createCounter("acme.orders", { unit: "{order}", description: "Orders" });
    const times = meter.createHistogram("times", { unit: "ms" });
    const fixed = meter.createHistogram("fixed");
    counter.add(2, { paid: true, list: ["a", "b"] });
    meter.createUpDownCounter("open").add(-2);
    meter.createGauge("load").record(0.5);
    for (const value of [0, 1, 2, 1000, 1e6]) times.record(value);
    for (const value of [3, 10, 11, 15, 90]) fixed.record(value);
    await reader.forceFlush();
    counter.add(3, { paid: true, list: ["a", "b"] });
    await reader.forceFlush();
    const named = (name: string): Point[] => heard.points.filter((point) => point.name === name);
    await waitFor(() => named("acme.orders").length === 2, { what: "both" });
    const [first, second] = named("acme.orders");
    expect(first).toMatchObject({
      ...{ kind: "counter", temporality, value: 2, unit: "{order}", description: "Orders" },
      ...{ group: "acme", tags: { list: "a,b", paid: true } },
      source: { name: "web", index: 0 },
    });
    expect(second).toMatchObject({ value: temporality === "delta" ? 3 : 5 });
    expect(Math.abs(Date.now() - (first as Point).time)).toBeLessThan(60_000);
    expect(named("open")[0]).toMatchObject({ kind: "upDownCounter", value: -2 });
    expect(named("load")[0]).toMatchObject({ kind: "gauge", value: 0.5 });
    const [point] = named("times");
    if (point?.kind !== "histogram") throw new Error("no histogram");
    expect(point).toMatchObject({ count: 5, sum: 1_001_003, min: 0, max: 1e6, temporality });
    expect(Math.abs(point.p50 - 2) / 2).toBeLessThan(0.1);
    expect(toExplicitBuckets(point.buckets, [0, 1.5, 3, 1e4]).counts).toEqual([1, 1, 1, 1, 1]);
    const [explicit] = named("fixed");
    if (explicit?.kind !== "histogram") throw new Error("no histogram");
    expect(explicit.bounds).toEqual([10, 20, 40]);
    expect(explicit).toMatchObject({ count: 5, sum: 129, min: 3, max: 90 });
    expect(toExplicitBuckets(explicit.buckets, [10, 20, 40]).counts).toEqual([2, 2, 0, 1]);
    await provider.shutdown();
  });

  it("is told when nobody takes its spans", async () => {
    const hub = await kit.join({ name: "web" });
    const exporter = hubSpanExporter({ hub, timeoutMs: 50 });
    const results: object[] = [];
    const provider = traced({
      ...exporter,
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          results.push(result);
          done(result);
        }),
    });
    provider.getTracer("acme").startSpan("one").end();
    // Whether it says so is up to the SDK.
    await provider.forceFlush().catch(() => {});
    expect(results).toMatchObject([{ code: 1, error: { code: "ELPIS_HUB_NO_RESPONDER" } }]);
    await exporter.shutdown();
    await exporter.shutdown();
    const closed = await new Promise((done) => exporter.export([], done));
    expect(closed).toMatchObject({ code: 1, error: { message: /shut down/ } });
  });
});
