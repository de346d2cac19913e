import { fakeClock } from "@elpis/testing";
import { expect, test } from "vitest";

test("a clock stands still until it is moved", () => {
  const clock = fakeClock();
  expect([clock.now(), clock.now()]).toEqual([0, 0]);
  expect(clock.advance(50)).toBe(50);
  expect(clock.advance(0.5)).toBe(50.5);
  expect(clock.now()).toBe(50.5);
});

test("a clock may start anywhere, and its functions work without it", () => {
  const { now, advance } = fakeClock(1000);
  advance(1);
  expect(now()).toBe(1001);
});

test.each([-1, Number.NaN])("a clock refuses to move by %s", (ms) => {
  const clock = fakeClock(7);
  expect(() => clock.advance(ms)).toThrow(
    expect.objectContaining({ code: "ELPIS_TESTING_BAD_ARGUMENT" }),
  );
  expect(clock.now()).toBe(7);
});
