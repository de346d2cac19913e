import { seeded } from "@elpis/testing";
import { describe, expect, test } from "vitest";

const BAD_ARGUMENT = expect.objectContaining({ code: "ELPIS_TESTING_BAD_ARGUMENT" });

function series(seed: number, length: number): number[] {
  const random = seeded(seed);
  return Array.from({ length }, () => random.next());
}

describe("seeded", () => {
  test("gives the same series for the same seed, and another one for another", () => {
    expect(series(42, 100)).toEqual(series(42, 100));
    expect(series(42, 100)).not.toEqual(series(43, 100));
    expect(seeded(42).seed).toBe(42);
  });

  test("is mulberry32, so that a run can be repeated in any language", () => {
    // Known values of mulberry32 for the seed 1.
    expect(series(1, 3).map((value) => value * 2 ** 32)).toEqual([
      2693262067, 11749833, 2265367787,
    ]);
  });

  test("stays in [0, 1) and spreads evenly", () => {
    const random = seeded(7);
    const buckets = new Array<number>(10).fill(0);
    for (let run = 0; run < 10_000; run++) {
      const value = random.next();
      expect(value >= 0 && value < 1).toBe(true);
      const bucket = Math.floor(value * 10);
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test("int and pick reach every element and nothing else", () => {
    const random = seeded(3);
    const ints = new Set(Array.from({ length: 500 }, () => random.int(5)));
    expect([...ints].sort()).toEqual([0, 1, 2, 3, 4]);
    const picks = new Set(Array.from({ length: 500 }, () => random.pick(["a", "b", "c"])));
    expect([...picks].sort()).toEqual(["a", "b", "c"]);
    expect(random.int(1)).toBe(0);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 33])("int refuses %s", (n) => {
    expect(() => seeded(1).int(n)).toThrow(BAD_ARGUMENT);
  });

  test("pick refuses an empty list", () => {
    expect(() => seeded(1).pick([])).toThrow(BAD_ARGUMENT);
  });
});
