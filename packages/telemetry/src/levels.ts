import type { Level } from "@elpis/api";

export type { Level } from "@elpis/api";

/** The longest time between two reports of an instrument of that level, in milliseconds. */
export const LEVEL_MS: Readonly<Record<Level, number>> = {
  critical: 5_000,
  major: 30_000,
  normal: 60_000,
  minor: 90_000,
  trivial: 120_000,
};

/** All levels, the most urgent first. */
export const LEVELS: readonly Level[] = ["critical", "major", "normal", "minor", "trivial"];
