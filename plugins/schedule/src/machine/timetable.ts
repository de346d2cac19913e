import type { Schedule } from "../definition/definition.ts";
import { CalendarTicks } from "./calendar-ticks.ts";
import { SpanTicks } from "./span-ticks.ts";

/** One instant on two clocks, both in milliseconds: the one that people set, and the one that only goes forward. */
export interface Moment {
  readonly wallMs: number;
  readonly monoMs: number;
}

/** Times that follow from a pattern alone, in milliseconds since 1970. */
export interface Calendar {
  /** The first after a time; undefined: there is none. */
  next(afterMs: number): number | undefined;
  /** The last at or before a time. */
  previous(untilMs: number): number | undefined;
}

/** Times that passed and are not to be acted on one by one. */
export interface Missed {
  /** How many; of very many, at least so many. */
  readonly count: number;
  /** The last of them. */
  readonly lastMs: number;
}

/** What has come due since the last look. */
export interface Passed {
  /** Times to be acted on, the earliest first. */
  readonly due: readonly number[];
  readonly missed: Missed | undefined;
}

/** What is kept of a timetable across restarts. */
export interface SavedTimetable {
  /** The last time that was dealt with, or when the task was defined. */
  readonly untilMs: number;
  /** There will be no next time. */
  readonly isOver?: boolean;
}

/** When a task runs: told what time it is, it says what has come due. Each time comes due once, whatever clocks do. */
export interface Timetable {
  pass(now: Moment): Passed;
  /** The next time, in milliseconds since 1970; undefined: there is none. */
  nextMs(now: Moment): number | undefined;
  /** How long until somebody has to look; undefined: never. */
  delayMs(now: Moment): number | undefined;
  readonly saved: SavedTimetable;
}

/** How late a time may be noticed and still counts as kept: the master may be busy for a moment. */
export const LATE_MS = 10_000;

export const NOTHING: Passed = { due: [], missed: undefined };

/** Two stretches of missed times, the earlier one first, as one. */
export function sum(one: Missed | undefined, other: Missed | undefined): Missed | undefined {
  if (one === undefined || other === undefined) return other ?? one;
  return { count: one.count + other.count, lastMs: other.lastMs };
}

/**
 * @param calendarOf makes the times of a cron pattern
 * @param saved from before a restart: what has passed since then is missed. Undefined: the task is new
 */
export function createTimetable(
  schedule: Schedule,
  calendarOf: (pattern: string, timeZone: string | undefined) => Calendar,
  now: Moment,
  saved?: SavedTimetable,
): Timetable {
  switch (schedule.kind) {
    case "cron":
      return new CalendarTicks(calendarOf(schedule.pattern, schedule.timeZone), now, saved);
    case "at":
      return new CalendarTicks(onceAt(schedule.atMs), now, saved);
    case "every":
      return new SpanTicks(schedule.everyMs, false, now, saved);
    case "in":
      return new SpanTicks(schedule.inMs, true, now, saved);
  }
}

/** A single time. */
function onceAt(atMs: number): Calendar {
  return {
    next: (afterMs) => (afterMs < atMs ? atMs : undefined),
    previous: (untilMs) => (untilMs >= atMs ? atMs : undefined),
  };
}
