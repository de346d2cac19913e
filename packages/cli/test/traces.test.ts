import type { TraceStatus, TraceSummary } from "@elpis/api";
import { describe, expect, test } from "vitest";
import { queryOf } from "../src/commands/traces/query.ts";
import { formatTook, traceLines } from "../src/commands/traces/text.ts";

const NOW = Date.UTC(2026, 0, 31, 12);

function trace(seq: number, more: Partial<TraceSummary> = {}): TraceSummary {
  const status: TraceStatus = more.status ?? "normal";
  return {
    ...{ traceId: seq.toString(16).padStart(32, "0"), seq, name: `GET /${seq}`, status },
    ...{ statuses: [status], start: NOW + seq, durationMs: seq, spans: 2, errors: 0 },
    ...{ processes: ["web.0"], open: [] },
    ...more,
  };
}

describe("which traces are wanted", () => {
  test("is read from options", () => {
    expect(queryOf({}, NOW)).toEqual({});
    expect(
      queryOf(
        {
          ...{ slow: true, errors: true, status: "slow, normal", name: "cart", min: "100ms" },
          ...{ max: "2s", process: "web.1", tag: ["http.route:/cart", "at:12:30"], since: "10m" },
        },
        NOW,
      ),
    ).toEqual({
      statuses: ["slow", "normal", "error", "timeout", "unfinished"],
      ...{ name: "cart", minMs: 100, maxMs: 2000, process: "web.1", since: NOW - 600_000 },
      tags: { "http.route": "/cart", at: "12:30" },
    });
    expect(queryOf({ since: "2026-01-31T11:00Z" }, NOW)).toEqual({ since: NOW - 3_600_000 });
  });

  test.each([
    [{ status: "slow,quick" }, "--status quick: expected some of unfinished, timeout"],
    [{ status: "" }, "--status : expected some of"],
    [{ tag: ["http.route"] }, "--tag http.route: expected a key and a value"],
    [{ tag: [":x"] }, "--tag :x"],
    [{ min: "soon" }, "--min soon: expected a span"],
    [{ max: "-1s" }, "--max -1s: expected a span"],
    [{ since: "then" }, "--since then: expected a span such as 10m, or a time"],
  ])("%o is refused", (options, message) => {
    expect(() => queryOf(options, NOW)).toThrow(
      expect.objectContaining({
        code: "ELPIS_CLI_USAGE",
        message: expect.stringContaining(message),
      }),
    );
  });
});

test("durations have as many digits as tell something", () => {
  const all = [0, -3, 0.4249, 9.99, 12.34, 99.96, 999.4, 999.6, 59_990, 60_000, 184_000];
  expect(all.map(formatTook)).toEqual([
    ...["0.00 ms", "0.00 ms", "0.42 ms", "9.99 ms", "12.3 ms", "100 ms", "999 ms", "1.00 s"],
    ...["59.99 s", "1m 0s", "3m 4s"],
  ]);
});

describe("lines of a list", () => {
  const slow = trace(2, {
    ...{ status: "slow", durationMs: 1234, processes: ["web.0", "jobs.1"] },
    name: "GET /\u001b[31mcart\nnext",
  });

  test("have what is known at a glance, and no commands", () => {
    const [heading, first, second] = traceLines([trace(1), slow], undefined, false);
    const [one, two] = [1, 2].map((seq) => String(seq).padStart(32, "0"));
    expect(heading).toBe(
      `time                      status      duration  spans  processes     name${" ".repeat(22)}trace`,
    );
    expect(first).toBe(
      `2026-01-31T12:00:00.001Z  normal       1.00 ms      2  web.0         GET /1${" ".repeat(20)}${one}`,
    );
    expect(second).toBe(
      `2026-01-31T12:00:00.002Z  slow          1.23 s      2  web.0,jobs.1  GET /\\u001b[31mcart next  ${two}`,
    );
  });

  test("fit the terminal: ids and names are cut before a column goes", () => {
    const lines = traceLines([trace(1), slow], 80, false);
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/^time +status +duration +name +trace$/);
    expect(lines[1]).toMatch(/ 0{13,}…?$/);
  });

  test("are coloured by how the trace is", () => {
    const [, plain = "", yellow = "", red = ""] = traceLines(
      [trace(1), slow, trace(3, { status: "timeout" })],
      undefined,
      true,
    );
    expect(plain).not.toContain("\u001b[");
    expect([yellow.slice(0, 5), yellow.slice(-5)]).toEqual(["\u001b[33m", "\u001b[39m"]);
    expect(red.slice(0, 5)).toBe("\u001b[31m");
  });

  test("have the same columns when they come one after the other", () => {
    const columns = [trace(1), slow, trace(3, { name: "x".repeat(50) })].map((one) =>
      traceLines([one], 90, false)[0]?.split(/ +/),
    );
    expect(columns).toEqual(
      Array(3).fill(["time", "status", "duration", "processes", "name", "trace"]),
    );
  });

  test("a time that cannot be is a dash", () => {
    expect(traceLines([trace(1, { start: Number.NaN })], undefined, false)[1]).toMatch(
      /^- +normal/,
    );
  });
});
