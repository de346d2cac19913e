import { SpanKind } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import { isInRatio, type RootOptions, RootSampler } from "../src/spans/sampler.ts";

const clock = { ms: 0 };

function sampler(options: Partial<RootOptions> = {}): RootSampler {
  const now = (): number => clock.ms;
  return new RootSampler({ ratio: 1, perSecond: 1e9, clients: false, now, ...options });
}

function decides(one: RootSampler, { kind = SpanKind.SERVER, attributes = {} } = {}): boolean {
  return one.mayBegin(kind, attributes);
}

describe("which traces are recorded", () => {
  test("is a share of those that begin, and everybody with the same ratio knows it by their ids", () => {
    const one = sampler({ ratio: 0.1 });
    const all = Array.from({ length: 20_000 }, () => {
      const isRecorded = decides(one);
      return { isRecorded, traceId: one.newTraceId(isRecorded) };
    });
    const taken = all.filter(({ isRecorded }) => isRecorded);
    expect(taken.length / all.length).toBeGreaterThan(0.09);
    expect(taken.length / all.length).toBeLessThan(0.11);
    const other = sampler({ ratio: 0.1 });
    for (const { traceId, isRecorded } of all) {
      expect(traceId.text).toMatch(/^[0-9a-f]{32}$/);
      expect(other.isChosen(traceId)).toBe(isRecorded);
    }
    // Whoever has a larger share has these, too.
    expect(taken.every(({ traceId }) => isInRatio(traceId, 0.2))).toBe(true);
    expect(new Set(all.map(({ traceId }) => traceId.text)).size).toBe(all.length);
  });

  test.each([1e-9, 0.5, 1 - 1e-12])("with a ratio of %d ids fit as well", (ratio) => {
    const one = sampler({ ratio });
    for (let count = 0; count < 1000; count++) {
      for (const isRecorded of [true, false]) {
        expect(one.isChosen(one.newTraceId(isRecorded))).toBe(isRecorded);
      }
    }
  });

  test("takes none with a ratio of 0, and all with one of 1", () => {
    const many = Array.from({ length: 1000 });
    expect(many.some(() => decides(sampler({ ratio: 0 })))).toBe(false);
    expect(many.every(() => decides(sampler()))).toBe(true);
  });

  test("begins so many in a second at most", () => {
    clock.ms = 5000;
    const one = sampler({ perSecond: 10 });
    const begin = (): number =>
      Array.from({ length: 50 }, () => decides(one)).filter(Boolean).length;
    expect(begin()).toBe(10);
    clock.ms += 500;
    expect(begin()).toBe(5);
    clock.ms += 60_000;
    expect(begin()).toBe(10);
  });

  test("has no trace begin with a call of something else, unless it may", () => {
    const hub = { "rpc.system.name": "elpis" };
    expect(decides(sampler(), { kind: SpanKind.CLIENT })).toBe(false);
    expect(decides(sampler(), { kind: SpanKind.CLIENT, attributes: hub as never })).toBe(true);
    expect(decides(sampler({ clients: true }), { kind: SpanKind.CLIENT })).toBe(true);
    expect(decides(sampler(), { kind: SpanKind.INTERNAL })).toBe(true);
  });
});
