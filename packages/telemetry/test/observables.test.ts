import { describe, expect, it } from "vitest";
import { type CounterPoint, createStore, OVERFLOW_TAG, type Store } from "../src/index.ts";

async function read(store: Store, name: string): Promise<Record<string, number>> {
  await store.observe();
  const points = store.readPoints({ names: [name] }) as readonly CounterPoint[];
  return Object.fromEntries(points.map(({ tags, value }) => [JSON.stringify(tags), value]));
}

describe("observables", () => {
  it("are asked when values are wanted; series that are not told of are gone", async () => {
    const store = createStore();
    let values: Record<string, number> = { a: 1, b: 2 };
    store.observableGauge("load", {}, ({ observe }) => {
      for (const [id, value] of Object.entries(values)) observe(value, { id });
    });
    expect(await read(store, "load")).toEqual({ '{"id":"a"}': 1, '{"id":"b"}': 2 });
    store.collect();
    values = { b: 5 };
    expect(await read(store, "load")).toEqual({ '{"id":"b"}': 5 });
    expect(store.collect().gone).toHaveLength(1);
    expect(store.collect().gone).toHaveLength(0);
  });

  it("that are counters go on when what they count begins anew", async () => {
    const store = createStore();
    const values = [10, 15, 3, 4];
    store.observableCounter("bytes", {}, ({ observe }) => observe(values.shift() as number));
    const seen = [];
    for (let round = 0; round < 4; round++) seen.push((await read(store, "bytes"))["{}"]);
    expect(seen).toEqual([10, 15, 18, 19]);
  });

  it("have each callback once, and take it away again", async () => {
    const store = createStore();
    let calls = 0;
    const callback = (): void => {
      calls++;
    };
    const observable = store.observableGauge("load", {}, callback);
    observable.addCallback(callback);
    await store.observe();
    expect(calls).toBe(1);
    observable.removeCallback(callback);
    await store.observe();
    expect(calls).toBe(1);
  });

  it("may share a callback, which may tell of its own only", async () => {
    const store = createStore();
    const a = store.observableGauge("a");
    const b = store.observableUpDownCounter("b");
    const c = store.observableGauge("c");
    const off = store.addBatchCallback(
      ({ observe }) => {
        observe(a, 1);
        observe(b, -2);
        observe(c, 3);
      },
      [a, b],
    );
    expect(await read(store, "a")).toEqual({ "{}": 1 });
    expect(await read(store, "b")).toEqual({ "{}": -2 });
    expect(await read(store, "c")).toEqual({});
    expect(store.stats().dropped.observation).toBe(3);
    off();
    expect(await read(store, "a")).toEqual({});
  });

  it("may take their time, but not too long; one that is at work is not called again", async () => {
    const problems: Error[] = [];
    const store = createStore({ observeTimeoutMs: 20, onProblem: (error) => problems.push(error) });
    const calls: (() => void)[] = [];
    let value = 0;
    store.observableGauge("slow", {}, async ({ observe }) => {
      observe(++value);
      await new Promise<void>((resolve) => calls.push(resolve));
      observe(100);
    });
    await store.observe();
    expect(await read(store, "slow")).toEqual({ "{}": 1 });
    expect(calls).toHaveLength(1);
    expect(problems).toMatchObject([{ code: "ELPIS_TELEMETRY_CALLBACK" }]);
    calls[0]?.();
    await new Promise(setImmediate);
    expect(store.stats().dropped).toMatchObject({ callback: 1, observation: 1 });
    const again = read(store, "slow");
    calls[1]?.();
    expect(await again).toEqual({ "{}": 100 });
  });

  it("that throw leave things as they are, harm nobody else, and are told of once", async () => {
    const problems: Error[] = [];
    const store = createStore({ onProblem: (error) => problems.push(error) });
    let isBroken = false;
    store.observableGauge("a", {}, ({ observe }) => {
      if (isBroken) throw new Error("no");
      observe(1);
    });
    store.observableGauge("b", {}, async ({ observe }) => observe(2));
    await store.observe();
    isBroken = true;
    expect(await read(store, "a")).toEqual({ "{}": 1 });
    expect(await read(store, "b")).toEqual({ "{}": 2 });
    expect(problems).toHaveLength(1);
    expect(store.stats().dropped.callback).toBe(2);
  });

  it("are only asked where their level is wanted", async () => {
    const store = createStore();
    const asked: string[] = [];
    store.observableGauge("a", { level: "critical" }, () => void asked.push("a"));
    store.observableGauge("b", { level: "trivial" }, () => void asked.push("b"));
    await store.observe(new Set(["critical"] as const));
    expect(asked).toEqual(["a"]);
  });

  it("sum up in the overflow series, anew each time", async () => {
    const store = createStore({ limits: { seriesPerInstrument: 2 } });
    store.observableUpDownCounter("sizes", {}, ({ observe }) => {
      for (let id = 0; id < 5; id++) observe(10, { id });
    });
    const wanted = { '{"id":0}': 10, '{"id":1}': 10, [`{"${OVERFLOW_TAG}":true}`]: 30 };
    expect(await read(store, "sizes")).toEqual(wanted);
    expect(await read(store, "sizes")).toEqual(wanted);
  });
});
