import { describe, expect, it } from "vitest";
import { Budget } from "../../src/files/budget.ts";
import { accessLine, accessOf } from "../../src/records/access.ts";
import { errorEntries, errorText } from "../../src/records/errors.ts";
import { pairsOf } from "../../src/records/pairs.ts";
import { Refused } from "../../src/records/refused.ts";
import { tracingOf } from "../../src/records/spans.ts";
import { accessLines, errorsIn } from "../support/parser.ts";
import { counter, error, gauge, histogram, NOW, span } from "../support/samples.ts";

const writing = { scale: {}, service: "shop" };
const valuesOf = (...[points, how = writing]: Parameters<typeof translate>): object =>
  translate(points, how);

function translate(points: Parameters<typeof pairsOf>[0], how = writing): object {
  const refused = new Refused();
  const pairs = pairsOf(points, how, refused).flat();
  return {
    ...Object.fromEntries(pairs.map(({ key, text }) => [key.replace("%.process%_web", ""), text])),
    ...(refused.count > 0 && { refused: refused.reason }),
  };
}

describe("points", () => {
  it("are totals, values, and percentiles of histograms", () => {
    expect(valuesOf([counter(), gauge(), histogram()])).toEqual({
      orders: "3",
      heap: "26761760",
      duration_count: "10",
      duration_min: "1",
      duration_max: "10",
      duration_mean: "5.5",
      duration_p50: "5",
      duration_p75: "8",
      duration_p90: "9",
      duration_p95: "10",
      duration_p99: "10",
    });
  });

  it("in seconds become milliseconds, unless somebody says by how much", () => {
    const point = gauge({ name: "lag", unit: "s", value: 0.004 });
    expect(valuesOf([point])).toEqual({ lag_ms: "4" });
    expect(valuesOf([point], { scale: { lag: 1e6 }, service: "shop" })).toEqual({ lag: "4000" });
    const slow = histogram({ unit: "s", count: 2 });
    expect(valuesOf([slow])).toMatchObject({ duration_count: "2", duration_ms_p50: "5000" });
  });

  it("that would be read as something else are counted", () => {
    expect(
      valuesOf([
        gauge({ name: "a", value: -1 }),
        gauge({ name: "b", value: 1e22 }),
        gauge({ name: "c", value: 1e-9 }),
        counter({ name: "d", value: Number.NaN }),
        gauge({ name: "f", value: 1 }),
        gauge({ name: "f", value: 2 }),
        histogram({ name: "g", count: 0 }),
      ]),
    ).toEqual({
      f: "1",
      refused:
        "1: it is below 0, which is not read; " +
        "1: it is too large to be written without an exponent; " +
        "1: it is so small that it would be read as 0; option `scale` enlarges it; " +
        "1: it is no number; 1: another has the same name",
    });
  });

  it("have all figures but those that would be read as something else", () => {
    const all = valuesOf([histogram({ name: "e" })]) as Record<string, string>;
    const { e_min: _, e_p50: __, ...others } = all;
    expect(valuesOf([histogram({ name: "e", min: 1e-9, p50: 0.001 })])).toEqual(others);
    expect(valuesOf([histogram({ name: "e", min: -1, p50: Number.NaN })])).toEqual(others);
  });

  it("are enlarged by what was said of their names, and by nothing that all objects have", () => {
    const points = ["constructor", "toString", "__proto__"].map((name) =>
      gauge({ name, value: 2 }),
    );
    expect(Object.values(valuesOf(points))).toEqual(["2", "2", "2"]);
  });
});

describe("spans", () => {
  it("have nothing that is 0", () => {
    const refused = new Refused();
    const [record] = tracingOf([span({ durationMs: 0.2, start: 0 })], refused);
    expect(record).toEqual({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      parentSpanId: "00f067aa0ba902b7",
      operationName: "GET /cart",
      startTime: 1,
      rootTime: 1,
      duration: 1,
      tags: {
        "http.request.method": "GET",
        list: ["a", "b"],
        "span.kind": "server",
        error: true,
        "error.message": "no cart",
        app: "shop",
        process: "web",
      },
      logs: [],
    });
  });

  it("know when their trace began", () => {
    const spans = [
      span({ start: NOW }),
      span({ start: NOW - 50 }),
      span({ traceId: "f".repeat(32) }),
    ];
    const roots = tracingOf(spans, new Refused()).map(({ rootTime }) => rootTime);
    expect(roots).toEqual([NOW - 50, NOW - 50, Math.round(NOW - 120.5)]);
  });

  it("without an id, or a time, are counted", () => {
    const refused = new Refused();
    const bad = [span({ spanId: "" }), span({ traceId: "" }), span({ durationMs: Number.NaN })];
    expect(tracingOf(bad, refused)).toEqual([]);
    expect(refused.count).toBe(3);
  });
});

describe("errors", () => {
  const text = (more: Parameters<typeof error>[0]): string =>
    errorEntries([error(more)])
      .map(errorText)
      .join("");

  it("are a line, their stack, and an empty line", () => {
    expect(errorsIn(text({}))).toEqual([
      {
        type: "TypeError",
        message: "cart is undefined",
        stack: ["    at pay (/app/pay.js:10:5)", "    at run (/app/run.js:1:1)"],
      },
    ]);
  });

  it("stay one, whatever their texts are", () => {
    const message = "a\n\nError: b\r\n  at c";
    const stack = "X: y\n    at f (Error: g)\n\nRangeError: inner\n    at h";
    expect(errorsIn(text({ errType: "ECONNRESET", message, stack, process: "we\nb" }))).toEqual([
      {
        type: "Error",
        message: "[ECONNRESET] a Error: b at c",
        stack: ["    at f (Error:g)", "    at h"],
      },
    ]);
    expect(errorsIn(text({ stack: "", message: "" }))).toEqual([
      { type: "TypeError", message: "", stack: [] },
    ]);
  });
});

describe("requests", () => {
  const request = (more: object, ms = 12.4, kind: "server" | "client" = "server") =>
    span({
      kind,
      durationMs: ms,
      tags: { "http.request.method": "GET", "http.response.status_code": 200, ...more },
    });

  it("are lines of the access log, without what was asked for", () => {
    const lines = accessOf([
      request({ "url.path": "/cart", "client.address": "10.0.0.7" }),
      request(
        { "url.full": "https://pay.example/v1/pay?token=x", "server.address": "pay" },
        3,
        "client",
      ),
      request({ "http.target": "/a?token=x" }, 0),
      request({ "url.path": '/a b"c' }, 1),
      request({}, 2),
      // There is no such day.
      { ...request({ "url.path": "/never" }), start: 1e300 },
      span({ kind: "internal" }),
      span({ tags: {} }),
    ]).map(accessLine);
    expect(accessLines(`${lines.join("\n")}\n`)).toEqual([
      { arrow: "->", method: "GET", url: "/cart", code: 200, ms: 12 },
      { arrow: "->", method: "GET", url: "-", code: 200, ms: 2 },
      { arrow: "->", method: "GET", url: "/a_b_c", code: 200, ms: 1 },
      { arrow: "->", method: "GET", url: "/a", code: 200, ms: 0 },
      { arrow: "<-", method: "GET", url: "/v1/pay", code: 200, ms: 3 },
    ]);
    expect(lines.join()).not.toContain("token");
  });

  it("are the slowest ten each way", () => {
    const many = Array.from({ length: 50 }, (_, ms) => request({ "url.path": "/" }, ms));
    expect(accessOf(many).map(({ rt }) => rt)).toEqual([49, 48, 47, 46, 45, 44, 43, 42, 41, 40]);
  });
});

describe("a budget", () => {
  it("is that of any minute", () => {
    const budget = new Budget(10);
    expect(budget.take(4, 0)).toBe(4);
    expect(budget.take(4, 30_000)).toBe(4);
    expect(budget.take(4, 59_999)).toBe(2);
    expect(budget.take(4, 59_999)).toBe(0);
    expect(budget.take(9, 60_000)).toBe(4);
    expect(budget.take(9, 90_000)).toBe(4);
  });
});
