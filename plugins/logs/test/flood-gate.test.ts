import fc from "fast-check";
import { expect, test } from "vitest";
import { FloodGate } from "../src/keeper/flood-gate.ts";

test("what is too much in a time is dropped, and told with the first that pass again", () => {
  const gate = new FloodGate({ lines: 10, perMs: 1000 }, 0);
  expect(gate.take(8, 1)).toEqual({ count: 8, dropped: 0 });
  expect(gate.take(8, 500)).toEqual({ count: 2, dropped: 0 });
  expect(gate.take(5, 999)).toEqual({ count: 0, dropped: 0 });
  expect(gate.take(3, 1000)).toEqual({ count: 3, dropped: 11 });
  expect(gate.dropped).toBe(11);
  expect(gate.rest()).toBe(0);
});

test("each line passes, or is told to be dropped, once", () => {
  const step = fc.record({ count: fc.nat(30), afterMs: fc.nat(900) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const gate = new FloodGate({ lines: 20, perMs: 1000 }, 0);
      let now = 0;
      let [sent, passed, told] = [0, 0, 0];
      for (const { count, afterMs } of steps) {
        now += afterMs;
        const result = gate.take(count, now);
        sent += count;
        passed += result.count;
        told += result.dropped;
      }
      told += gate.rest();
      expect(passed + told).toBe(sent);
      expect(told).toBe(gate.dropped);
    }),
    { numRuns: 500 },
  );
});
