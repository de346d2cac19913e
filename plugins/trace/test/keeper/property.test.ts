import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import type { MoreStats } from "../../src/keeper/contract.ts";
import type { KeepingOptions } from "../../src/keeper/keeper-options.ts";
import { hasBegun, type Trouble, World } from "./world.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 120);
const BUSY_MS = 30_000;
/** By then all is decided on, also what began last and takes longest. */
const END_MS = BUSY_MS + 90_000;

const NONE = { sampling: { keep: { share: 0, slow: false } } };
const ROOMY: KeepingOptions = { ...NONE, cache: { maxTraces: 100_000 } };

/** Spans that came are all somewhere. */
function accountedFor(stats: MoreStats): number {
  const { spansKept, spansLetGo, lostHere, duplicates, handedOver, pending } = stats;
  return spansKept + spansLetGo + lostHere + duplicates + handedOver + pending.spans;
}

function live(seed: number, options: KeepingOptions, trouble: Trouble): World {
  const world = new World(seeded(seed), options, trouble);
  const { maxTraces = 20_000, maxBytes = 64 * 2 ** 20 } = options.window ?? {};
  const { cache = {} } = options;
  world.run(END_MS, BUSY_MS, () => {
    for (const stats of world.stats()) {
      if (accountedFor(stats) !== stats.spans) throw new Error(JSON.stringify(stats));
      const { pending, cached } = stats;
      const isWithin =
        pending.traces <= maxTraces &&
        pending.bytes <= maxBytes &&
        cached.traces <= (cache.maxTraces ?? 1000) &&
        cached.bytes <= (cache.maxBytes ?? 32 * 2 ** 20);
      if (!isWithin) throw new Error(`over the bounds: ${JSON.stringify(stats)}`);
    }
  });
  const { pending } = world.keeper.traces.stats();
  expect(pending, "nothing waits for ever, nor is it counted wrongly").toEqual({
    ...{ traces: 0, spans: 0, open: 0, bytes: 0 },
  });
  return world;
}

/** What is kept is kept whole, and each span once. @returns how many traces with a failure are not kept */
function checkWhole(world: World): number {
  let unkept = 0;
  for (const [trace, spans] of world.told) {
    const handed = world.handed(trace);
    expect(new Set(handed).size, `${trace}: each once`).toBe(handed.length);
    if (world.split.has(trace)) continue;
    if (handed.length > 0) expect(handed.toSorted(), trace).toEqual([...spans.keys()].toSorted());
    else if ([...spans.values()].some(({ status }) => status === "error")) unkept += 1;
  }
  return unkept;
}

const CASES: ReadonlyArray<readonly [string, Trouble]> = [
  ["in peace", {}],
  ["told twice", { duplicates: true }],
  ["with deaths", { deaths: true, duplicates: true }],
  ["with another keeper", { reload: true, duplicates: true }],
  ["with all of that", { deaths: true, reload: true, duplicates: true }],
];

describe("random histories of traces", () => {
  it.each(CASES)("%s: what failed is kept whole, what is not finished is known", (_, trouble) => {
    const seen = { failed: 0, letGo: 0, unfinished: 0, deaths: 0, repeated: 0, reloads: 0 };
    for (let seed = 1; seed <= RUNS / CASES.length; seed++) {
      const world = live(seed, ROOMY, trouble);
      try {
        expect(checkWhole(world), "failures that were not kept").toBe(0);
        for (const { lateFailures } of world.split.size > 0 ? [] : world.stats()) {
          expect(lateFailures).toBe(0);
        }
        for (const [trace, real] of world.real) {
          if (world.split.has(trace)) continue;
          const told = world.told.get(trace);
          const found = world.keepers.map((one) => one.traces.get({ traceId: trace }));
          const details = found.find((one) => one !== null);
          const isAllTold = real.filter(hasBegun).every((one) => told?.has(one.sent.spanId));
          if (isAllTold) expect(details?.statuses ?? [], trace).not.toContain("unfinished");
          // One that was told of has a parent elsewhere that was not.
          const isCutOff = real.some(({ sent }) => {
            const isFromHub = sent.tags["elpis.hub.from"] !== undefined;
            return isFromHub && told?.has(sent.spanId) && !told.has(sent.parentSpanId ?? "");
          });
          if (isCutOff) expect(details?.status, trace).toBe("unfinished");
          const isFailed = [...(told?.values() ?? [])].some(({ status }) => status === "error");
          if (isFailed) expect(details?.statuses, trace).toContain("error");
          seen.failed += isFailed ? 1 : 0;
          seen.unfinished += details?.status === "unfinished" ? 1 : 0;
          seen.letGo += details === undefined ? 1 : 0;
        }
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
      seen.deaths += world.deaths;
      seen.repeated += world.repeated;
      seen.reloads += world.keepers.length - 1;
    }
    // The trouble is real.
    expect(seen.failed).toBeGreaterThan(RUNS);
    expect(seen.letGo).toBeGreaterThan(RUNS);
    if (trouble.deaths) expect(seen.unfinished).toBeGreaterThan(0);
    if (trouble.deaths) expect(seen.deaths).toBeGreaterThan(0);
    if (trouble.duplicates) expect(seen.repeated).toBeGreaterThan(0);
    if (trouble.reload) expect(seen.reloads).toBeGreaterThan(0);
  });

  it("with little room: within the bounds, what is kept is whole, and what failed is let go only late", () => {
    const sum = { early: 0, kept: 0, letGo: 0, late: 0 };
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = seeded(seed);
      const options: KeepingOptions = {
        sampling: { keep: { share: random.pick([0, 0.1, 1]) } },
        window: { maxTraces: 1 + random.int(30), maxBytes: 5000 + random.int(40_000) },
        cache: { maxTraces: 1 + random.int(50), maxBytes: 5000 + random.int(100_000) },
      };
      const world = live(seed, options, { deaths: seed % 2 === 0, duplicates: true });
      const unkept = checkWhole(world);
      const { early, kept, letGo, late, lateFailures } = world.keeper.traces.stats();
      expect(unkept, `seed ${seed}`).toBeLessThanOrEqual(lateFailures);
      sum.early += early;
      sum.kept += kept;
      sum.letGo += letGo;
      sum.late += late;
    }
    for (const [what, count] of Object.entries(sum)) expect(count, what).toBeGreaterThan(RUNS);
  });

  it("with few spans of each: those that fit, and the others are counted", () => {
    let omitted = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const maxSpansPerTrace = 1 + (seed % 4);
      const options = { ...ROOMY, window: { maxSpansPerTrace } };
      const world = live(seed, options, { deaths: true, duplicates: true });
      for (const { traceId } of world.keeper.traces.list({ limit: 1000 }).items) {
        const found = world.keeper.traces.get({ traceId });
        expect(found?.spans, `seed ${seed}`).toBeLessThanOrEqual(maxSpansPerTrace);
        omitted += found?.omitted ?? 0;
      }
    }
    expect(omitted).toBeGreaterThan(RUNS);
  });
});
