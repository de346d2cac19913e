import { expect, it } from "vitest";
import {
  type Aggregator,
  type AggregatorOptions,
  createAggregator,
  createDeltaSender,
  createStore,
  type Delta,
  type Exemplar,
  type HistogramPoint,
  type Point,
  type ReadOptions,
} from "../../src/index.ts";
import { fakeTimers } from "../support/fake-timers.ts";
import { type DeltaMaker, deltaMaker, Receiver } from "../support/network.ts";
import { FakeTracer, numberOf, traceOf } from "../support/traces.ts";

const START = 1_000_000;
const web = (index: number) => ({ app: "shop", name: "web", index, epoch: 1 });

function setup() {
  const clock = { ms: 0 };
  const clocks = { now: () => clock.ms, wallTime: () => START + clock.ms };
  const tracer = new FakeTracer();
  const process = (run: string): DeltaMaker & { time(): Partial<Delta> } => {
    const maker = deltaMaker(run, createStore({ run, ...clocks }));
    return { ...maker, time: () => ({ time: clocks.wallTime() }) };
  };
  return {
    ...{ clock, clocks, process },
    agent: (options: AggregatorOptions = {}) => createAggregator({ ...clocks, ...options }),
    /** Records in a trace of that number. */
    record: ({ store }: DeltaMaker, value: number, trace: number, tags = {}) => {
      tracer.current = traceOf(trace);
      store.histogram("times", { unit: "ms" }).record(value, tags);
      tracer.current = undefined;
    },
  };
}

const exemplarsOf = (points: readonly Point[]): readonly Exemplar[] =>
  points
    .filter((point): point is HistogramPoint => point.kind === "histogram")
    .flatMap(({ exemplars = [] }) => exemplars);
const traces = (points: readonly Point[]): number[] =>
  exemplarsOf(points).map(({ tags }) => numberOf(tags.trace_id));
const read = (aggregator: Aggregator, options: ReadOptions = {}): number[] =>
  traces(aggregator.readPoints(options));

it("leads from the store to points of every scope", () => {
  const { process, agent, record, clock } = setup();
  const aggregator = agent();
  const makers = ["a", "b"].map(process);
  for (const [index, maker] of makers.entries()) {
    record(maker, 3 + index, 10 + index);
    record(maker, 100 * 4 ** index, 20 + index);
    clock.ms += 100;
    expect(aggregator.take(web(index), maker.next(maker.time()))).toBe("taken");
  }
  expect(traces(makers[0]?.store.readPoints() ?? [])).toEqual([10, 20]);
  expect(read(aggregator, { scope: "process" })).toEqual([10, 20, 11, 21]);
  // Of each range the newest.
  for (const scope of ["name", "app"] as const) {
    expect(read(aggregator, { scope }).sort()).toEqual([11, 20, 21]);
  }
  const { traceId, spanId } = traceOf(20);
  expect(exemplarsOf(aggregator.readPoints())).toContainEqual({
    ...{ value: 100, time: START, tags: { trace_id: traceId, span_id: spanId } },
  });
});

it("keeps them for ten minutes, and until there are newer ones", () => {
  const { process, agent, record, clock } = setup();
  const aggregator = agent();
  const maker = process("a");
  record(maker, 3, 1);
  record(maker, 900, 2);
  aggregator.take(web(0), maker.next(maker.time()));
  clock.ms = 300_000;
  record(maker, 2.5, 3);
  aggregator.take(web(0), maker.next(maker.time()));
  expect(read(aggregator)).toEqual([2, 3]);
  clock.ms = 600_001;
  expect(read(aggregator)).toEqual([3]);
  expect(read(aggregator, { scope: "app" })).toEqual([3]);
  clock.ms = 900_001;
  expect(read(aggregator)).toEqual([]);
  expect(aggregator.readPoints()[0]).not.toHaveProperty("exemplars");
});

it("tells each to a reader of deltas once", () => {
  const { process, agent, record } = setup();
  const aggregator = agent();
  const maker = process("a");
  const send = (more: Partial<Delta> = {}): void => {
    const delta = maker.next({ ...maker.time(), ...more });
    expect(aggregator.take(web(0), delta)).toBe("taken");
    expect(aggregator.take(web(0), delta)).toBe("taken");
  };
  record(maker, 3, 1);
  send();
  const [reader, app, late] = [
    aggregator.createReader({ temporality: "delta" }),
    aggregator.createReader({ temporality: "delta", scope: "app" }),
    aggregator.createReader({ temporality: "delta", scope: "process" }),
  ];
  expect(traces(reader.read())).toEqual([]);
  record(maker, 3.5, 2);
  record(maker, 30, 3);
  send();
  expect(traces(reader.read())).toEqual([2, 3]);
  maker.store.histogram("times").record(2);
  // Everything is told anew.
  send({ full: true });
  const [point] = reader.read();
  expect(point).toMatchObject({ kind: "histogram", count: 1 });
  expect(point).not.toHaveProperty("exemplars");
  record(maker, 3.2, 4);
  send({ full: true });
  expect(traces(reader.read())).toEqual([4]);
  expect(traces(app.read()).sort()).toEqual([3, 4]);
  expect(traces(late.read()).sort()).toEqual([3, 4]);
  expect(read(aggregator).sort()).toEqual([3, 4]);
});

it("tells a reader of deltas nothing that an earlier aggregator may have told, but shows it", () => {
  const { process, agent, record } = setup();
  for (const isFinal of [true, false]) {
    const maker = process(`run-${isFinal}`);
    const first = agent();
    record(maker, 3, 1);
    first.take(web(0), maker.next(maker.time()));
    const restore = structuredClone(first.snapshot(isFinal));
    expect(JSON.stringify(restore)).not.toContain(traceOf(1).traceId);
    const second = agent({ restore });
    const reader = second.createReader({ temporality: "delta" });
    record(maker, 30, 2);
    expect(second.take(web(0), maker.next(maker.time()))).toBe("resync");
    const full = maker.next({ ...maker.time(), full: true, carried: true });
    expect(second.take(web(0), full)).toBe("taken");
    expect(traces(reader.read())).toEqual([]);
    expect(read(second)).toEqual([1, 2]);
    record(maker, 2.5, 3);
    second.take(web(0), maker.next(maker.time()));
    expect(traces(reader.read())).toEqual([3]);
  }
});

it("is nothing to those who know nothing of it", () => {
  const { process, agent, record } = setup();
  const aggregator = agent();
  const maker = process("a");
  maker.store.histogram("times", { unit: "ms" }).record(3);
  const before = maker.next(maker.time());
  expect(before.histograms[0]).toHaveLength(8);
  expect(aggregator.take(web(0), before)).toBe("taken");
  record(maker, 3, 1);
  const [after] = maker.next(maker.time()).histograms;
  expect(after).toHaveLength(9);
  expect(after?.[8]).toMatchObject([[1, 3, START, traceOf(1).traceId, traceOf(1).spanId]]);
  const nobody = JSON.stringify(createStore().collect());
  expect(nobody).not.toContain("exemplar");
});

/** As a version left it that knew nothing of exemplars: one value of 3. */
const OLD_SNAPSHOT = `{"v":1,"time":1000000,"isFinal":true,"content":{
  "variants":[[0,"times",3,"ms","","",2,0,null]],"apps":[["shop",0,0,[]]],
  "names":[["shop","web",0,[[0,[],1000000,false,[0,1,3,3,3,0,6,[101,1]]]]]],
  "processes":[["shop","web",0,1,"a",1,1000000,5000,false,false,[[1,0,[],false,[0,1,3,3,3,0,6,[101,1]]]]]],
  "tombstones":[]}}`;

it("goes on after a snapshot of one that knew nothing of it", () => {
  const { process, agent, record } = setup();
  const aggregator = agent({ restore: JSON.parse(OLD_SNAPSHOT) });
  const maker = process("a");
  maker.store.histogram("times", { unit: "ms" }).record(3);
  maker.next(maker.time());
  record(maker, 30, 1);
  const full = maker.next({ ...maker.time(), full: true, carried: true });
  expect(aggregator.take(web(0), full)).toBe("taken");
  expect(aggregator.readPoints()).toMatchObject([
    { count: 2, sum: 33, exemplars: [{ value: 30 }] },
  ]);
});

it.each([
  ["no list", "x"],
  ["a number that is none", [[-1, 1, START, traceOf(1).traceId, traceOf(1).spanId]]],
  ["a value that cannot be", [[1, -1, START, traceOf(1).traceId, traceOf(1).spanId]]],
  ["a time that no clock has", [[1, 1, 1e300, traceOf(1).traceId, traceOf(1).spanId]]],
  ["ids that are too long", [[1, 1, START, "0".repeat(33), traceOf(1).spanId]]],
  ["no ids", [[1, 1, START]]],
])("is refused with %s", (_, exemplars) => {
  const { process, agent } = setup();
  const maker = process("a");
  maker.store.histogram("times").record(3);
  const delta = maker.next(maker.time());
  const histograms = delta.histograms.map((one) => [...one, exemplars]);
  expect(() => agent().take(web(0), { ...delta, histograms })).toThrow(
    expect.objectContaining({ code: "ELPIS_TELEMETRY_BAD_DELTA" }),
  );
});

it("does not make a delta larger than it may be", async () => {
  const { clocks, record, process } = setup();
  const maker = process("a");
  const receiver = new Receiver();
  const sender = createDeltaSender({
    ...{ store: maker.store, send: receiver.send, maxBytes: 10_000 },
    clock: { ...fakeTimers(), wallTime: clocks.wallTime },
  });
  const series = 500;
  for (let id = 0; id < series; id++) {
    for (const value of [1, 10, 100, 1000, 10_000]) record(maker, value, id * 10 + 1, { id });
  }
  expect(await sender.flush()).toBe(true);
  const all = receiver.got.flatMap(({ histograms }) => histograms);
  expect(all).toHaveLength(series);
  expect(all.map(([, , , , , , , , exemplars]) => exemplars?.length)).toEqual(
    new Array(series).fill(4),
  );
  expect(receiver.got.length).toBeGreaterThan(10);
  for (const delta of receiver.got) expect(JSON.stringify(delta).length).toBeLessThan(15_000);
});

it("counts those whose trace has no right ids; the value itself counts", () => {
  const tracer = new FakeTracer();
  const store = createStore();
  tracer.current = { ...traceOf(1), traceId: "order-7" };
  store.histogram("times").record(3);
  expect(store.stats().dropped.exemplar).toBe(1);
  expect(store.readPoints({ names: ["times"] })).toMatchObject([{ count: 1 }]);
});
