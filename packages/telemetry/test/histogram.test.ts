import { type Seeded, seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import {
  ExponentialHistogram,
  quantile,
  quantiles,
  toCoarserBuckets,
  toExplicitBuckets,
} from "../src/index.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 100);

function histogramOf(values: readonly number[]): ExponentialHistogram {
  const histogram = new ExponentialHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

function mergeOf(...parts: readonly ExponentialHistogram[]): ExponentialHistogram {
  const whole = new ExponentialHistogram();
  for (const part of parts) whole.merge(part);
  return whole;
}

/** All that can be seen of it. */
function stateOf(histogram: ExponentialHistogram): unknown {
  const { count, sum, min, max } = histogram;
  return { count, sum, min, max, buckets: histogram.toBuckets() };
}

/** Values whose sums are exact, so that the order in which they are added does not show. */
function valuesOf(random: Seeded, count: number): number[] {
  const spread = random.pick([2, 8, 24, 42]);
  return Array.from({ length: count }, () =>
    random.int(20) === 0 ? 0 : (1 + random.int(15)) * 2 ** (random.int(spread) - spread / 2),
  );
}

/** The smallest recorded value that at least the share q does not exceed. */
function exactQuantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
}

describe("an exponential histogram", () => {
  it("tells every quantile within 1 %", () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const values = Array.from({ length: 1 + random.int(500) }, () =>
        random.int(10) === 0 ? 0 : Math.exp(random.next() * 20 - 8),
      );
      const histogram = histogramOf(values);
      const sorted = values.toSorted((a, b) => a - b);
      for (const q of [0, 0.01, 0.5, 0.75, 0.9, 0.99, 0.999, 1, random.next()]) {
        const exact = exactQuantile(sorted, q);
        const told = quantile(histogram, q) as number;
        expect(Math.abs(told - exact), `seed ${seed} q ${q}: ${told} for ${exact}`).toBeLessThan(
          0.006 * exact + 1e-12,
        );
      }
    }
  });

  it("is the same whether parts were recorded together or merged, in any order", () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const parts = Array.from({ length: 3 }, () => valuesOf(random, random.int(60)));
      const [a, b, c] = parts.map(histogramOf) as [
        ExponentialHistogram,
        ExponentialHistogram,
        ExponentialHistogram,
      ];
      const whole = stateOf(histogramOf(parts.flat()));
      expect(stateOf(mergeOf(a, b, c)), `seed ${seed}`).toEqual(whole);
      expect(stateOf(mergeOf(c, a, b)), `seed ${seed}`).toEqual(whole);
      expect(stateOf(mergeOf(a, mergeOf(b, c))), `seed ${seed}`).toEqual(whole);
      expect(stateOf(mergeOf(mergeOf(b, a), c)), `seed ${seed}`).toEqual(whole);
    }
  });

  it("tells what has come on top of an earlier state", () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const before = histogramOf(valuesOf(random, random.int(50)));
      const more = valuesOf(random, 1 + random.int(50));
      const after = before.clone();
      for (const value of more) after.record(value);
      const grown = after.since(before);
      const wanted = histogramOf(more);
      wanted.coarsen(wanted.scale - after.scale);
      expect(grown.toBuckets(), `seed ${seed}`).toEqual(wanted.toBuckets());
      expect(grown.count).toBe(more.length);
      expect(grown.sum).toBe(wanted.sum);
      const error = wanted.scale === 6 ? 0.006 : 0.05;
      expect(Math.abs(grown.min - wanted.min)).toBeLessThanOrEqual(error * wanted.min);
      expect(Math.abs(grown.max - wanted.max)).toBeLessThanOrEqual(error * wanted.max);
    }
  });

  it("refuses what is negative or not a finite number", () => {
    const histogram = new ExponentialHistogram();
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(histogram.record(value)).toBe(false);
    }
    expect(histogram.count).toBe(0);
    expect(quantile(histogram, 0.5)).toBeUndefined();
    expect(quantiles(histogram, [0.1, 0.9])).toEqual([]);
  });

  it("puts a power of two at the end of its bucket, as OpenTelemetry does", () => {
    const { scale, offset, counts, zeroCount } = histogramOf([0, 4]).toBuckets();
    expect({ scale, offset, counts, zeroCount }).toEqual({
      scale: 6,
      offset: 127,
      counts: [1],
      zeroCount: 1,
    });
  });

  it("stays small and counts on, however far its values are apart", () => {
    const histogram = histogramOf([1e-11, Number.MIN_VALUE, 1, 1e9, Number.MAX_VALUE]);
    const { counts, zeroCount } = histogram.toBuckets();
    expect(counts.length).toBeLessThanOrEqual(2048);
    expect(zeroCount).toBe(1);
    expect(counts.reduce((a, b) => a + b)).toBe(4);
    expect(quantile(histogram, 1)).toBe(Number.MAX_VALUE);
    expect(quantile(histogram, 0)).toBe(Number.MIN_VALUE);
  });

  it("keeps its accuracy over 31 doublings", () => {
    expect(histogramOf([1, 2 ** 31]).scale).toBe(6);
    expect(histogramOf([1, 2 ** 31.4]).scale).toBe(6);
    expect(histogramOf([1, 2 ** 32]).scale).toBe(5);
  });
});

describe("explicit buckets", () => {
  it("have whole numbers on the right side of bounds that are whole numbers", () => {
    const bounds = [0, 1, 2, 3, 5, 10, 50, 100, 1000];
    const values = [0, 1, 2, 3, 4, 5, 9, 10, 11, 50, 51, 100, 102, 1000, 5000];
    const { counts } = toExplicitBuckets(histogramOf(values).toBuckets(), bounds);
    expect(counts).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2, 1]);
  });

  it("hold every value", () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const histogram = histogramOf(valuesOf(random, random.int(80)));
      const { counts } = toExplicitBuckets(histogram.toBuckets(), [0.001, 0.1, 5, 1000]);
      expect(counts.reduce((a, b) => a + b)).toBe(histogram.count);
    }
  });
});

describe("coarser buckets", () => {
  it("are those of a histogram that was coarser from the start", () => {
    const random = seeded(20);
    for (let run = 0; run < RUNS; run++) {
      const histogram = histogramOf(valuesOf(random, 1 + random.int(200)));
      const max = 2 + random.int(200);
      const coarse = toCoarserBuckets(histogram.toBuckets(), max);
      expect(coarse.counts.length).toBeLessThanOrEqual(max);
      histogram.coarsen(histogram.scale - coarse.scale);
      expect(coarse).toEqual(histogram.toBuckets());
    }
  });

  it("are no coarser than they have to be", () => {
    const buckets = histogramOf([1, 1000]).toBuckets();
    expect(toCoarserBuckets(buckets, buckets.counts.length)).toEqual(buckets);
    expect(toCoarserBuckets(buckets)).toMatchObject({ scale: 3 });
  });
});
