import { describe, expect, it } from "vitest";
import { openTo } from "../support/open.ts";
import { KEY, Receiver } from "../support/receiver.ts";
import {
  batch,
  call,
  contextWith,
  counter,
  deepFreeze,
  error,
  event,
  full,
  gauge,
  histogram,
  NOW,
  span,
} from "../support/samples.ts";

const now = (): number => NOW;

describe("a batch at New Relic's doors", () => {
  it("is taken by all three, by their own rules", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    expect(await reporter.report(full(), call())).toBeUndefined();
    expect(receiver.complaints).toEqual([]);
    expect(receiver.taken.map(({ path }) => path)).toEqual([
      "/metric/v1",
      "/trace/v1",
      "/v1/accounts/events",
    ]);
    expect(receiver.metrics).toHaveLength(6);
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.events).toHaveLength(2);
  });

  it("has counts as increases, over the time that they took", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const points = [counter({ tags: { shop: "cn" }, source: { app: "a", name: "web", index: 1 } })];
    await reporter.report(batch({ points }), call());
    expect(receiver.metrics).toEqual([
      {
        name: "orders",
        type: "count",
        value: 3,
        timestamp: NOW - 60_000,
        "interval.ms": 60_000,
        attributes: { shop: "cn", app: "a", process: "web", index: 1 },
      },
    ]);
    expect(receiver.taken[0]?.body[0].common).toEqual({
      attributes: { "service.name": "shop", "host.name": "web-1", "host.cpus": 4 },
    });
  });

  it("has histograms as a summary, with gauges for percentiles", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url, { percentiles: ["p95", "p999"] });
    await reporter.report(batch({ points: [histogram(), gauge()] }), call());
    const attributes = { app: "shop", process: "web", unit: "ms" };
    expect(receiver.metrics).toEqual([
      {
        name: "duration",
        type: "summary",
        value: { count: 10, sum: 55, min: 1, max: 10 },
        timestamp: NOW - 60_000,
        "interval.ms": 60_000,
        attributes,
      },
      { name: "duration.p95", type: "gauge", value: 10, timestamp: NOW, attributes },
      { name: "duration.p999", type: "gauge", value: 10, timestamp: NOW, attributes },
      {
        name: "heap",
        type: "gauge",
        value: 26_761_760,
        timestamp: NOW,
        attributes: { app: "shop", process: "web", unit: "By" },
      },
    ]);
  });

  it("has spans, errors and events with what they carry", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url, { accountId: 77 });
    await reporter.report(batch({ spans: [span()], errors: [error()], events: [event()] }), call());
    expect(receiver.complaints).toEqual([]);
    expect(receiver.spans).toEqual([
      {
        id: "b7ad6b7169203331",
        "trace.id": "0af7651916cd43dd8448eb211c80319c",
        timestamp: Math.round(NOW - 120.5),
        attributes: {
          name: "GET /cart",
          "duration.ms": 120.25,
          "parent.id": "00f067aa0ba902b7",
          "service.name": "shop",
          "span.kind": "server",
          "otel.status_code": "ERROR",
          "error.message": "no cart",
          "http.request.method": "GET",
          list: '["a","b"]',
          app: "shop",
          process: "web",
        },
      },
    ]);
    const common = { "service.name": "shop", "host.name": "web-1", "host.cpus": 4 };
    expect(receiver.taken.at(-1)?.path).toBe("/v1/accounts/77/events");
    expect(receiver.events).toEqual([
      {
        ...common,
        eventType: "ElpisError",
        timestamp: NOW - 5,
        app: "shop",
        process: "web",
        index: 0,
        pid: 4242,
        origin: "uncaughtException",
        seq: 1,
        "error.class": "TypeError",
        "error.message": "cart is undefined",
        "error.stack": error().stack,
        "trace.id": "0af7651916cd43dd8448eb211c80319c",
      },
      {
        ...common,
        eventType: "order_placed",
        name: "order.placed",
        timestamp: NOW - 7,
        app: "shop",
        process: "web",
        sku: "tea",
        amount: 3,
        gift: false,
      },
    ]);
  });

  it("keeps series apart when a tag is named like a source", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const points = ["x", "y"].map((app) => counter({ tags: { app, process: "p", unit: "u" } }));
    await reporter.report(batch({ points }), call());
    const series = receiver.metrics.map(({ attributes }) => JSON.stringify(attributes));
    expect(new Set(series).size).toBe(2);
    expect(JSON.parse(series[0] ?? "")).toEqual({
      "tags.app": "x",
      "tags.process": "p",
      unit: "u",
      app: "shop",
      process: "web",
    });
  });

  it("is not sent when it is empty", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    expect(await reporter.report(batch(), call())).toBeUndefined();
    expect(receiver.posts).toBe(0);
  });

  it("is not changed", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const frozen = deepFreeze(full());
    const before = JSON.stringify(frozen);
    await reporter.report(frozen, call());
    expect(JSON.stringify(frozen)).toBe(before);
    expect(receiver.taken).toHaveLength(3);
  });

  it("is packed: 2000 points of one name go out in a few kilobytes", async () => {
    await using receiver = await Receiver.start(now);
    const reporter = await openTo(receiver.url);
    const points = Array.from({ length: 2000 }, (_, at) => counter({ tags: { at } }));
    await reporter.report(batch({ points }), call());
    expect(receiver.metrics).toHaveLength(2000);
    expect(receiver.taken[0]?.bytes).toBeLessThan(50_000);
  });

  it("never has the key in what is logged", async () => {
    await using receiver = await Receiver.start(now);
    const context = contextWith();
    const reporter = await openTo(receiver.url, {}, context);
    await reporter.report(full(), call());
    expect(context.said.join()).not.toContain(KEY);
  });
});
