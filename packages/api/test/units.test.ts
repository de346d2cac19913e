import { expect, it } from "vitest";
import { MAX_DURATION_MS, parseDuration } from "../src/units.ts";

it.each([
  [0, 0],
  [250, 250],
  ["0ms", 0],
  ["500ms", 500],
  ["10s", 10_000],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["10 s", 10_000],
])("reads %j as %j ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each(["", "10", "s", "-1s", "1w", "10S", "1e3ms", " 1s", "1s ", "1,5s", -1, Number.NaN])(
  "refuses %j",
  (value) => {
    expect(parseDuration(value)).toBeUndefined();
  },
);

it("refuses what a timer cannot hold, and what is neither number nor text", () => {
  expect(parseDuration(MAX_DURATION_MS)).toBe(MAX_DURATION_MS);
  expect(parseDuration(MAX_DURATION_MS + 1)).toBeUndefined();
  expect(parseDuration("600h")).toBeUndefined();
  expect(parseDuration(Number.POSITIVE_INFINITY)).toBeUndefined();
  for (const value of [null, true, [], {}]) {
    expect(parseDuration(value as never)).toBeUndefined();
  }
});
