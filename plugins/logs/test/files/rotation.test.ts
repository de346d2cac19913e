import { seeded } from "@elpis/testing";
import { describe, expect, test } from "vitest";
import { asideName, nextOfSpan, parseAside, shiftsFor } from "../../src/files/names.ts";
import { decideRotation, type FileState } from "../../src/files/rotation.ts";
import { SPAN_MS, spanName, spanOf } from "../../src/files/spans.ts";
import type { Span } from "../../src/files/types.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 500);
const SPANS: readonly Span[] = ["day", "hour", "minute", "second"];
/** A moment on the clock on the wall of this machine. */
const NOON = new Date(2026, 10, 26, 13, 5, 9).getTime();

test.each([
  ["day", "2026-11-26"],
  ["hour", "2026-11-26_13"],
  ["minute", "2026-11-26_13-05"],
  ["second", "2026-11-26_13-05-09"],
] as const)("a %s is named %s, by the clock on the wall", (every, name) => {
  expect(spanName(every, spanOf(every, NOON))).toBe(name);
  expect(spanName(every, spanOf(every, NOON) - 1)).not.toBe(name);
});

describe("by size", () => {
  const bySize = (bytes: number, coming = 0): string =>
    decideRotation({ maxBytes: 1024 }, { bytes, span: undefined }, NOON, coming).act;

  test("a file of 1,025 bytes is too large for a limit of 1,024, one of 1,024 is not", () => {
    expect(bySize(1025)).toBe("rotate");
    expect(bySize(1024)).toBe("stay");
    expect(bySize(1000, 24)).toBe("stay");
    expect(bySize(1000, 25)).toBe("rotate");
  });

  test("an empty file takes what is larger than a file may be", () => {
    expect(bySize(0, 5000)).toBe("stay");
  });
});

describe("by time", () => {
  const day = spanOf("day", NOON);
  const at = (state: FileState, nowMs: number): unknown =>
    decideRotation({ every: "day" }, state, nowMs);
  const DAY = SPAN_MS.day;

  test("the file of yesterday is put aside, an empty one is not", () => {
    expect(at({ bytes: 1, span: day }, NOON + DAY)).toEqual({
      ...{ act: "rotate", why: "time", span: day + DAY },
    });
    expect(at({ bytes: 0, span: day }, NOON + DAY)).toEqual({ act: "rekey", span: day + DAY });
    expect(at({ bytes: 1, span: day }, NOON)).toEqual({ act: "stay" });
  });

  test("a clock that goes back over midnight does nothing", () => {
    expect(at({ bytes: 1, span: day + DAY }, NOON)).toEqual({ act: "stay" });
  });

  test("after a clock that was far ahead, the file belongs to today", () => {
    expect(at({ bytes: 1, span: day + 2 * DAY }, NOON)).toEqual({ act: "rekey", span: day });
  });

  test("a file that is put aside for its size leaves the span as it is", () => {
    const policy = { every: "day", maxBytes: 10 } as const;
    const ahead = { bytes: 11, span: day + DAY };
    expect(decideRotation(policy, ahead, NOON)).toEqual({
      ...{ act: "rotate", why: "size", span: day + DAY },
    });
  });
});

describe("names", () => {
  test.each([
    ["web.log.1", { span: undefined, index: 1, isCompressed: false, state: "whole" }],
    ["web.log.12.gz", { span: undefined, index: 12, isCompressed: true, state: "whole" }],
    ["web.log.2026-11-26", { span: "2026-11-26", index: 0, isCompressed: false, state: "whole" }],
    ["web.log.2026-11-26_13-05-09.2.gz", { span: "2026-11-26_13-05-09", index: 2 }],
    ["web.log.1.gz.tmp", { index: 1, isCompressed: true, state: "tmp" }],
    ["web.log.1.copied", { index: 1, state: "copied" }],
  ])("%s", (name, parsed) => {
    expect(parseAside("web.log", name)).toMatchObject(parsed);
  });

  test.each([
    "web.log",
    "web.log.0",
    "web.log.01",
    "web.log.x",
    "web.log.gz",
    "jobs.log.1",
    "web.log.1.bz2",
  ])("%s is none", (name) => {
    expect(parseAside("web.log", name)).toBeUndefined();
  });

  test("numbers move up until the first gap", () => {
    const of = (...indexes: number[]): number[] =>
      shiftsFor(
        indexes.map((index) => ({ span: undefined, index, isCompressed: false, state: "whole" })),
      );
    expect(of()).toEqual([]);
    expect(of(1, 2, 3)).toEqual([3, 2, 1]);
    expect(of(1, 2, 4)).toEqual([2, 1]);
    expect(of(2, 3)).toEqual([]);
  });
});

/** A file over some time, with a clock that is set now and then, forward and back, near and far. */
function history(seed: number): void {
  const random = seeded(seed);
  const every = random.pick(SPANS);
  const maxBytes = random.pick([undefined, 300]);
  const unit = SPAN_MS[every];
  const names = new Map<string, ReturnType<typeof nextOfSpan>>();
  let nowMs = NOON;
  let state: FileState = { bytes: 0, span: spanOf(every, nowMs) };
  /** The furthest span so far, since a clock that was far ahead. */
  let furthest = spanOf(every, nowMs);
  const hold = (isTrue: boolean, what: string): void => {
    if (!isTrue) throw new Error(`seed ${seed}: ${what}`);
  };
  const putAside = (): void => {
    const name = nextOfSpan(spanName(every, state.span ?? 0), [...names.values()]);
    hold(state.bytes > 0, "nothing to put aside");
    hold(!names.has(asideName("log", name)), `${asideName("log", name)} is replaced`);
    names.set(asideName("log", name), name);
  };
  for (let step = 0; step < 60; step += 1) {
    nowMs += random.pick([
      ...[0, unit * 0.1, unit * 0.4, unit, -unit * 0.5, -unit],
      ...[random.int(5) * unit, -random.int(5) * unit, unit * 400, -unit * 400],
    ]);
    const before = state;
    const now = spanOf(every, nowMs);
    for (let turns = 0; ; turns += 1) {
      hold(turns < 4, "never settles");
      const decision = decideRotation({ every, maxBytes }, state, nowMs);
      if (decision.act === "stay") break;
      const { span = 0 } = state;
      if (decision.act === "rotate") {
        if (decision.why === "time") hold((decision.span ?? 0) > furthest, "time acts once");
        putAside();
      } else if (decision.span < span) {
        hold(span - now > unit, "back only when far ahead");
        furthest = decision.span;
      }
      const bytes = decision.act === "rotate" ? 0 : state.bytes;
      state = { bytes, span: decision.span };
      furthest = Math.max(furthest, decision.span ?? 0);
    }
    hold(before.bytes === 0 || now <= (before.span ?? 0) || state.bytes === 0, "old lines stay");
    state = { ...state, bytes: state.bytes + random.int(200) };
  }
}

test("whatever clocks do, nothing is replaced, and time acts once for each span it enters", () => {
  for (let seed = 1; seed <= RUNS; seed += 1) history(seed);
});
