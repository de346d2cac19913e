import { SpanKind } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import { newTraceId } from "../src/process/ids.ts";
import { isInRatio, type RootOptions, RootSampler } from "../src/process/sampler.ts";

const clock = { ms: 0 };

function sampler(options: Partial<RootOptions> = {}): RootSampler {
  const now = (): number => clock.ms;
  return new RootSampler({ ratio: 1, perSecond: 1e9, clients: false, now, ...options });
}

function decides(
  one: RootSampler,
  { traceId = newTraceId(), kind = SpanKind.SERVER, attributes = {} } = {},
): boolean {
  return one.mayBegin(traceId, kind, attributes);
}

describe("which traces are recorded", () => {
  test("takes a share of those that begin, the same in every process", () => {
    const [one, other] = [sampler({ ratio: 0.1 }), sampler({ ratio: 0.1 })];
    const all = Array.from({ length: 20_000 }, () => newTraceId());
    const taken = all.filter((traceId) => decides(one, { traceId }));
    expect(taken.length / all.length).toBeGreaterThan(0.09);
    expect(taken.length / all.length).toBeLessThan(0.11);
    expect(all.filter((traceId) => decides(other, { traceId }))).toEqual(taken);
    // Whoever has a larger share has these, too.
    expect(taken.every((traceId) => isInRatio(traceId, 0.2))).toBe(true);
  });

  test("takes none with a ratio of 0, and all with one of 1", () => {
    const ends = ["0".repeat(31).concat("1"), "f".repeat(32)];
    expect(ends.map((traceId) => decides(sampler({ ratio: 0 }), { traceId }))).toEqual([
      false,
      false,
    ]);
    expect(ends.map((traceId) => decides(sampler(), { traceId }))).toEqual([true, true]);
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
