import type { Duration } from "./types.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What Node's timers can hold: a little under 25 days. */
export const MAX_DURATION_MS: number = 2 ** 31 - 1;

/**
 * Milliseconds of a time span: a number is taken as it is; a text has a unit, such as `"500ms"`, `"1.5s"`, `"2m"`, `"1h"`, `"7d"`.
 *
 * @returns undefined when it is not a time span, is negative, or is longer than 24 days
 */
export function parseDuration(value: Duration): number | undefined {
  const ms = typeof value === "number" ? value : parseText(value);
  return ms >= 0 && ms <= MAX_DURATION_MS ? Math.round(ms) : undefined;
}

function parseText(text: unknown): number {
  const found = typeof text === "string" ? /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(text) : null;
  return found === null ? Number.NaN : Number(found[1]) * (UNIT_MS[found[2] ?? ""] ?? Number.NaN);
}
