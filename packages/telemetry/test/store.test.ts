import { describe, expect, it } from "vitest";
import {
  type CounterPoint,
  createStore,
  type HistogramPoint,
  OVERFLOW_TAG,
  type Point,
  type Store,
} from "../src/index.ts";

/** The points of one instrument by their tags. */
function readOne(store: Store, name: string): Map<string, Point> {
  const points = store.readPoints({ names: [name] });
  return new Map(points.map((point) => [JSON.stringify(point.tags), point]));
}

function seriesValue(store: Store, name: string, tags: object = {}): number | undefined {
  return (readOne(store, name).get(JSON.stringify(tags)) as CounterPoint | undefined)?.value;
}

describe("instruments", () => {
  it("are one for one name, whoever asks", () => {
    const store = createStore();
    const first = store.counter("jobs", { unit: "{job}", description: "Jobs done" });
    const second = store.counter("jobs");
    expect(second).toBe(first);
    first.add(1);
    second.add(2);
    expect(seriesValue(store, "jobs")).toBe(3);
  });

  it.each([
    ["another kind", (store: Store) => store.gauge("jobs")],
    ["another unit", (store: Store) => store.counter("jobs", { unit: "ms" })],
    ["one that is asked and not told", (store: Store) => store.observableCounter("jobs")],
  ])("cannot be %s under the same name", (_, ask) => {
    const store = createStore();
    store.counter("jobs", { unit: "{job}" });
    expect(() => ask(store)).toThrow(expect.objectContaining({ code: "ELPIS_TELEMETRY_CONFLICT" }));
  });

  it("have names that every system takes", () => {
    const store = createStore();
    expect(store.counter("9 lives/of a cät").info.name).toBe("_9_lives/of_a_c_t");
    const long = store.counter("x".repeat(300)).info.name;
    const other = store.counter(`${"x".repeat(300)}y`).info.name;
    expect(long).toHaveLength(255);
    expect(other).toHaveLength(255);
    expect(other).not.toBe(long);
    for (const name of ["", "  ", 5, undefined]) {
      expect(() => store.counter(name as string)).toThrow(
        expect.objectContaining({ code: "ELPIS_TELEMETRY_BAD_INSTRUMENT" }),
      );
    }
  });

  it("refuse options that make no sense", () => {
    const store = createStore();
    const bad = { code: "ELPIS_TELEMETRY_BAD_INSTRUMENT" };
    expect(() => store.histogram("a", { bounds: [2, 1] })).toThrow(expect.objectContaining(bad));
    expect(() => store.counter("a", { level: "high" as "major" })).toThrow(
      expect.objectContaining(bad),
    );
    expect(() => store.gauge("a", { merge: "mean" as "avg" })).toThrow(
      expect.objectContaining(bad),
    );
    expect(() => createStore({ limits: { series: 0 } })).toThrow(
      expect.objectContaining({ code: "ELPIS_TELEMETRY_BAD_OPTION" }),
    );
  });
});

describe("values", () => {
  it("of a counter only grow; what is negative or no number is dropped and counted", () => {
    const store = createStore();
    const counter = store.counter("jobs");
    for (const value of [5, -1, Number.NaN, Number.POSITIVE_INFINITY, 0.5]) counter.add(value);
    expect(seriesValue(store, "jobs")).toBe(5.5);
    expect(store.stats().dropped).toMatchObject({ negative: 1, "non-finite": 2 });
  });

  it("of an up-down counter go both ways, of a gauge the last one counts", () => {
    const store = createStore();
    const open = store.upDownCounter("open");
    open.add(3);
    open.add(-1);
    open.add(Number.NaN);
    const load = store.gauge("load");
    expect(seriesValue(store, "load")).toBeUndefined();
    load.bind();
    expect(seriesValue(store, "load")).toBeUndefined();
    load.record(2);
    load.record(-1);
    load.record(Number.NaN);
    expect([seriesValue(store, "open"), seriesValue(store, "load")]).toEqual([2, -1]);
    expect(store.stats().dropped["non-finite"]).toBe(2);
  });

  it("of a histogram make a distribution, also between two collections", () => {
    const store = createStore();
    const times = store.histogram("times", { unit: "ms", bounds: [1, 10] });
    times.record(1);
    store.collect();
    times.record(3);
    times.record(-3);
    const point = readOne(store, "times").get("{}") as HistogramPoint;
    expect(point).toMatchObject({ count: 2, sum: 4, min: 1, max: 3, mean: 2, bounds: [1, 10] });
    expect(store.stats().dropped.negative).toBe(1);
  });
});

describe("attributes", () => {
  it("lead to the same series in any order, with or without what is left out, as text or number", () => {
    const store = createStore();
    const counter = store.counter("jobs");
    counter.add(1, { method: "GET", status: 200 });
    counter.add(1, { status: 200, method: "GET" });
    counter.add(1, { status: "200", method: "GET", route: undefined });
    counter.bind({ method: "GET", status: 200 }).add(1);
    counter.add(1, {});
    counter.add(1);
    expect([...readOne(store, "jobs").keys()]).toEqual(['{"method":"GET","status":200}', "{}"]);
    expect(seriesValue(store, "jobs", { method: "GET", status: 200 })).toBe(4);
    expect(seriesValue(store, "jobs")).toBe(2);
  });

  it("are read each time, so that one object can be used again", () => {
    const store = createStore();
    const counter = store.counter("jobs");
    const attributes = { id: "a", list: ["x"] };
    for (const id of ["a", "b", "a"]) {
      attributes.id = id;
      counter.add(1, attributes);
    }
    attributes.list.push("y");
    counter.add(1, attributes);
    expect(seriesValue(store, "jobs", { id: "a", list: "x" })).toBe(2);
    expect(seriesValue(store, "jobs", { id: "b", list: "x" })).toBe(1);
    expect(seriesValue(store, "jobs", { id: "a", list: "x,y" })).toBe(1);
  });

  it("are cleaned: long ones cut so that they stay apart, lists joined, anything else dropped", () => {
    const store = createStore();
    const counter = store.counter("jobs");
    const long = "v".repeat(300);
    counter.add(1, { long });
    counter.add(1, { long: `${long}!` });
    counter.add(1, { half: "\uD83D", list: [1, "b", true], on: true, not: Number.NaN });
    counter.add(1, { bad: { a: 1 }, "": "x", __proto__: "y" } as never);
    const tags = store.readPoints({ names: ["jobs"] }).map((point) => point.tags);
    expect(tags[0]?.long).toHaveLength(256);
    expect(tags[1]?.long).toHaveLength(256);
    expect(tags[0]?.long).not.toBe(tags[1]?.long);
    expect(tags[2]).toEqual({ half: "\uFFFD", list: "1,b,true", on: true, not: "NaN" });
    expect(tags[3]).toEqual({});
    expect(store.stats().dropped.attribute).toBe(2);
  });

  it("tell texts apart that would be equal when put together", () => {
    const store = createStore();
    const counter = store.counter("jobs");
    counter.add(1, { a: "1b", c: "" });
    counter.add(1, { a: "1", bc: "" });
    counter.add(1, { a: "1,b" });
    counter.add(1, { a: ["1", "b"] });
    expect(readOne(store, "jobs").size).toBe(3);
  });

  it("beyond their limit are dropped in the order of their names", () => {
    const store = createStore({ limits: { attributes: 2 } });
    store.counter("jobs").add(1, { c: 1, b: 2, a: 3 });
    expect(seriesValue(store, "jobs", { a: 3, b: 2 })).toBe(1);
    expect(store.stats().dropped.attribute).toBe(1);
  });
});

describe("limits", () => {
  const overflow = { [OVERFLOW_TAG]: true };

  it("on the series of an instrument keep its total", () => {
    const store = createStore({ limits: { seriesPerInstrument: 10 } });
    const counter = store.counter("jobs");
    for (let id = 0; id < 100; id++) counter.add(1, { id });
    counter.add(1, { id: 3 });
    const points = [...readOne(store, "jobs").values()] as CounterPoint[];
    expect(points).toHaveLength(11);
    expect(points.reduce((sum, { value }) => sum + value, 0)).toBe(101);
    expect(seriesValue(store, "jobs", overflow)).toBe(90);
    expect(seriesValue(store, "jobs", { id: 3 })).toBe(2);
    expect(store.stats().dropped.overflow).toBe(90);
  });

  it("on all series do the same", () => {
    const store = createStore({ limits: { series: 5 } });
    const a = store.counter("a");
    const b = store.histogram("b");
    for (let id = 0; id < 4; id++) a.add(1, { id });
    for (let id = 0; id < 4; id++) b.record(1, { id });
    b.record(1);
    const counts = [...readOne(store, "b").values()].map(
      (point) => (point as HistogramPoint).count,
    );
    expect(counts).toEqual([1, 4]);
    expect(store.stats().series).toBe(5);
  });

  it("on instruments drop what further ones are told, and say so", () => {
    const problems: Error[] = [];
    const store = createStore({
      limits: { instruments: 4 },
      onProblem: (error) => problems.push(error),
    });
    const own = store.stats().instruments;
    expect(own).toBe(2);
    store.counter("a").add(1);
    store.counter("b").add(1);
    store.counter("c").add(1);
    store.counter("c").bind({ x: 1 }).add(1);
    store.histogram("d").record(1);
    store.observableGauge("e", {}, ({ observe }) => observe(1));
    expect(store.readPoints().map(({ name }) => name)).toEqual(["a", "b"]);
    expect(store.stats()).toMatchObject({ instruments: 4 });
    expect(store.stats().dropped["instrument-limit"]).toBe(3);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatchObject({ code: "ELPIS_TELEMETRY_LIMIT" });
  });

  it("are told of by its own instruments", async () => {
    const store = createStore();
    store.counter("a").add(-1);
    await store.observe();
    expect(seriesValue(store, "elpis.telemetry.dropped", { reason: "negative" })).toBe(1);
    expect(seriesValue(store, "elpis.telemetry.series")).toBeGreaterThan(0);
  });
});
