import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LineBudget } from "../src/master/line-budget.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const told: string[] = [];
  const budget = new LineBudget((left) => {
    for (const [what, whoms] of left) {
      told.push(`${what} ${[...whoms].map(([whom, times]) => `${whom}:${times}`).join(" ")}`);
    }
  });
  return { budget, told };
}

test("few lines are written as they come", () => {
  const { budget, told } = setUp();
  const taken = Array.from({ length: 8 }, () => budget.take("started again", "web.0"));
  expect(taken).toEqual(Array(8).fill(true));
  vi.advanceTimersByTime(5000);
  expect(told).toEqual([]);
});

test("what is too much is counted by name, and told once a second", () => {
  const { budget, told } = setUp();
  for (let n = 0; n < 8; n++) budget.take("started again", "web.0");
  for (let n = 0; n < 5; n++) expect(budget.take("started again", "web.1")).toBe(false);
  expect(budget.take("failed", "web.2")).toBe(false);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual(["started again web.1:5", "failed web.2:1"]);
  expect(budget.take("failed", "web.3")).toBe(true);
});

test("no second has more than ten lines, however they come", () => {
  const { budget, told } = setUp();
  const lines: number[] = [];
  let isTold = 0;
  for (let ms = 0; ms < 20_000; ms += 7) {
    vi.advanceTimersByTime(7);
    for (; isTold < told.length; isTold++) lines.push(ms);
    for (const what of ["started again", "failed"]) if (budget.take(what, "web")) lines.push(ms);
  }
  const inWindow = (from: number) => lines.filter((at) => at >= from && at < from + 1000).length;
  expect(Math.max(...lines.map(inWindow))).toBeLessThanOrEqual(10);
  expect(lines.length).toBeGreaterThan(40);
});

test("at the end nothing is kept back", () => {
  const { budget, told } = setUp();
  for (let n = 0; n < 9; n++) budget.take("failed", "web.0");
  budget.close();
  expect(told).toEqual(["failed web.0:1"]);
});
