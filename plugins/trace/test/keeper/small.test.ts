import { seeded } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { Decisions } from "../../src/keeper/decisions.ts";
import { PlainSpan } from "../../src/keeper/held.ts";
import { keeperOptions } from "../../src/keeper/keeper-options.ts";
import { Line, Place } from "../../src/keeper/line.ts";
import { Process } from "../../src/keeper/members.ts";
import { isInShare } from "../../src/keeper/share.ts";
import { heldBytes, sentBytes } from "../../src/keeper/sizes.ts";
import { Thresholds } from "../../src/keeper/slow.ts";
import { cutText } from "../../src/keeper/text.ts";
import { TraceId } from "../../src/wire/ids.ts";
import { isTimeout } from "../../src/wire/timeouts.ts";
import { span, traceId, WEB } from "./support.ts";

const idOf = (number: number): TraceId => TraceId.of(traceId(number));

function randomIds(count: number): string[] {
  const random = seeded(7);
  const part = (): string => random.int(0x1_0000_0000).toString(16).padStart(8, "0");
  return Array.from({ length: count }, () => part() + part() + part() + part());
}

describe("a share of traces", () => {
  it("is about as large as it should be, and part of each larger one", () => {
    const ids = randomIds(20_000);
    let smaller: string[] = [];
    for (const share of [0, 0.01, 0.25, 0.5, 1]) {
      const chosen = ids.filter((id) => isInShare(TraceId.of(id), share));
      expect(chosen.length / ids.length).toBeCloseTo(share, 1.9);
      expect(smaller.every((id) => isInShare(TraceId.of(id), share))).toBe(true);
      smaller = chosen;
    }
  });

  it("is one of those that were chosen by the same digits before, too", () => {
    // As a sampler by the rules of W3C does that records one in ten.
    const recorded = randomIds(50_000).filter(
      (id) => Number.parseInt(id.slice(18, 31), 16) >= 0.9 * 2 ** 52,
    );
    expect(recorded.length).toBeGreaterThan(4000);
    const chosen = recorded.filter((id) => isInShare(TraceId.of(id), 0.5));
    expect(chosen.length / recorded.length).toBeCloseTo(0.5, 1);
  });

  it("does not depend on the beginning of an id", () => {
    const [id = ""] = randomIds(1);
    for (const share of [0.1, 0.3, 0.7, 0.9]) {
      const other = TraceId.of(`${"0".repeat(18)}${id.slice(18)}`);
      expect(isInShare(other, share)).toBe(isInShare(TraceId.of(id), share));
    }
  });
});

describe("what is slow", () => {
  const thresholds = new Thresholds(1000, {
    "GET /reports": 5000,
    "GET /reports/*": 10_000,
    "GET /*": 2000,
    "*": 3000,
    "GET /*/items/*": 4000,
    "a*a": 1,
  });

  it.each([
    ["GET /reports", 5000],
    ["GET /reports/2024", 10_000],
    ["GET /other", 2000],
    ["GET /shops/items/7", 4000],
    ["POST /x", 3000],
    ["a", 3000],
    ["aa", 1],
  ])("%s is so after %d ms", (name, ms) => {
    expect(thresholds.of(name)).toBe(ms);
  });

  it("is the same for all others", () => {
    expect(new Thresholds(700, { "a*": 1 }).of("b")).toBe(700);
  });

  it("is found soon, whatever the pattern", () => {
    const long = new Thresholds(1000, { [`${"*a".repeat(2000)}*b`]: 1 });
    const startedAt = performance.now();
    expect(long.of("a".repeat(100_000))).toBe(1000);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe("decisions", () => {
  it("are remembered, the last ones at least, and never mistaken", () => {
    const decisions = new Decisions(256);
    const ids = randomIds(1000).map((id) => TraceId.of(id));
    const decisionOf = (at: number): "kept" | "letGo" => (at % 3 === 0 ? "kept" : "letGo");
    for (const [at, id] of ids.entries()) {
      decisions.set(id, decisionOf(at));
      for (let back = 0; back < 128 && back <= at; back++) {
        expect(decisions.get(ids[at - back] as TraceId)).toBe(decisionOf(at - back));
      }
    }
    const known = ids.filter((id) => decisions.get(id) !== undefined);
    expect(known.length).toBeLessThanOrEqual(256);
    for (const id of known) expect(decisions.get(id)).toBe(decisionOf(ids.indexOf(id)));
  });

  it("do without ids that are random", () => {
    const decisions = new Decisions();
    for (let number = 0; number < 30_000; number++) decisions.set(idOf(number), "letGo");
    expect(decisions.get(idOf(0))).toBe("letGo");
    expect(decisions.get(idOf(29_999))).toBe("letGo");
    expect(decisions.get(idOf(30_000))).toBeUndefined();
  });
});

describe("failures", () => {
  it.each([
    ["ELPIS_HUB_DEADLINE", true],
    ["TimeoutError", true],
    ["ETIMEDOUT", true],
    ["ESOCKETTIMEDOUT", true],
    ["ELPIS_SCHEDULE_TIMEOUT", true],
    ["TypeError", false],
    ["MY_TIMEOUT", false],
    ["504", false],
  ])("of type %s: a deadline passed: %s", (type, isOne) => {
    expect(isTimeout({ "error.type": type })).toBe(isOne);
  });

  it.each([
    [504, true],
    ["504", true],
    [500, false],
  ])("answered with %j: a deadline passed: %s", (status, isOne) => {
    const answered = span(1, 1, undefined, { tags: { "http.response.status_code": status } });
    expect(isTimeout(answered.tags)).toBe(isOne);
    expect(new PlainSpan(answered as never, new Process(WEB), false).isFailure).toBe(isOne);
  });
});

describe("sizes", () => {
  it("of a message are no less than they are", () => {
    const value = {
      ...span(1, 1, 2, {
        name: "größer",
        tags: { a: "x".repeat(100), b: [1, 2.5, true], c: "日本" },
      }),
      nothing: null,
    };
    expect(sentBytes(value)).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)) * 0.8);
    expect(sentBytes("日本")).toBeGreaterThanOrEqual(6);
  });

  it("of what is held grow with what is in it", () => {
    const bare = heldBytes(span(1, 1) as never);
    const stack = "x".repeat(5000);
    const event = { name: "exception", time: 1, tags: { "exception.stacktrace": stack } };
    expect(heldBytes(span(1, 1, undefined, { events: [event] }) as never)).toBeGreaterThan(
      bare + 5000,
    );
    expect(
      heldBytes(span(1, 1, undefined, { tags: { list: [stack, stack] } }) as never),
    ).toBeGreaterThan(bare + 10_000);
  });
});

describe("texts", () => {
  it("are cut, but not within a character", () => {
    expect(cutText("short", 5)).toBe("short");
    expect(cutText("longer", 5)).toBe("long…");
    expect(cutText("abc😀def", 5)).toBe("abc…");
  });
});

describe("a line", () => {
  it("is in order, whoever leaves", () => {
    const line = new Line<Place>();
    const places = [1, 2, 3, 4].map(() => new Place());
    for (const place of places) line.push(place);
    Line.remove(places[1] as Place);
    Line.remove(places[0] as Place);
    const left: unknown[] = [];
    for (const place of line) {
      left.push(places.indexOf(place) + 1);
      Line.remove(place);
    }
    expect(left).toEqual([3, 4]);
    expect(line.first).toBeUndefined();
  });
});

describe("options", () => {
  it("have defaults, and are milliseconds", () => {
    expect(keeperOptions()).toEqual({
      keep: { errors: true, slow: true, share: 1 },
      slowMs: 1000,
      slowBy: {},
      window: {
        settleMs: 2000,
        openMs: 30_000,
        maxTraces: 20_000,
        maxSpansPerTrace: 2000,
        maxBytes: 67_108_864,
      },
      cache: { maxTraces: 1000, maxBytes: 33_554_432 },
    });
    const told = keeperOptions({
      slow: 300,
      slowBy: { "GET /*": "2s" },
      window: { settle: "1s", open: 5000, maxTraces: 7 },
      sampling: { keep: { share: 0 } },
    });
    expect(told).toMatchObject({
      keep: { errors: true, share: 0 },
      slowMs: 300,
      slowBy: { "GET /*": 2000 },
      window: { settleMs: 1000, openMs: 5000, maxTraces: 7, maxBytes: 67_108_864 },
    });
  });
});
