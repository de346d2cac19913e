import { expect, it } from "vitest";
import { RecordedExemplars } from "../../src/exemplars/recorded.ts";
import { FakeTracer, numberOf, traceOf } from "../support/traces.ts";

function setup() {
  const tracer = new FakeTracer();
  const clock = {
    ...{ ms: 0, set: 1_000_000 },
    now: () => clock.ms,
    wallTime: () => clock.set + clock.ms,
  };
  const exemplars = new RecordedExemplars(clock);
  return {
    ...{ tracer, clock, exemplars },
    /** Records values, each in a trace of its own: the value itself is its number. */
    record: (...values: number[]) => {
      for (const value of values) {
        tracer.current = traceOf(Math.round(value * 1000));
        expect(exemplars.record(value)).toBe(true);
      }
    },
    collected: () => exemplars.collect().map(([, value]) => value),
    read: () => exemplars.read().map(({ value }) => value),
  };
}

it("keeps the slowest of each power of four, with its trace", () => {
  const { record, clock, exemplars } = setup();
  record(2, 3, 2.5);
  clock.ms = 500;
  record(60, 17, 64, 1.5);
  expect(exemplars.read()).toEqual([
    {
      ...{ value: 3, time: 1_000_000 },
      tags: { trace_id: traceOf(3000).traceId, span_id: traceOf(3000).spanId },
    },
    {
      ...{ value: 64, time: 1_000_500 },
      tags: { trace_id: traceOf(64_000).traceId, span_id: traceOf(64_000).spanId },
    },
  ]);
});

it("asks for the trace only where there is a place", () => {
  const { record, tracer, exemplars } = setup();
  record(3);
  expect(tracer.asked).toBe(1);
  for (let times = 0; times < 100; times++) exemplars.record(2.9);
  expect(tracer.asked).toBe(1);
});

it("has the four highest when values are far apart, so that what is slow is among them", () => {
  const { record, collected } = setup();
  record(0, 0.2, 3, 12, 40, 0.1, 5000);
  expect(collected().sort((a, b) => a - b)).toEqual([3, 12, 40, 5000]);
});

it("lets all that was collected go for what comes, the oldest first", () => {
  const { record, collected, read } = setup();
  record(3000, 200, 12, 2);
  expect(collected()).toEqual([3000, 200, 12, 2]);
  expect(collected()).toEqual([]);
  record(1.5);
  record(0.2);
  expect(collected()).toEqual([0.2, 1.5]);
  // The newest last.
  expect(read()).toEqual([200, 12, 1.5, 0.2]);
});

it("gives all once more to one that has forgotten them, with the same numbers, but nothing that is old", () => {
  const { record, collected, exemplars, clock } = setup();
  record(3);
  clock.ms = 400_000;
  record(30);
  const first = exemplars.collect();
  exemplars.forgetCollected();
  expect(exemplars.collect()).toEqual(first);
  expect(first.map(([number]) => number)).toEqual([1, 2]);
  clock.ms = 700_000;
  exemplars.forgetCollected();
  expect(collected()).toEqual([30]);
  clock.ms = 1_000_001;
  exemplars.forgetCollected();
  expect(collected()).toEqual([]);
});

it("does not mind that somebody sets the clock once it was looked at", () => {
  const { record, read, clock } = setup();
  record(3);
  expect(read()).toEqual([3]);
  clock.set += 3_600_000;
  expect(read()).toEqual([3]);
  clock.set = 0;
  clock.ms = 600_001;
  expect(read()).toEqual([]);
});

it("has none without a trace, of one that is not recorded, and of one whose ids are none", () => {
  const { exemplars, tracer, read } = setup();
  const say = (current: unknown): boolean => {
    tracer.current = current as typeof tracer.current;
    return exemplars.record(1);
  };
  expect(say(undefined)).toBe(true);
  expect(say(traceOf(1, false))).toBe(true);
  expect(say({ ...traceOf(1), traceId: "order-7" })).toBe(false);
  expect(say({ ...traceOf(1), spanId: undefined })).toBe(false);
  expect(read()).toEqual([]);
  expect(say(traceOf(1))).toBe(true);
  expect(exemplars.read().map(({ tags }) => numberOf(tags.trace_id))).toEqual([1]);
});
