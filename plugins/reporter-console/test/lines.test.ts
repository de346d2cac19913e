import type { CounterPoint } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { linesOf } from "../src/lines.ts";
import { clean, number } from "../src/text.ts";
import { batchOf, ERROR, EVENT, POINTS, SPAN } from "./batches.ts";

const [COUNTER] = POINTS as readonly [CounterPoint];

describe("what is printed", () => {
  it("is a table for each signal", () => {
    const batch = batchOf({ points: POINTS, spans: [SPAN], errors: [ERROR], events: [EVENT] });
    expect(linesOf(batch).split("\n")).toEqual([
      "── metrics 12:00:00.000 shop (4)",
      "counter        orders    3  ms  shop web  method=GET",
      "gauge          load    0.5  ms  shop web  method=GET",
      "upDownCounter  queue    -2  ms  shop web  method=GET",
      "histogram  took  n=1  min=1  mean=1  p50=1  p95=1  p99=1  max=1  ms  shop web  method=GET",
      "── spans 12:00:00.000 shop (1)",
      `12:00:00.000  server  GET /users/:id  12.5 ms  ok  shop web  trace=${SPAN.traceId}  list=a,b`,
      "── errors 12:00:00.000 shop (1)",
      "12:00:00.000  TypeError: no way  (shop web.0, pid=4242, uncaughtException)",
      "── events 12:00:00.000 shop (1)",
      "12:00:00.000  deployed  shop web  by=小王",
      "",
    ]);
  });

  it("is nothing for an empty batch, and no head without lines", () => {
    expect(linesOf(batchOf())).toBe("");
    expect(linesOf(batchOf({ events: [EVENT] }))).not.toContain("metrics");
  });

  it("has columns that stand below each other, numbers to the right", () => {
    const points = ["a", "请求", "requests.total"].map((name, at) => ({
      ...COUNTER,
      name,
      value: 10 ** (3 * at) + 0.5,
    }));
    expect(linesOf(batchOf({ points })).split("\n").slice(1, 4)).toEqual([
      "counter  a                       1.5  ms  shop web  method=GET",
      "counter  请求                1 000.5  ms  shop web  method=GET",
      "counter  requests.total  1 000 000.5  ms  shop web  method=GET",
    ]);
  });

  it("says when a counter is what has come on top, and when there is nothing to say", () => {
    const point: CounterPoint = {
      ...COUNTER,
      ...{ temporality: "delta", unit: "", source: {}, tags: {} },
    };
    expect(linesOf(batchOf({ points: [point] }))).toContain("counter  orders  +3  -  -  -\n");
  });

  it("has the first lines of a stack, and the trace", () => {
    const stack = "TypeError: no\nway\n    at a (a.js:1:2)\n    at b\n    at c\n    at d";
    const text = linesOf(batchOf({ errors: [{ ...ERROR, stack, traceId: SPAN.traceId }] }));
    expect(text.split("\n").slice(1)).toEqual([
      `12:00:00.000  TypeError: no way  (shop web.0, pid=4242, uncaughtException, trace=${SPAN.traceId})`,
      ...["    at a (a.js:1:2)", "    at b", "    at c", ""],
    ]);
  });

  it("has nothing in it that a terminal obeys, or that makes a line of its own", () => {
    const evil = "e\u001B[31mvil\r\n── errors\u2028\u202Eback\u0000\uD800";
    const tags = { [evil]: evil };
    const own = { name: evil, tags, unit: evil, source: { app: evil, name: evil } };
    const untyped = evil as never;
    const batch = batchOf({
      points: POINTS.map((point) => ({ ...point, ...own })),
      spans: [
        {
          ...{ ...SPAN, name: evil, statusMessage: evil, tags: { list: [evil] }, traceId: evil },
          ...{ kind: untyped, status: untyped },
        },
      ],
      errors: [
        {
          ...{ ...ERROR, errType: evil, message: evil, process: evil, traceId: evil },
          ...{ origin: untyped, pid: untyped, index: untyped },
        },
      ],
      events: [{ ...EVENT, name: evil, tags }],
      resource: { "service.name": evil },
    });
    const text = linesOf(batch);
    expect(text).not.toMatch(/[^\P{C}\n]|[\u2028\u202E]/u);
    expect(text.split("\n")).toHaveLength(12);
    expect(clean("x".repeat(300))).toBe(`${"x".repeat(199)}…`);
  });

  it.each([
    [0, "0"],
    [1234.5678, "1 234.568"],
    [0.0001234, "0.0001234"],
    [1e18, "1.000e+18"],
    [-7, "-7"],
  ])("has the number %d as %s", (value, text) => {
    expect(number(value)).toBe(text);
  });
});
