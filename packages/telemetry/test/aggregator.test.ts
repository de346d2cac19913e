import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import {
  type Aggregator,
  type AggregatorOptions,
  createAggregator,
  createStore,
  OVERFLOW_TAG,
  observeAggregator,
  type Point,
  type ReadOptions,
  type Source,
} from "../src/index.ts";
import { type DeltaMaker, deltaMaker } from "./support/network.ts";

const source = (index: number, epoch = 1, name = "web"): Source => ({
  app: "shop",
  name,
  index,
  epoch,
});

interface Clock {
  now: number;
}

function setup(options: AggregatorOptions = {}): { aggregator: Aggregator; clock: Clock } {
  const clock = { now: 0 };
  const aggregator = createAggregator({
    now: () => clock.now,
    wallTime: () => 1_000_000 + clock.now,
    ...options,
  });
  return { aggregator, clock };
}

function numbers(aggregator: Aggregator, name: string, options: ReadOptions = {}): unknown[] {
  const points = aggregator.readPoints({ ...options, filter: { names: [name] } });
  return points.map((point) => (point.kind === "histogram" ? point.count : point.value));
}

describe("an aggregator", () => {
  it("adds up what workers count, and keeps what the dead have counted", () => {
    const { aggregator } = setup();
    const makers = [0, 1].map((index) => deltaMaker(`run-${index}`));
    for (const [index, { store, next }] of makers.entries()) {
      for (let times = 0; times < 4; times++) store.counter("jobs").add(5);
      store.histogram("times").record(10 + index);
      expect(aggregator.take(source(index), next())).toBe("taken");
    }
    expect(numbers(aggregator, "jobs")).toEqual([40]);
    expect(numbers(aggregator, "jobs", { scope: "process" })).toEqual([20, 20]);
    aggregator.gone(source(0));
    const again = deltaMaker("run-0b");
    again.store.counter("jobs").add(1);
    aggregator.take(source(0, 2), again.next());
    expect(numbers(aggregator, "jobs")).toEqual([41]);
    expect(numbers(aggregator, "times")).toEqual([2]);
    expect(numbers(aggregator, "jobs", { scope: "process" })).toEqual([20, 1]);
    const [point] = aggregator.readPoints({ filter: { names: ["times"] } });
    expect(point).toMatchObject({ kind: "histogram", min: 10, max: 11, sum: 21 });
  });

  it("merges names of an application, and keeps applications apart", () => {
    const { aggregator } = setup();
    for (const [at, from] of [
      source(0),
      source(0, 1, "jobs"),
      { ...source(0), app: "other" },
    ].entries()) {
      const { store, next } = deltaMaker(`run-${at}`);
      store.counter("jobs").add(10 ** at, { kind: "x" });
      store.histogram("times").record(1);
      store.gauge("size", { merge: "max" }).record(at);
      aggregator.take(from, next());
    }
    expect(numbers(aggregator, "jobs", { scope: "app" })).toEqual([11, 100]);
    expect(numbers(aggregator, "times", { scope: "app" })).toEqual([2, 1]);
    expect(numbers(aggregator, "size", { scope: "app" })).toEqual([1, 2]);
    const filter = { apps: ["shop"], processes: ["jobs"], names: ["jobs"] };
    expect(aggregator.readPoints({ filter })).toMatchObject([
      { value: 10, source: { app: "shop", name: "jobs" }, tags: { kind: "x" } },
    ]);
    expect(aggregator.readPoints({ filter: { groups: ["http"] } })).toEqual([]);
    expect(aggregator.readPoints({ filter: { levels: ["critical"] } })).toEqual([]);
  });

  it.each([
    ["avg", 4],
    ["sum", 8],
    ["min", 2],
    ["max", 6],
    ["last", 2],
  ] as const)("makes one gauge of several: %s", (merge, wanted) => {
    const { aggregator } = setup();
    for (const [index, value] of [6, 2].entries()) {
      const { store, next } = deltaMaker(`run-${index}`);
      store.gauge("size", { merge }).record(value);
      aggregator.take(source(index), next());
    }
    expect(numbers(aggregator, "size")).toEqual([wanted]);
  });

  it("leaves out gauges and what is under way of those that are gone or say nothing", () => {
    const { aggregator, clock } = setup();
    const makers = [0, 1].map((index) => deltaMaker(`run-${index}`));
    for (const [index, { store, next }] of makers.entries()) {
      store.gauge("size", { merge: "sum" }).record(10);
      store.upDownCounter("open").add(3);
      aggregator.take(source(index), next());
    }
    expect([numbers(aggregator, "size"), numbers(aggregator, "open")]).toEqual([[20], [6]]);
    aggregator.gone(source(0));
    expect([numbers(aggregator, "size"), numbers(aggregator, "open")]).toEqual([[10], [3]]);
    clock.now = 15_001;
    expect([numbers(aggregator, "size"), numbers(aggregator, "open")]).toEqual([[], []]);
    expect(aggregator.processes().map(({ state }) => state)).toEqual(["gone", "stale"]);
    aggregator.take(source(1), makers[1]?.next());
    expect(numbers(aggregator, "size")).toEqual([10]);
  });

  it("takes series away that a process no longer has", async () => {
    const { aggregator } = setup();
    const { store, next } = deltaMaker("run");
    let disks = ["a", "b"];
    store.observableGauge("disk", {}, ({ observe }) => {
      for (const disk of disks) observe(1, { disk });
    });
    await store.observe();
    aggregator.take(source(0), next());
    expect(numbers(aggregator, "disk")).toEqual([1, 1]);
    disks = ["b"];
    await store.observe();
    const series = aggregator.stats().series;
    aggregator.take(source(0), next());
    expect(numbers(aggregator, "disk")).toEqual([1]);
    expect(aggregator.stats().series).toBe(series - 1);
  });

  it("counts nothing twice, asks for everything when something is missing", () => {
    const { aggregator } = setup();
    const { store, next } = deltaMaker("run");
    const jobs = store.counter("jobs").bind();
    jobs.add(1);
    const first = next();
    jobs.add(1);
    const second = next();
    expect(aggregator.take(source(0), second)).toBe("resync");
    expect(aggregator.take(source(0), first)).toBe("taken");
    expect(aggregator.take(source(0), first)).toBe("taken");
    expect(aggregator.take(source(0), second)).toBe("taken");
    jobs.add(1);
    next();
    jobs.add(1);
    expect(aggregator.take(source(0), next())).toBe("resync");
    expect(numbers(aggregator, "jobs")).toEqual([2]);
    expect(aggregator.take(source(0), next({ full: true }))).toBe("taken");
    expect(numbers(aggregator, "jobs")).toEqual([4]);
    expect(aggregator.stats()).toMatchObject({ taken: 3, duplicates: 1, resyncs: 2 });
  });

  it("shows one kind of a name, that of the newest version that runs", () => {
    const { aggregator } = setup();
    const old = deltaMaker("old");
    old.store.counter("jobs").add(1);
    aggregator.take(source(0), old.next());
    const young = deltaMaker("young");
    young.store.gauge("jobs").record(7);
    aggregator.take(source(0, 2), young.next());
    expect(aggregator.readPoints({ filter: { names: ["jobs"] } })).toMatchObject([
      { kind: "gauge", value: 7 },
    ]);
    expect(aggregator.stats().conflicts).toBe(1);
  });
});

describe("the end of processes", () => {
  it("is kept in sight for a while, then forgotten, but never counted twice", () => {
    const { aggregator, clock } = setup({ expireAfterMs: 60_000 });
    const { store, next } = deltaMaker("run");
    store.counter("jobs").add(3);
    const first = next();
    aggregator.take(source(0), first);
    aggregator.gone(source(0));
    expect(numbers(aggregator, "jobs", { scope: "process" })).toEqual([3]);
    clock.now = 60_000;
    expect(numbers(aggregator, "jobs", { scope: "process" })).toEqual([]);
    expect(numbers(aggregator, "jobs")).toEqual([3]);
    expect(aggregator.take(source(0), first)).toBe("taken");
    expect(numbers(aggregator, "jobs")).toEqual([3]);
    expect(aggregator.stats()).toMatchObject({ processes: 0, processSeries: 0, late: 1 });
    // It was only away: what it had is known, what it does from now on counts.
    expect(aggregator.take(source(0), next())).toBe("resync");
    expect(aggregator.take(source(0), next({ full: true }))).toBe("taken");
    store.counter("jobs").add(2);
    aggregator.take(source(0), next());
    expect(numbers(aggregator, "jobs")).toEqual([5]);
  });

  it("leaves sums that are given up after a day; those who come again begin anew", () => {
    const { aggregator, clock } = setup({ keepSumsMs: 86_400_000 });
    const read = (scope: "name" | "app"): unknown[] =>
      aggregator
        .readPoints({ scope, filter: { names: ["jobs", "times"] } })
        .map((point) => [point.kind === "histogram" ? point.count : point.value, point.start]);
    const day = (hours: number): number => hours * 3_600_000;
    const old = deltaMaker("old", createStore({ run: "old", wallTime: () => 500 }));
    old.store.counter("jobs").add(3, { version: 1 });
    old.store.histogram("times").record(3);
    aggregator.take(source(0), old.next());
    const other = deltaMaker("other", createStore({ run: "other", wallTime: () => 600 }));
    other.store.counter("jobs").add(4, { version: 1 });
    aggregator.take(source(0, 1, "jobs"), other.next({ everyMs: day(100) }));
    aggregator.gone(source(0));
    clock.now = day(1);
    expect(read("name")).toHaveLength(3);
    clock.now = day(24.9);
    expect(read("name")).toHaveLength(3);
    clock.now = day(25);
    expect(read("name")).toEqual([[4, 600]]);
    expect(read("app")).toEqual([[7, 500]]);
    const restored = setup({ restore: JSON.parse(JSON.stringify(aggregator.snapshot(true))) });
    restored.aggregator.gone(source(0, 1, "jobs"));
    expect(
      restored.aggregator.readPoints({ scope: "app", filter: { names: ["jobs"] } }),
    ).toMatchObject([{ value: 7, start: 500 }]);
    old.store.counter("jobs").add(1, { version: 1 });
    const young = deltaMaker("young", createStore({ run: "young", wallTime: () => 700 }));
    young.store.counter("jobs").add(1, { version: 1 });
    aggregator.take(source(0, 2), young.next());
    expect(read("name")).toEqual([
      [4, 600],
      [1, 1_000_000 + day(25)],
    ]);
    expect(read("app")).toEqual([[8, 500]]);
  });

  it("is what a final delta says as well", () => {
    let changes = 0;
    const { aggregator } = setup({ onMembers: () => changes++ });
    const { store, next } = deltaMaker("run");
    store.gauge("size").record(1);
    aggregator.take(source(0), next({ final: true }));
    expect(numbers(aggregator, "size")).toEqual([]);
    expect(aggregator.processes()).toMatchObject([{ state: "gone", index: 0 }]);
    expect(changes).toBe(2);
  });
});

describe("readers of deltas", () => {
  it("get what has come on top, each by itself", () => {
    const { aggregator, clock } = setup();
    const { store, next } = deltaMaker("run");
    const jobs = store.counter("jobs").bind();
    const times = store.histogram("times").bind();
    const read = (reader: { read(): readonly Point[] }): unknown[] =>
      reader
        .read()
        .map((point) => [
          point.name,
          point.kind === "histogram" ? [point.count, point.sum, point.p50] : point.value,
          point.time - point.start,
        ]);
    jobs.add(1);
    aggregator.take(source(0), next());
    const filter = { names: ["jobs", "times"] };
    const a = aggregator.createReader({ temporality: "delta", filter });
    const b = aggregator.createReader({ temporality: "delta", filter, scope: "process" });
    jobs.add(2);
    times.record(4);
    clock.now = 1000;
    aggregator.take(source(0), next());
    expect(read(a)).toEqual([
      ["jobs", 2, 1000],
      ["times", [1, 4, 4], 1000],
    ]);
    expect(read(a)).toEqual([]);
    jobs.add(4);
    times.record(8);
    clock.now = 3000;
    aggregator.take(source(0), next());
    expect(read(a)).toEqual([
      ["jobs", 4, 2000],
      ["times", [1, 8, expect.closeTo(8, 1)], 2000],
    ]);
    expect(read(b)).toEqual([
      ["jobs", 6, 3000],
      ["times", [2, 12, 4], 3000],
    ]);
  });

  it("do not get again what an earlier aggregator may have told", () => {
    const { store, next } = deltaMaker("run");
    store.counter("jobs").add(100);
    store.histogram("times").record(1);
    next();
    const { aggregator } = setup();
    const filter = { names: ["jobs", "times"] };
    const readers = (["process", "name", "app"] as const).map((scope) =>
      aggregator.createReader({ temporality: "delta", filter, scope }),
    );
    aggregator.take(source(0), next({ full: true, carried: true }));
    expect(numbers(aggregator, "jobs")).toEqual([100]);
    for (const reader of readers) expect(reader.read()).toEqual([]);
    store.counter("jobs").add(1);
    store.histogram("times").record(1);
    aggregator.take(source(0), next());
    for (const reader of readers) {
      expect(reader.read()).toMatchObject([{ value: 1 }, { count: 1 }]);
    }
  });
});

describe("limits of an aggregator", () => {
  it("on the merged series of an instrument keep the total", () => {
    const { aggregator } = setup({ limits: { seriesPerInstrument: 5 } });
    for (let index = 0; index < 4; index++) {
      const { store, next } = deltaMaker(`run-${index}`);
      for (let id = 0; id < 4; id++) store.counter("jobs").add(1, { id: 4 * index + id });
      aggregator.take(source(index), next());
    }
    const points = aggregator.readPoints({ filter: { names: ["jobs"] } });
    expect(points).toHaveLength(6);
    expect(points.at(-1)).toMatchObject({ value: 11, tags: { [OVERFLOW_TAG]: true } });
    expect(aggregator.stats().overflowed).toBe(11);
  });

  it("on series, names and processes are kept and counted", () => {
    const { aggregator } = setup({ limits: { seriesPerProcess: 3, names: 2, processes: 4 } });
    for (let index = 0; index < 6; index++) {
      const { store, next } = deltaMaker(`run-${index}`);
      for (let id = 0; id < 4; id++) store.counter("jobs").add(1, { id });
      expect(aggregator.take(source(0, 1, `name-${index}`), next())).toBe("taken");
      if (index === 4) aggregator.gone(source(0, 1, "name-0"));
    }
    const names = aggregator.readPoints().map((point) => point.source.name);
    expect([...new Set(names)]).toEqual(["name-0", "name-1", "_other"]);
    expect(aggregator.processes().map(({ name }) => name)).toEqual([
      "name-1",
      "name-2",
      "name-3",
      "name-5",
    ]);
    // One value too many of each of five processes, and one process too many.
    expect(aggregator.stats().dropped).toBe(5 + 1);
  });
});

describe("what an aggregator has done", () => {
  it("can be told by the store of its process", async () => {
    const { aggregator } = setup();
    const { store, next } = deltaMaker("run");
    store.counter("jobs").add(1);
    const first = next();
    aggregator.take(source(0), first);
    aggregator.take(source(0), first);
    const own = createStore();
    observeAggregator(own, aggregator);
    await own.observe();
    const names = ["deltas", "processes"].map((part) => `elpis.telemetry.aggregator.${part}`);
    const told = own
      .readPoints({ names })
      .map((point) =>
        point.kind === "histogram" ? [] : [...Object.values(point.tags), point.value],
      );
    expect(told).toEqual([
      [1],
      ["taken", 1],
      ["duplicates", 1],
      ["resyncs", 0],
      ["bad", 0],
      ["late", 0],
    ]);
  });
});

describe("what is no delta", () => {
  const maker: DeltaMaker = deltaMaker("run", createStore({ run: "run" }));
  maker.store.counter("jobs").add(1, { a: 1 });
  maker.store.histogram("times").record(5);
  const good = maker.next();

  it.each([
    ["nothing", undefined],
    ["a text", "delta"],
    ["another form", { ...good, v: 2 }],
    ["no number", { ...good, seq: -1 }],
    ["half a pair", { ...good, numbers: [1] }],
    ["not a finite number", { ...good, numbers: [1, Number.NaN] }],
    ["a tag without a value", { ...good, series: [[1, 1, ["a"]]] }],
    ["a tag that is an object", { ...good, series: [[1, 1, ["a", {}]]] }],
    ["a bucket out of reach", { ...good, histograms: [[1, 1, 1, 1, 1, 0, 6, [1e9, 1]]] }],
    ["a finer scale than there is", { ...good, histograms: [[1, 1, 1, 1, 1, 0, 7, []]] }],
    ["an instrument without a name", { ...good, instruments: [[1]] }],
  ])("is refused: %s", (_, value) => {
    const { aggregator } = setup();
    expect(() => aggregator.take(source(0), value)).toThrow(
      expect.objectContaining({ code: "ELPIS_TELEMETRY_BAD_DELTA" }),
    );
    expect(aggregator.stats()).toMatchObject({ bad: 1, processes: 0, series: 0 });
  });

  it("or lies, harms nobody: sums stay, and it is counted", () => {
    const { aggregator } = setup();
    expect(aggregator.take(source(0), good)).toBe("taken");
    const lie = { ...good, seq: 2, numbers: good.numbers.map((part, at) => (at % 2 ? 0 : part)) };
    const [histogram] = good.histograms;
    const histograms = [histogram?.map((part, at) => (at === 1 ? 0 : part))];
    aggregator.take(source(0), { ...lie, histograms });
    expect(numbers(aggregator, "jobs")).toEqual([1]);
    expect(numbers(aggregator, "times")).toEqual([1]);
    expect(aggregator.stats().fallen).toBe(2);
  });

  it("or is anything at all, never breaks it", () => {
    const { aggregator } = setup();
    const odd = [undefined, null, -1, 1.5, "x", [], {}, [1, 2], true, 2 ** 40];
    for (let seed = 1; seed <= 500; seed++) {
      const random = seeded(seed);
      const delta = structuredClone(good) as unknown as Record<string, unknown>;
      delta.seq = seed + 10;
      const key = random.pick(Object.keys(delta));
      const list = delta[key];
      if (Array.isArray(list) && list.length > 0 && random.int(2) === 0) {
        const inner = list[random.int(list.length)];
        if (Array.isArray(inner)) inner[random.int(inner.length)] = random.pick(odd);
        else list[random.int(list.length)] = random.pick(odd);
      } else delta[key] = random.pick(odd);
      try {
        aggregator.take(source(0), delta);
      } catch (error) {
        expect(error, `seed ${seed}`).toMatchObject({ code: "ELPIS_TELEMETRY_BAD_DELTA" });
      }
      aggregator.readPoints();
    }
    expect(aggregator.stats().bad).toBeGreaterThan(50);
  });
});

describe("snapshots", () => {
  it("are plain data that another aggregator goes on from", () => {
    const first = setup();
    const makers = [0, 1].map((index) => deltaMaker(`run-${index}`));
    for (const [index, { store, next }] of makers.entries()) {
      store.counter("jobs").add(5, { a: 1 });
      store.histogram("times").record(2);
      first.aggregator.take(source(index), next());
    }
    first.aggregator.gone(source(0));
    const restore = JSON.parse(JSON.stringify(first.aggregator.snapshot()));
    const { aggregator, clock } = setup({ restore });
    // The one that lives may have done more: sums are not told before it is known.
    expect(numbers(aggregator, "jobs")).toEqual([]);
    expect(aggregator.processes().map(({ state }) => state)).toEqual(["gone", "expected"]);
    makers[1]?.store.counter("jobs").add(1, { a: 1 });
    expect(aggregator.take(source(1), makers[1]?.next())).toBe("resync");
    clock.now = 100;
    expect(aggregator.take(source(1), makers[1]?.next({ full: true }))).toBe("taken");
    expect(numbers(aggregator, "jobs")).toEqual([11]);
    expect(numbers(aggregator, "times")).toEqual([2]);
  });

  it("keep the start of sums; where something is lost, they have a new one", () => {
    const first = setup();
    const { store, next } = deltaMaker("run");
    store.counter("jobs").add(5);
    first.aggregator.take(source(0), next());
    const read = (aggregator: Aggregator): readonly Point[] =>
      aggregator.readPoints({ filter: { names: ["jobs"] } });
    const [before] = read(first.aggregator);
    const final = setup({ restore: first.aggregator.snapshot(true) });
    final.aggregator.gone(source(0));
    expect(read(final.aggregator)).toMatchObject([{ value: 5, start: before?.start }]);
    const crashed = setup({ restore: first.aggregator.snapshot() });
    crashed.clock.now = 10_000;
    expect(read(crashed.aggregator)).toMatchObject([{ value: 5, start: 1_010_000 }]);
    expect(crashed.aggregator.stats().lostProcesses).toBe(1);
    const told = setup({ restore: first.aggregator.snapshot() });
    told.clock.now = 500;
    told.aggregator.gone(source(0));
    expect(read(told.aggregator)).toMatchObject([{ value: 5, start: 1_000_500 }]);
  });

  it("are whole again by the last thing that was told, also when they had it", () => {
    const first = setup();
    const { store, next } = deltaMaker("run");
    store.counter("jobs").add(5);
    const last = next();
    first.aggregator.take(source(0), last);
    const { aggregator } = setup({ restore: first.aggregator.snapshot() });
    expect(numbers(aggregator, "jobs")).toEqual([]);
    expect(aggregator.take(source(0), last)).toBe("taken");
    aggregator.gone(source(0));
    const [before] = first.aggregator.readPoints();
    expect(aggregator.readPoints()).toMatchObject([{ value: 5, start: before?.start }]);
    expect(aggregator.stats()).toMatchObject({ lostProcesses: 0, duplicates: 0 });
    expect(aggregator.take(source(0), last)).toBe("taken");
    expect(aggregator.stats().duplicates).toBe(1);
  });

  it("that are none are refused", () => {
    for (const restore of [
      null,
      {},
      { v: 2 },
      { v: 1, content: 5 },
      { v: 1, content: { names: 1 } },
    ]) {
      expect(() => createAggregator({ restore })).toThrow(
        expect.objectContaining({ code: "ELPIS_TELEMETRY_BAD_SNAPSHOT" }),
      );
    }
  });

  it("are not needed for what is still there, which is waited for", () => {
    const { aggregator, clock } = setup({ settleMs: 10_000 });
    aggregator.expect(source(0));
    aggregator.expect(source(1));
    const makers = [0, 1].map((index) => deltaMaker(`run-${index}`));
    for (const { store, next } of makers) {
      store.counter("jobs").add(5);
      next();
    }
    aggregator.take(source(0), makers[0]?.next({ full: true, carried: true }));
    expect(numbers(aggregator, "jobs")).toEqual([]);
    aggregator.take(source(1), makers[1]?.next({ full: true, carried: true }));
    expect(numbers(aggregator, "jobs")).toEqual([10]);
    clock.now = 10_000;
    aggregator.expect(source(2));
    expect(numbers(aggregator, "jobs")).toEqual([10]);
  });
});
