import { expect, it } from "vitest";
import { readTraceId, readTraceQuery, TRACE_QUERY } from "../src/agent/trace-query.ts";

const NOW = Date.UTC(2026, 0, 31, 12);

it("reads from a URL which traces are wanted", () => {
  expect(readTraceQuery({}, NOW)).toEqual({});
  expect(
    readTraceQuery(
      {
        ...{ name: "cart", status: "slow,error", min: "100ms", max: "2s", since: "10m" },
        ...{ until: "2026-01-31T12:00:00Z", tag: "http.route:/cart, at:12:30", process: "web.1" },
        ...{ order: "asc", offset: "20", limit: "1000" },
      },
      NOW,
    ),
  ).toEqual({
    ...{ name: "cart", statuses: ["slow", "error"], minMs: 100, maxMs: 2000 },
    ...{ since: NOW - 600_000, until: NOW, process: "web.1" },
    tags: { "http.route": "/cart", at: "12:30" },
    ...{ order: "asc", offset: 20, limit: 1000 },
  });
  expect(readTraceQuery({ since: String(NOW), min: "0.5", max: "30" }, NOW)).toEqual({
    ...{ since: NOW, minMs: 0.5, maxMs: 30 },
  });
  // A day alone is one of this machine's.
  expect(readTraceQuery({ since: "2026-01-31" }, NOW)).toEqual({
    since: new Date(2026, 0, 31).getTime(),
  });
});

it("describes each part that it reads, and no other", () => {
  const values: Record<string, string> = {
    ...{ name: "x", status: "slow", min: "1s", max: "1s", since: "1s", until: "1s", tag: "a:b" },
    ...{ process: "web", order: "asc", offset: "0", limit: "1" },
  };
  expect(Object.keys(TRACE_QUERY).sort()).toEqual(Object.keys(values).sort());
  for (const [part, value] of Object.entries(values)) {
    expect(Object.keys(readTraceQuery({ [part]: value }, NOW)), part).toHaveLength(1);
  }
});

it.each([
  ["status", "slow,quick", "quick; expected unfinished, timeout, error, slow, normal"],
  ["status", "", "empty; expected"],
  ["min", "soon", "soon; expected a duration such as 100ms"],
  ["max", "-1", "-1; expected a duration"],
  ["min", "1e99", "1e99; expected"],
  ["max", "9".repeat(400), "expected a duration"],
  ["since", "then", "then; expected a span such as 10m, a time"],
  ["since", "9".repeat(400), "expected a span"],
  ["until", "2026-13-45T99:00", "expected a span"],
  ["tag", "http.route", "http.route; expected key:value"],
  ["tag", "a:b,:c", ":c; expected key:value"],
  ["order", "up", "up; expected asc or desc"],
  ["offset", "-1", "-1; expected a whole number from 0"],
  ["offset", "1.5", "expected a whole number"],
  ["limit", "0", "0; expected a whole number from 1 to 1000"],
  ["limit", "1001", "expected a whole number from 1 to 1000"],
  ["limit", "", "empty; expected a whole number"],
  ["stauts", "slow", "not known; there are name, status"],
  ["__proto__", "x", "not known"],
  ["constructor", "x", "not known"],
])("says what is wrong with %s=%s", (part, value, message) => {
  expect(() => readTraceQuery(Object.fromEntries([[part, value]]), NOW)).toThrow(
    expect.objectContaining({
      ...{ code: "ELPIS_ADMIN_INPUT", status: 400 },
      message: expect.stringContaining(message),
    }),
  );
});

it("takes an id for one that has 32 hexadecimal digits, in any case", () => {
  expect(readTraceId("4BF92F3577B34DA6A3CE929D0E0E4736")).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
  for (const id of ["", "stats", "4bf9", `${"0".repeat(31)}g`, "0".repeat(33), "x".repeat(9999)]) {
    expect(() => readTraceId(id), id).toThrow(/32 hexadecimal digits/);
  }
});
