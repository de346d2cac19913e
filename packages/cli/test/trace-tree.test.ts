import type { TraceSpan } from "@elpis/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawTree, type TreeStyle } from "../src/commands/traces/tree.ts";
import { glyphsFor } from "../src/output/glyphs.ts";

const START = Date.UTC(2026, 0, 31, 12);
const style: TreeStyle = {
  width: 100,
  glyphs: glyphsFor({ LANG: "C.UTF-8" }, "linux"),
  color: false,
};

/** A span of web.0 that began `at` milliseconds after the first one. */
function span(spanId: string, at: number, durationMs: number, more: Partial<TraceSpan> = {}) {
  const name = more.name ?? `span ${spanId}`;
  return {
    ...{ traceId: "0af7651916cd43dd8448eb211c80319c", spanId, name, kind: "internal" },
    ...{ start: START + at, durationMs, status: "unset", tags: {}, events: [], links: [] },
    ...{ source: { name: "web" }, process: "web.0", state: "over" },
    ...more,
  } as TraceSpan;
}

/** How far the name of each is from the first one's. */
function depths(lines: readonly string[]): Record<string, number> {
  const found = lines.map((line) => ({
    name: /span (\w+)/.exec(line)?.[1],
    at: line.indexOf("span"),
  }));
  const least = Math.min(...found.map(({ at }) => at));
  return Object.fromEntries(found.map(({ name, at }) => [name, (at - least) / 2]));
}

describe("a tree", () => {
  test("has a line for each span: bar to scale, duration, process, name, tags in short", () => {
    const tree = [
      span("a", 0, 100, {
        name: "POST /order",
        tags: { "http.response.status_code": 500, "http.route": "/order" },
      }),
      span("b", 0, 25, {
        ...{ parentSpanId: "a", name: "query" },
        tags: { "db.system.name": "postgresql", "db.query.text": "SELECT\n  *  FROM items" },
      }),
      span("c", 50, 50, {
        ...{ parentSpanId: "a", name: "charge card", process: "jobs.1", status: "error" },
        statusMessage: "declined",
      }),
      span("d", 75, 0.5, { parentSpanId: "c", name: "tell" }),
    ];
    expect(drawTree(tree, { ...style, width: 60 })).toEqual([
      "  ██████████████████   100 ms  web.0   POST /order  500",
      "  ████▌               25.0 ms  web.0     query  postgresql …",
      "!          █████████  50.0 ms  jobs.1    charge card  decli…",
      "               ▐      0.50 ms  web.0       tell",
    ]);
  });

  test("has marks for what failed, is open, or is only spoken of", () => {
    const tree = [
      span("a", 0, 0, { state: "unseen", start: 0, name: "" }),
      span("b", 0, 40, { parentSpanId: "a", status: "error" }),
      span("c", 20, 0, { parentSpanId: "a", state: "open" }),
    ];
    const lines = drawTree(tree, { ...style, width: 60 });
    expect(lines).toEqual([
      "?                           -  web.0",
      "! ██████████████████  40.0 ms  web.0    span b",
      "…          ░░░░░░░░░     open  web.0    span c",
    ]);
    const plain = drawTree(tree, { ...style, width: 60, glyphs: glyphsFor({}, "linux") });
    expect(plain.map((line) => line.slice(0, 20))).toEqual([
      "?                   ",
      "! ==================",
      ">          ---------",
    ]);
  });

  test("is coloured only when that is wanted", () => {
    const tree = [span("a", 0, 1, { status: "error" })];
    expect(drawTree(tree, style)[0]).not.toContain("\u001b");
    expect(drawTree(tree, { ...style, color: true })[0]).toContain("\u001b[31m!");
  });

  test("of one span that took no time has a whole bar, one of none has no lines", () => {
    const [line = ""] = drawTree([span("a", 0, 0)], { ...style, width: 40 });
    expect(line).toBe(`  ${"█".repeat(12)}  0.00 ms  web.0  span a`);
    expect(drawTree([], style)).toEqual([]);
  });

  test("has the parent before its children, whatever else the order", () => {
    const tree = [
      span("a", 0, 9),
      span("b", 1, 1, { parentSpanId: "a" }),
      span("c", 2, 2, { parentSpanId: "a" }),
      span("d", 3, 1, { parentSpanId: "b" }),
      span("e", 4, 1, { parentSpanId: "gone" }),
    ];
    const lines = drawTree(tree, style);
    expect(lines.map((line) => /span (\w)/.exec(line)?.[1]).join("")).toBe("abdce");
    expect(depths(lines)).toEqual({ a: 0, b: 1, d: 2, c: 1, e: 0 });
  });

  test("that is very deep says how deep instead of going on to the right", () => {
    const tree = Array.from({ length: 300 }, (_, at) =>
      span(`s${at}`, at, 1, at === 0 ? {} : { parentSpanId: `s${at - 1}` }),
    );
    const lines = drawTree(tree, style);
    expect(lines).toHaveLength(300);
    expect(lines.at(-1)).toContain("(299) span s299");
    expect(lines[5]).not.toContain("(");
  });

  test("texts of somebody else are no commands, and no further lines", () => {
    const tree = [
      span("a", 0, 1, {
        ...{ name: "GET\n/\u001b[2J", process: "we\u009bb.0", status: "error" },
        statusMessage: "no\u202e way\r\nat all",
        tags: { "db.system": ["x\u0007", "y"] },
      }),
    ];
    const [line = "", ...others] = drawTree(tree, { ...style, width: 200 });
    expect(others).toEqual([]);
    expect(line).toContain("we\\u009bb.0");
    expect(line).toContain("GET /\\u001b[2J  x\\u0007,y  no\\u202e way at all");
  });

  test("loses no span and has no line that is too long, whatever it is made of", () => {
    const id = fc.constantFrom("a", "b", "c", "d", "e");
    const text = fc.string({ unit: "grapheme", maxLength: 60 });
    const any = fc.record({
      ...{ spanId: id, parentSpanId: fc.option(id, { nil: undefined }) },
      ...{ at: fc.double({ min: -1e6, max: 1e6, noNaN: true }), name: text, process: text },
      durationMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
      state: fc.constantFrom("over", "open", "unseen"),
      status: fc.constantFrom("unset", "ok", "error"),
      statusMessage: fc.option(text, { nil: undefined }),
    });
    const widths = fc.integer({ min: 40, max: 200 });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), widths, (all, width) => {
        const tree = all.map(({ spanId, at, durationMs, ...more }) =>
          span(spanId, at, durationMs, more as Partial<TraceSpan>),
        );
        const lines = drawTree(tree, { ...style, width });
        expect(lines).toHaveLength(tree.length);
        for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width);
      }),
    );
  });
});
