import { Cron } from "croner";
import type { Calendar } from "../machine/timetable.ts";

const SECOND_MS = 1000;

/**
 * The times of a cron pattern. Across a change of the clocks a fixed time that is left out comes right after the gap, and
 * one that comes twice counts once; patterns with steps follow the clock on the wall.
 *
 * @throws when the pattern or the time zone makes no sense, or no such time ever comes
 */
export function cronCalendar(pattern: string, timeZone: string | undefined): Calendar {
  const cron = new Cron(pattern, {
    paused: true,
    mode: "5-or-6-parts",
    ...(timeZone !== undefined && { timezone: timeZone }),
  });
  if (cron.nextRun() === null) throw new Error("no such time ever comes");
  return {
    next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime(),
    previous: (untilMs) => {
      // Croner gives what lies before a time.
      const before = new Date((Math.floor(untilMs / SECOND_MS) + 1) * SECOND_MS);
      return cron.previousRuns(1, before)[0]?.getTime();
    },
  };
}
