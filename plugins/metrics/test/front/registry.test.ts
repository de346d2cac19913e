import { createStore, type Point } from "@elpis/telemetry";
import { describe, expect, it } from "vitest";
import { CachedGauge } from "../../src/front/gauge.ts";
import { Histogram } from "../../src/front/histogram.ts";
import { MetricName } from "../../src/front/metric-name.ts";
import type { MetricObject } from "../../src/front/metric-object.ts";
import { CachedMetricSet } from "../../src/front/metric-set.ts";
import { MetricsRegistry } from "../../src/front/registry.ts";

interface Fixture {
  readonly registry: MetricsRegistry;
  readonly point: (name: string) => Promise<Point | undefined>;
  readonly pass: (ms: number) => void;
  readonly store: ReturnType<typeof createStore>;
}

function make(): Fixture {
  const store = createStore();
  let at = 0;
  const now = (): number => at;
  const registry = new MetricsRegistry({ store, tags: { appName: "shop" }, now });
  return {
    registry,
    store,
    point: async (name) => {
      await store.observe();
      return store.readPoints({ names: [name] })[0];
    },
    pass: (ms) => {
      at += ms;
    },
  };
}

const suffixes = (objects: readonly MetricObject[], key: string): string[] =>
  objects.map(({ metric }) => metric.slice(key.length + 1)).sort();

describe("MetricsRegistry", () => {
  it("counts in the store: 4 × inc(5) are 20, and dec takes away", async () => {
    const { registry, point } = make();
    const counter = registry.getCounter("shop", "orders");
    for (let times = 0; times < 4; times++) counter.inc(5);
    expect(await point("orders")).toMatchObject({ value: 20, group: "shop" });
    counter.dec(3);
    counter.inc(0);
    expect(await point("orders")).toMatchObject({ value: 17 });
    counter.dec(100);
    expect(await point("orders")).toMatchObject({ value: 0 });
  });

  it("gives the same instance for the same name, and refuses another kind", () => {
    const { registry } = make();
    const meter = registry.getMeter("shop", "orders");
    expect(registry.getMeter("shop", "orders")).toBe(meter);
    expect(registry.getMeter("shop", MetricName.build("orders").tagged({ a: 1 }))).not.toBe(meter);
    expect(() => registry.getTimer("shop", "orders")).toThrow(
      expect.objectContaining({ code: "ELPIS_METRICS_CONFLICT" }),
    );
    expect(() => registry.getMeter("shop", "")).toThrow(
      expect.objectContaining({ code: "ELPIS_METRICS_BAD_METRIC" }),
    );
  });

  it("asks gauges, also those that promise: 100", async () => {
    const { registry, point, store } = make();
    registry.register("shop", "now", { getValue: () => 100 });
    registry.register("shop", "later", { getValue: async () => 100 });
    registry.register("shop", "text", { getValue: () => "many" });
    expect(await point("now")).toMatchObject({ kind: "gauge", value: 100 });
    expect(await point("later")).toMatchObject({ value: 100 });
    expect(await point("text")).toBeUndefined();
    expect(store.stats().dropped["non-finite"]).toBeGreaterThan(0);
    registry.unregister("shop", "now");
    expect(await point("now")).toBeUndefined();
  });

  it("has percentiles and a mean from the first value on, and sorts numbers as numbers", () => {
    const { registry } = make();
    const histogram = registry.getHistogram("shop", "sizes");
    expect(histogram.getSnapshot()).toMatchObject({ count: 0, mean: 0, median: 0, stddev: 0 });
    for (const value of [2, 10, 9, 100, 30]) histogram.update(value);
    const snapshot = histogram.getSnapshot();
    expect([snapshot.min, snapshot.max, snapshot.mean]).toEqual([2, 100, 30.2]);
    expect(snapshot.median).toBeCloseTo(10, 0);
    expect(snapshot.percentile(99)).toBe(100);
    expect(snapshot.stddev).toBeCloseTo(40.37, 0);
  });

  it("times functions and promises, also when they fail", async () => {
    const { registry, pass, point } = make();
    const timer = registry.getTimer("shop", "work");
    timer.time(() => pass(20));
    await timer.time(async () => pass(40));
    expect(() =>
      timer.time(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(timer.getCount()).toBe(3);
    expect(timer.getSnapshot().max).toBe(40);
    expect(await point("work")).toMatchObject({ kind: "histogram", unit: "ms", count: 3 });
  });

  it("records a compass once, by category", async () => {
    const { registry, store } = make();
    const compass = registry.getFastCompass("http", "calls", { maxCategories: 2 });
    for (const category of ["success", "error", "third"]) compass.record(5, category);
    const points = store.readPoints({ names: ["calls"] });
    expect(points.map(({ tags }) => tags)).toEqual([
      { category: "success" },
      { category: "error" },
    ]);
    expect(store.stats().dropped.attribute).toBe(1);
  });

  it("takes in a histogram that was made elsewhere, unless it has values already", () => {
    const { registry, store } = make();
    const fresh = new Histogram();
    registry.register("shop", "fresh", fresh);
    fresh.update(7);
    expect(store.readPoints({ names: ["fresh"] })).toMatchObject([{ count: 1, sum: 7 }]);
    const used = new Histogram();
    used.update(1);
    expect(() => registry.register("shop", "used", used)).toThrow(
      expect.objectContaining({ code: "ELPIS_METRICS_BAD_METRIC" }),
    );
    expect(() => registry.register("shop", "fresh", new Histogram())).toThrow(
      expect.objectContaining({ code: "ELPIS_METRICS_CONFLICT" }),
    );
  });

  it("does not keep more metrics than its limit, however many names it is asked for", () => {
    const { registry, store } = make();
    for (let at = 0; at < 10_050; at++) {
      registry.getMeter("shop", MetricName.build("m").tagged({ at })).mark();
    }
    expect(registry.getMetrics()).toHaveLength(10_000);
    expect(store.stats().dropped["instrument-limit"]).toBe(50);
    const points = store.readPoints({ names: ["m"] });
    expect(points.reduce((sum, one) => sum + ("value" in one ? one.value : 0), 0)).toBe(10_050);
  });
});

describe("what is collected", () => {
  it("has the figures of the normal form", async () => {
    const { registry } = make();
    registry.getTimer("g", "t");
    registry.getHistogram("g", "h");
    registry.getMeter("g", "m");
    registry.getCounter("g", "c");
    registry.register("g", "v", { getValue: () => 1 });
    registry.getFastCompass("g", "f").record(1, "success");
    const all = await registry.collect({ group: "g" });
    const of = (key: string): string[] =>
      suffixes(
        all.filter(({ metric }) => metric.split(".")[0] === key),
        key,
      );
    const percentiles = ["max", "mean", "median", "min", "p75", "p95", "p99", "stddev"];
    expect(of("t")).toEqual(
      ["bucket_count", "count", "m1", "m15", "m5", "qps", "rt", ...percentiles].sort(),
    );
    expect(of("h")).toEqual(["count", ...percentiles].sort());
    expect(of("m")).toEqual(["bucket_count", "count", "m1", "m15", "m5", "qps"]);
    expect(of("c")).toEqual(["bucket_count", "count", "qps"]);
    expect(of("v")).toEqual([""]);
    expect(of("f")).toEqual([
      "bucket_count",
      "bucket_sum",
      "hit_rate",
      "qps",
      "rt",
      "success_bucket_count",
      "success_rate",
    ]);
  });

  it("has the figures of the compact form: the rate of one minute, and neither five nor p99", async () => {
    const { registry } = make();
    registry.getTimer("g", "t");
    registry.getHistogram("g", "h");
    registry.getMeter("g", "m");
    registry.getCounter("g", "c");
    const all = await registry.collect({ compact: true });
    const of = (key: string): string[] =>
      suffixes(
        all.filter(({ metric }) => metric.startsWith(`${key}.`)),
        key,
      );
    expect(of("t")).toEqual(["bucket_count", "count", "m1", "mean", "qps", "rt"]);
    expect(of("h")).toEqual(["mean"]);
    expect(of("m")).toEqual(["bucket_count", "count", "m1"]);
    expect(of("c")).toEqual(["bucket_count", "count"]);
  });

  it("has type, level, tags without strange letters, and the interval of the level", async () => {
    const { registry, pass } = make();
    const name = MetricName.build("m").tagged({ "a b": "x|y" }).atLevel("critical");
    registry.getMeter("g", name).mark(10);
    pass(5000);
    const [count, , , , bucket, qps] = await registry.collect();
    expect(count).toMatchObject({
      metric: "m.count",
      value: 10,
      type: "COUNTER",
      level: "CRITICAL",
      tags: { appName: "shop", a_b: "x_y" },
      interval: 5,
    });
    expect(bucket).toMatchObject({ metric: "m.bucket_count", type: "DELTA", value: 10 });
    expect(qps).toMatchObject({ metric: "m.qps", type: "GAUGE", value: 2 });
  });

  it("leaves out a gauge that fails, and tells the others", async () => {
    const { registry } = make();
    const fail = async (): Promise<never> => {
      throw new Error("no");
    };
    registry.register("g", "bad", { getValue: fail });
    registry.register("g", "good", { getValue: () => true });
    expect(await registry.collect()).toMatchObject([{ metric: "good", value: 1 }]);
  });
});

describe("what is cached", () => {
  it("asks a gauge once in five seconds, and again after a failure", async () => {
    let at = 0;
    let asked = 0;
    const gauge = new CachedGauge(
      () => ++asked,
      undefined,
      () => at,
    );
    expect([gauge.getValue(), gauge.getValue()]).toEqual([1, 1]);
    at = 4999;
    expect(gauge.getValue()).toBe(1);
    at = 5000;
    expect(gauge.getValue()).toBe(2);
    const failing = new CachedGauge(async () => {
      asked += 1;
      throw new Error("no");
    });
    await expect(failing.getValue()).rejects.toThrow("no");
    const before = asked;
    await expect(failing.getValue()).rejects.toThrow("no");
    expect(asked).toBe(before + 1);
  });

  it("asks once for all gauges of a set, also when they ask at the same time", async () => {
    const { registry, point } = make();
    let asked = 0;
    const set = new CachedMetricSet(async () => {
      asked += 1;
      return { size: 4, idle: 1 };
    }, [
      [MetricName.build("size"), ({ size }) => size],
      [MetricName.build("idle"), ({ idle }) => idle],
    ]);
    registry.register("db", "pool", set);
    expect(await point("pool.size")).toMatchObject({ value: 4 });
    expect(await point("pool.idle")).toMatchObject({ value: 1 });
    expect(asked).toBe(1);
  });
});
