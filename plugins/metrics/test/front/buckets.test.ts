import { describe, expect, it } from "vitest";
import { BucketCounter } from "../../src/front/bucket-counter.ts";
import { Counter } from "../../src/front/counter.ts";
import { FastCompass } from "../../src/front/fast-compass.ts";
import { Meter } from "../../src/front/meter.ts";

function clock(): { now: () => number; pass: (ms: number) => void } {
  let at = 0;
  return {
    now: () => at,
    pass: (ms) => {
      at += ms;
    },
  };
}

describe("BucketCounter", () => {
  it("keeps the newest five of seven seconds, the newest first", () => {
    const { now, pass } = clock();
    const counter = new BucketCounter({ intervalMs: 1000, buckets: 5, now });
    for (const count of [10, 20, 30, 40, 50, 60, 70]) {
      if (count > 10) pass(1000);
      counter.update(count);
    }
    expect(counter.getBucketCounts()).toEqual([70, 60, 50, 40, 30]);
    expect(counter.getLastCount()).toBe(60);
    expect(counter.getCount()).toBe(280);
  });

  it("empties buckets in which nothing happened, however long it was", () => {
    const { now, pass } = clock();
    const counter = new BucketCounter({ intervalMs: 1000, buckets: 3, now });
    counter.update(1);
    pass(2000);
    counter.update(2);
    expect(counter.getBucketCounts()).toEqual([2, 0, 1]);
    pass(1e9);
    expect(counter.getBucketCounts()).toEqual([0, 0, 0]);
    expect(counter.getCount()).toBe(3);
  });

  it("adds nothing up when it is told not to", () => {
    const counter = new BucketCounter({ total: false });
    counter.update(3);
    expect(counter.getCount()).toBe(0);
    expect(counter.getBucketCounts()[0]).toBe(3);
  });
});

describe("Counter", () => {
  it("goes 1, 13, 12, 0, and never below", () => {
    const counter = new Counter();
    const seen = [
      () => counter.inc(),
      () => counter.inc(12),
      () => counter.dec(),
      () => counter.dec(12),
      () => counter.dec(5),
    ].map((step) => {
      step();
      return counter.getCount();
    });
    expect(seen).toEqual([1, 13, 12, 0, 0]);
  });

  it("adds 0 with inc(0)", () => {
    const counter = new Counter();
    counter.inc(0);
    expect(counter.getCount()).toBe(0);
    expect(counter.buckets.getCount()).toBe(0);
  });
});

describe("Meter", () => {
  it("says about 1 in a second of 3 in 3 seconds", () => {
    const { now, pass } = clock();
    const meter = new Meter({ now });
    for (let second = 0; second < 3; second++) {
      pass(1000);
      meter.mark();
    }
    expect(meter.getMeanRate()).toBeCloseTo(1, 5);
    pass(2000);
    // Within the first step of 5 seconds: 3 / 5.
    expect(meter.getOneMinuteRate()).toBeCloseTo(0.6, 5);
  });

  it("follows a rate, and forgets it: faster over one minute than over fifteen", () => {
    const { now, pass } = clock();
    const meter = new Meter({ now });
    for (let second = 0; second < 600; second++) {
      meter.mark(10);
      pass(1000);
    }
    expect(meter.getOneMinuteRate()).toBeCloseTo(10, 1);
    expect(meter.getFifteenMinuteRate()).toBeCloseTo(10, 1);
    pass(60_000);
    // e⁻¹ of it is left after one time constant.
    expect(meter.getOneMinuteRate()).toBeCloseTo(10 * Math.exp(-1), 1);
    expect(meter.getFiveMinuteRate()).toBeCloseTo(10 * Math.exp(-1 / 5), 1);
    expect(meter.getFifteenMinuteRate()).toBeCloseTo(10 * Math.exp(-1 / 15), 1);
    expect(meter.getCount()).toBe(6000);
  });
});

describe("FastCompass", () => {
  it("counts and sums by category", () => {
    const compass = new FastCompass();
    compass.record(2, "success");
    compass.record(4, "error");
    compass.record(3, "success");
    expect([compass.getCount("success"), compass.getSum("success")]).toEqual([2, 5]);
    expect([compass.getCount("error"), compass.getSum("error")]).toEqual([1, 4]);
    expect(compass.getMean()).toBe(3);
  });

  it("ignores a third category with a limit of 2, and says so", () => {
    const compass = new FastCompass({ maxCategories: 2 });
    for (const category of ["a", "b", "c"]) compass.record(1, category);
    expect(compass.categories).toEqual(["a", "b"]);
    expect(compass.getCount()).toBe(2);
    expect(compass.ignored).toBe(1);
  });

  it("knows the share of hits among successes, and of successes among all", () => {
    const { now, pass } = clock();
    const compass = new FastCompass({ intervalMs: 1000, now });
    for (const category of ["success", "hit", "hit", "error"]) compass.record(1, category);
    expect(compass.getSuccessRate()).toBe(1);
    pass(1000);
    expect(compass.getSuccessRate()).toBe(0.75);
    expect(compass.getHitRate()).toBeCloseTo(2 / 3);
    expect(compass.getLastSum()).toBe(4);
  });
});
