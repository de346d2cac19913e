import { badArgument } from "./errors.ts";

/** A clock that moves only when it is told to. */
export interface FakeClock {
  /** The time, in milliseconds. May be handed over without its object: it needs no `this`. */
  readonly now: () => number;
  /**
   * Moves the clock forward.
   * @param ms at least 0; a clock that goes back would hide what a monotonic one shows
   * @returns the time that it is then, in milliseconds
   * @throws ELPIS_TESTING_BAD_ARGUMENT
   */
  readonly advance: (ms: number) => number;
}

/**
 * Makes a clock for state machines that take the time as an argument or a function.
 *
 * @param startMs what `now()` says at first, in milliseconds. @default 0
 * @example
 * const clock = fakeClock();
 * clock.advance(50);
 * clock.now(); // 50
 */
export function fakeClock(startMs = 0): FakeClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (ms) => {
      if (!(ms >= 0)) throw badArgument("advance", "milliseconds from 0", ms);
      nowMs += ms;
      return nowMs;
    },
  };
}
