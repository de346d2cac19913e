import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Meter, metrics, ValueType } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { createStore, type Point, type Store } from "../src/index.ts";
import { createMeterProvider } from "../src/otel.ts";

const SRC = join(import.meta.dirname, "..", "src");

function setup(): { store: Store; meter: Meter; problems: Error[] } {
  const problems: Error[] = [];
  const store = createStore();
  metrics.setGlobalMeterProvider(
    createMeterProvider(store, { onProblem: (error) => problems.push(error) }),
  );
  return { store, meter: metrics.getMeter("acme-http", "1.0"), problems };
}

async function read(store: Store, name: string): Promise<readonly Point[]> {
  await store.observe();
  return store.readPoints({ names: [name] });
}

afterEach(() => metrics.disable());

describe("a provider of meters", () => {
  it("counts into the store, in the group of the meter", async () => {
    const { store, meter } = setup();
    const counter = meter.createCounter("http.requests", {
      unit: "{request}",
      description: "Requests",
      valueType: ValueType.INT,
    });
    counter.add(1, { route: "/a", list: ["x", "y"] });
    counter.add(2, { list: ["x", "y"], route: "/a" });
    counter.add(-1);
    store.counter("http.requests").add(4, { route: "/a", list: "x,y" });
    const [point] = await read(store, "http.requests");
    expect(point).toMatchObject({
      kind: "counter",
      value: 7,
      unit: "{request}",
      description: "Requests",
      group: "acme-http",
      tags: { list: "x,y", route: "/a" },
    });
    expect(store.stats().dropped.negative).toBe(1);
  });

  it("has all kinds of instruments", async () => {
    const { store, meter } = setup();
    meter.createUpDownCounter("a").add(-2);
    meter.createGauge("b").record(3);
    const advice = { explicitBucketBoundaries: [1, 2] };
    meter.createHistogram("c", { advice }).record(4);
    meter.createHistogram("d", { advice: { explicitBucketBoundaries: [] } }).record(4);
    meter.createObservableCounter("e").addCallback((result) => result.observe(5, { x: 1 }));
    meter.createObservableUpDownCounter("f").addCallback(async (result) => result.observe(-6));
    meter.createObservableGauge("g").addCallback((result) => result.observe(7));
    const values = [];
    for (const name of ["a", "b", "c", "d", "e", "f", "g"]) {
      const [point] = await read(store, name);
      values.push(point?.kind === "histogram" ? [point.count, point.bounds] : point?.value);
    }
    expect(values).toEqual([-2, 3, [1, [1, 2]], [1, undefined], 5, -6, 7]);
  });

  it("asks callbacks once, and takes them away again, also those of several observables", async () => {
    const { store, meter } = setup();
    const a = meter.createObservableGauge("a");
    const b = meter.createObservableGauge("b");
    const c = meter.createObservableGauge("c");
    let single = 0;
    const callback = (): void => void single++;
    a.addCallback(callback);
    a.addCallback(callback);
    let batches = 0;
    const batch = (result: { observe(metric: typeof a, value: number): void }): void => {
      batches++;
      result.observe(a, 1);
      result.observe(b, 2);
      result.observe(c, 3);
    };
    meter.addBatchObservableCallback(batch, [a, b]);
    meter.addBatchObservableCallback(batch, [b, a]);
    expect(await read(store, "a")).toMatchObject([{ value: 1 }]);
    expect([single, batches]).toEqual([1, 1]);
    expect(store.readPoints({ names: ["b", "c"] })).toMatchObject([{ name: "b", value: 2 }]);
    expect(store.stats().dropped.observation).toBe(1);
    meter.removeBatchObservableCallback(batch, [b, a]);
    a.removeCallback(callback);
    expect(await read(store, "a")).toEqual([]);
    expect([single, batches]).toEqual([1, 1]);
  });

  it("never throws into what is instrumented: what cannot be is told, dropped and counted", async () => {
    const { store, meter, problems } = setup();
    meter.createCounter("jobs", { unit: "1" });
    const wrong = meter.createHistogram("jobs", { unit: "1" });
    wrong.record(1);
    metrics.getMeter("other").createCounter("jobs", { unit: "ms" }).add(1);
    meter.createObservableGauge("jobs").addCallback((result) => result.observe(1));
    meter.createCounter("").add(1);
    const own = meter.createObservableGauge("own");
    const foreign = { addCallback: () => {}, removeCallback: () => {} };
    meter.addBatchObservableCallback(
      (result) => {
        result.observe(own, 1);
        result.observe(foreign, 1);
      },
      [own, foreign],
    );
    expect(await read(store, "own")).toMatchObject([{ value: 1 }]);
    expect(await read(store, "jobs")).toEqual([]);
    expect(problems.map((error) => (error as { code?: string }).code)).toEqual([
      "ELPIS_TELEMETRY_CONFLICT",
      "ELPIS_TELEMETRY_CONFLICT",
      "ELPIS_TELEMETRY_CONFLICT",
      "ELPIS_TELEMETRY_BAD_INSTRUMENT",
    ]);
    expect(store.stats().dropped.conflict).toBe(3);
  });

  it("gives the same meter again", () => {
    const { store } = setup();
    const provider = createMeterProvider(store);
    expect(provider.getMeter("a", "1")).toBe(provider.getMeter("a", "1"));
    expect(provider.getMeter("a", "2")).not.toBe(provider.getMeter("a", "1"));
  });
});

describe("the package", () => {
  it("needs OpenTelemetry for its types only", () => {
    const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    expect(files).toContain("otel.ts");
    for (const file of files) {
      const text = readFileSync(join(SRC, file), "utf8");
      const imports = text.match(/^(?:im|ex)port [^;]*"@opentelemetry\/[^;]*;/gm) ?? [];
      for (const one of imports) expect(one, file).toMatch(/^import type /);
      expect(text, file).not.toMatch(/import\(|require\(/);
    }
  });
});
