import { expect, it } from "vitest";
import { rangeOf } from "../../src/exemplars/exemplar.ts";
import { type KeptExemplar, KeptExemplars } from "../../src/exemplars/kept.ts";
import { traceOf } from "../support/traces.ts";

const one = (value: number, at: number, seq = 0): KeptExemplar => {
  const { traceId, spanId } = traceOf(at);
  return { ...{ value, at, seq, traceId, spanId }, range: rangeOf(value), time: 5000 + at };
};

const values = (kept: KeptExemplars, now: number, after?: number): number[] =>
  kept.read(now, after).map(({ value }) => value);

it("keeps the newest of each range, whoever tells first", () => {
  const kept = new KeptExemplars();
  for (const [value, at] of [
    [3, 10],
    [2, 30],
    [4, 20],
    [50, 5],
  ] as const) {
    kept.put(one(value, at));
  }
  expect(kept.read(30)).toMatchObject([
    { value: 50, time: 5005 },
    { value: 2, time: 5030, tags: { trace_id: traceOf(30).traceId } },
  ]);
});

it("keeps the newest eight when there are more ranges", () => {
  const kept = new KeptExemplars();
  for (let at = 1; at <= 10; at++) kept.put(one(4 ** at, at));
  kept.put(one(4 ** 20, 0));
  expect(values(kept, 10)).toEqual([3, 4, 5, 6, 7, 8, 9, 10].map((at) => 4 ** at));
});

it("forgets what is older than ten minutes", () => {
  const kept = new KeptExemplars();
  kept.put(one(1, 0));
  kept.put(one(100, 60_000));
  expect(values(kept, 600_000)).toEqual([1, 100]);
  expect(values(kept, 600_001)).toEqual([100]);
  expect(values(kept, 660_001)).toEqual([]);
});

it("knows what came after another", () => {
  const kept = new KeptExemplars();
  expect(kept.lastSeq).toBe(0);
  kept.put(one(1, 1));
  kept.put(one(10, 2, 7));
  expect(kept.lastSeq).toBe(7);
  expect(values(kept, 2, 0)).toEqual([10]);
  expect(values(kept, 2, 7)).toEqual([]);
});
