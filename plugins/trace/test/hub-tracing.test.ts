import type { Client } from "@elpis/api";
import { startTestHub, type TestHub } from "@elpis/testing";
import { context, propagation, SpanKind, TraceFlags, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { suppressTracing, W3CBaggagePropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { matcherOf } from "../src/pattern.ts";
import { SpansOfHub } from "../src/process/hub-tracing.ts";
import { Contexts } from "../src/spans/contexts.ts";
import { RootSampler } from "../src/spans/sampler.ts";

const exporter = new InMemorySpanExporter();
let ratio = 1;
let hub: TestHub;
let web: Client;
let agent: Client;

const sampler: Sampler = {
  shouldSample: (outer, _traceId, _name, kind, attributes) => {
    const parent = trace.getSpanContext(outer);
    const root = new RootSampler({ ratio, perSecond: 1000, clients: false, now: () => 0 });
    const isRecorded =
      parent === undefined
        ? root.mayBegin(kind, attributes)
        : parent.traceFlags === TraceFlags.SAMPLED;
    const { RECORD_AND_SAMPLED, NOT_RECORD } = SamplingDecision;
    return { decision: isRecorded ? RECORD_AND_SAMPLED : NOT_RECORD };
  },
  toString: () => "test",
};
const provider = new BasicTracerProvider({
  sampler,
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});
const tracer = provider.getTracer("test");

beforeEach(async () => {
  ratio = 1;
  exporter.reset();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  hub = await startTestHub();
  web = await hub.connect({ name: "web", index: 1 });
  agent = await hub.connect({ name: "agent" });
  for (const client of [web, agent]) {
    client.useTracing(
      new SpansOfHub({
        tracer,
        baggage: new W3CBaggagePropagator(),
        isIgnored: matcherOf(["quiet.*"]),
        contexts: new Contexts(false),
      }),
    );
  }
});
afterEach(async () => {
  await hub.close();
  context.disable();
});

function named(name: string, kind: SpanKind): ReadableSpan {
  const found = exporter
    .getFinishedSpans()
    .filter((span) => span.name === name && span.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as ReadableSpan;
}

function expectJoined(from: ReadableSpan, to: ReadableSpan): void {
  expect(to.parentSpanContext?.spanId).toBe(from.spanContext().spanId);
  expect(to.spanContext().traceId).toBe(from.spanContext().traceId);
}

describe("messages of the hub", () => {
  test("are a span where they leave and one where they come, in one trace", async () => {
    agent.handle("price.of", async () => {
      tracer.startSpan("inside").end();
      return 42;
    });
    await tracer.startActiveSpan("outside", async (span) => {
      await web.request("price.of", { sku: "tea" });
      span.end();
    });
    const client = named("price.of", SpanKind.CLIENT);
    const server = named("price.of", SpanKind.SERVER);
    expectJoined(named("outside", SpanKind.INTERNAL), client);
    expectJoined(client, server);
    expectJoined(server, named("inside", SpanKind.INTERNAL));
    expect(client.attributes).toEqual({
      "rpc.system.name": "elpis",
      "rpc.method": "price.of",
      "elpis.hub.verb": "request",
      "elpis.hub.by": "agent.0",
    });
    expect(server.attributes["elpis.hub.from"]).toBe("web.1");
    expect(JSON.stringify(client.attributes)).not.toContain("tea");
  });

  test("say what failed, with the stack only where it happened", async () => {
    agent.handle("price.of", () => {
      throw Object.assign(new Error("no gin"), { code: "SHOP_UNKNOWN_SKU" });
    });
    await expect(web.request("price.of", {})).rejects.toThrow("no gin");
    const [client, server] = [SpanKind.CLIENT, SpanKind.SERVER].map((kind) =>
      named("price.of", kind),
    );
    for (const span of [client, server]) {
      expect(span?.status).toEqual({ code: 2, message: "no gin" });
      expect(span?.attributes["error.type"]).toBe("SHOP_UNKNOWN_SKU");
    }
    expect(client?.events).toEqual([]);
    expect(server?.events[0]?.attributes?.["exception.stacktrace"]).toContain("no gin");
  });

  test("are named and of the kinds that the conventions have", async () => {
    agent.on("price.changed", () => {});
    await web.consume("price.changed", {});
    await agent.publish("cache", { get: () => 1 }, { methods: ["get"] });
    await web.proxy<{ get(): number }>("cache").get();
    agent.work("mail", () => {});
    await web.enqueue("mail", {});
    await expect
      .poll(() => exporter.getFinishedSpans().filter(({ name }) => name === "process mail").length)
      .toBe(1);
    expectJoined(
      named("send price.changed", SpanKind.PRODUCER),
      named("process price.changed", SpanKind.CONSUMER),
    );
    expectJoined(named("cache.get", SpanKind.CLIENT), named("cache.get", SpanKind.SERVER));
    expectJoined(named("send mail", SpanKind.PRODUCER), named("process mail", SpanKind.CONSUMER));
    expect(named("process mail", SpanKind.CONSUMER).attributes).toMatchObject({
      "messaging.system": "elpis",
      "messaging.destination.name": "mail",
      "messaging.operation.type": "process",
      "messaging.operation.name": "enqueue",
    });
  });

  test("of a trace that is not recorded make none, and say so to whoever gets them", async () => {
    ratio = 0;
    let inside: ReturnType<typeof trace.getSpanContext>;
    agent.handle("price.of", async () => {
      await null;
      inside = trace.getSpanContext(context.active());
      // Its own ratio does not matter any more.
      ratio = 1;
      tracer.startSpan("inside").end();
    });
    let outside: typeof inside;
    await tracer.startActiveSpan("outside", async (span) => {
      outside = span.spanContext();
      await web.request("price.of", {});
    });
    expect(exporter.getFinishedSpans()).toEqual([]);
    expect(inside?.traceFlags).toBe(TraceFlags.NONE);
    expect(inside?.traceId).toBe(outside?.traceId);
  });

  test("take baggage along", async () => {
    let user: string | undefined;
    agent.handle("who", async () => {
      await null;
      user = propagation.getBaggage(context.active())?.getEntry("user")?.value;
    });
    const baggage = propagation.createBaggage({ user: { value: "ada" } });
    await context.with(propagation.setBaggage(context.active(), baggage), () =>
      web.request("who", {}),
    );
    expect(user).toBe("ada");
  });

  test("are left alone where tracing is suppressed, and on topics that are to be", async () => {
    agent.handle("stock.of", () => 1);
    agent.handle("price.of", () => agent.request("stock.of", {}));
    agent.handle("quiet.price", () => agent.request("stock.of", {}));
    await web.request("quiet.price", {});
    expect(exporter.getFinishedSpans()).toEqual([]);
    await context.with(suppressTracing(context.active()), () => web.request("price.of", {}));
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});
