import { LEVEL_MS, LEVELS, type Level } from "@elpis/telemetry";

/** How levels are written where metrics are handed out one by one. */
export type LevelName = Uppercase<Level>;

/** What no level is longer than, in seconds. */
const REPORTER_SECONDS = 60;

/** How often something of a level is told, in seconds: its own time, or that of whoever reports, if that is shorter. */
export function intervalOf(level: Level, reporterSeconds: number = REPORTER_SECONDS): number {
  return Math.min(LEVEL_MS[level] / 1000, reporterSeconds);
}

/** The more urgent of two. */
export function moreUrgent(a: Level, b: Level): Level {
  return LEVELS.indexOf(a) <= LEVELS.indexOf(b) ? a : b;
}
