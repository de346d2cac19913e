import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { windowOf } from "../src/window.ts";
import { histogram, T0 } from "./points.ts";

const MAX_MS = 120_000;
const WITHIN = 0.0056;

describe("the window of a histogram", () => {
  it("is the point itself when it has just begun", () => {
    const point = histogram([1, 2, 3]);
    expect(windowOf(point, undefined, MAX_MS)).toMatchObject({ min: 1, max: 3, mean: 2, p50: 2 });
  });

  it("is not known of one that began long ago", () => {
    expect(windowOf(histogram([1], { start: T0 - MAX_MS - 1 }), undefined, MAX_MS)).toBeUndefined();
  });

  it("is nothing when nothing was recorded", () => {
    const point = histogram([1, 2]);
    expect(windowOf({ ...point, time: T0 + 60_000 }, point, MAX_MS)).toBeUndefined();
  });

  it("forgets what was before, also after a slow first step", () => {
    const before = histogram(new Array(1000).fill(5000));
    const after = histogram([...new Array(1000).fill(5000), ...new Array(100).fill(20)]);
    const window = windowOf(after, before, MAX_MS);
    expect(window?.mean).toBeCloseTo(20, 6);
    expect(window?.min).toBe(20);
    for (const value of [window?.max, window?.p50, window?.p99]) {
      expect(Math.abs((value ?? 0) - 20) / 20).toBeLessThan(WITHIN);
    }
  });

  it("begins anew when the histogram does", () => {
    const before = histogram([1, 1, 1]);
    const after = histogram([7], { start: T0 + 50_000, time: T0 + 60_000 });
    expect(windowOf(after, before, MAX_MS)).toMatchObject({ min: 7, max: 7, p99: 7 });
  });

  it("reads buckets of different scales", () => {
    const before = histogram([4]);
    const { buckets, ...rest } = histogram([4, 64]);
    const coarse = { ...buckets, scale: 0, offset: 1, counts: [1, 0, 0, 0, 1] };
    expect(windowOf({ ...rest, buckets: coarse }, before, MAX_MS)).toMatchObject({
      max: 64,
      p50: 64,
    });
  });

  it("finds the quantiles of random values, as near as the buckets tell", () => {
    const random = seeded(20_261_128);
    for (let round = 0; round < 50; round++) {
      const draw = (): number[] =>
        Array.from({ length: 1 + random.int(300) }, () =>
          random.int(20) === 0 ? 0 : random.next() * 1000,
        );
      const [old, fresh] = [draw(), draw()];
      const window = windowOf(histogram([...old, ...fresh]), histogram(old), MAX_MS);
      const exact = histogram(fresh);
      expect(window?.mean).toBeCloseTo(exact.mean, 6);
      for (const key of ["min", "max", "p50", "p75", "p95", "p99"] as const) {
        expect(Math.abs((window?.[key] ?? -1) - exact[key])).toBeLessThanOrEqual(
          exact[key] * WITHIN,
        );
      }
    }
  });
});
