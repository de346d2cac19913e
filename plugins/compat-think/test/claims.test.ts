import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { CLAIM_MS, Claims } from "../src/claims.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 2000);
const ALL = new Set([1, 2, 3]);

describe("Claims", () => {
  it("grants a task to the first who calls, and to nobody else", () => {
    const claims = new Claims();
    expect([2, 1, 3].map((caller) => claims.take("a", caller, ALL, 0))).toEqual([
      true,
      false,
      false,
    ]);
    expect(claims.take("b", 1, ALL, 0)).toBe(true);
  });

  it("takes a second call of one caller for another task, to which the others' second calls belong", () => {
    const claims = new Claims();
    expect([1, 1, 2, 2].map((caller) => claims.take("a", caller, ALL, 0))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("forgets after ten seconds, and not before", () => {
    const claims = new Claims();
    claims.take("a", 1, ALL, 0);
    expect(claims.take("a", 2, ALL, CLAIM_MS - 1)).toBe(false);
    expect(claims.take("a", 3, ALL, CLAIM_MS)).toBe(true);
  });

  it("forgets what a worker ran that has left", () => {
    const claims = new Claims();
    claims.take("a", 1, ALL, 0);
    expect(claims.take("a", 2, new Set([2, 3]), 1)).toBe(true);
  });

  it("keeps a bounded number", () => {
    const claims = new Claims();
    for (let n = 0; n < 5000; n++) claims.take(`task ${n}`, 1, ALL, 0);
    expect(claims.size).toBeLessThanOrEqual(1000);
    expect(claims.take("task 4999", 2, ALL, 0)).toBe(false);
  });

  it("runs each task once, however the calls of the workers come in between one another", () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const tasks = 1 + random.int(6);
      const claims = new Claims();
      const called = new Map([...ALL].map((caller) => [caller, 0]));
      const ran = new Array<number>(tasks).fill(0);
      for (let left = tasks * ALL.size; left > 0; left--) {
        const waiting = [...called].filter(([, calls]) => calls < tasks);
        const [caller, calls] = random.pick(waiting);
        called.set(caller, calls + 1);
        // All workers call the tasks in the same order: the n-th call of each is the n-th task.
        if (claims.take("same text", caller, ALL, 0)) ran[calls] = (ran[calls] ?? 0) + 1;
      }
      expect(ran, `seed ${seed}`).toEqual(ran.map(() => 1));
    }
  });
});
