import { describe, expect, test } from "vitest";
import { Clock } from "../src/spans/clock.ts";

/** Clocks of a machine on which a process may be put aside after each reading. */
function machine(): {
  readonly clock: Clock;
  readonly pass: (ms: number) => void;
  readonly set: (ms: number) => void;
  readonly putAside: (...ms: number[]) => void;
  readonly told: () => number;
  readonly real: () => number;
} {
  let now = 0;
  let offset = 1_700_000_000_000;
  const asides: number[] = [];
  const reading = (read: number): number => {
    now += asides.shift() ?? 0;
    return read;
  };
  const clock = new Clock({
    monotonic: () => reading(now),
    wall: () => reading(Math.floor(offset + now)),
  });
  return {
    clock,
    pass: (ms) => {
      now += ms;
    },
    set: (ms) => {
      offset += ms;
    },
    putAside: (...ms) => void asides.push(...ms),
    told: () => clock.wall(now),
    real: () => offset + now,
  };
}

describe("the time of a span", () => {
  test("follows a clock that is set, and does not jump with one that is a little off", () => {
    const { pass, set, told, real } = machine();
    expect(Math.abs(told() - real())).toBeLessThan(20);
    const before = told();
    pass(100);
    set(5);
    expect(told()).toBe(before + 100);
    set(3_600_000);
    pass(100);
    expect(Math.abs(told() - real())).toBeLessThan(20);
  });

  test("is not moved because its process was put aside while it looked", () => {
    const { pass, putAside, told } = machine();
    let expected = told();
    // After the first clock was read, after the second one, and each time that it looked again.
    for (const asides of [[65], [0, 65], [65, 0, 0, 0, 65, 0, 65, 0, 0]]) {
      pass(100);
      expected += 100;
      putAside(...asides);
      expect(told()).toBe(expected);
      for (const ms of asides) expected += ms;
    }
  });
});
