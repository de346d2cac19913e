/** A time span: milliseconds as a number, or `"500ms"`, `"10s"`, `"2m"`, `"1h"`, `"7d"`. */
export type Duration = number | string;

/** An amount of memory or disk: bytes as a number, or `"512kb"`, `"256mb"`, `"1.5gb"` in powers of 1024. */
export type Size = number | string;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 2 ** 10,
  mb: 2 ** 20,
  gb: 2 ** 30,
  tb: 2 ** 40,
};

/** What Node's timers can hold: a little under 25 days. */
export const MAX_DURATION_MS: number = 2 ** 31 - 1;

/**
 * Milliseconds of a time span: a number is taken as it is; a text has a unit, such as `"500ms"`, `"1.5s"`, `"2m"`, `"1h"`, `"7d"`.
 *
 * @param maxMs what is longer is refused. @default what a timer can hold, 24 days
 * @returns undefined when it is not a time span, is negative, or is too long
 */
export function parseDuration(value: unknown, maxMs: number = MAX_DURATION_MS): number | undefined {
  const ms = typeof value === "number" ? value : durationOf(value);
  return ms >= 0 && ms <= maxMs ? Math.round(ms) : undefined;
}

function durationOf(text: unknown): number {
  const found = typeof text === "string" ? /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(text) : null;
  return found === null ? Number.NaN : Number(found[1]) * (UNIT_MS[found[2] ?? ""] ?? Number.NaN);
}

/**
 * Bytes of an amount: a number is taken as it is; a text has a unit, such as `"512kb"`, `"256mb"`, `"1.5gb"` (also `k`,
 * `m`, `g`, `t`), in powers of 1024.
 *
 * @returns undefined when it is none, or not positive
 */
export function parseSize(value: unknown): number | undefined {
  const bytes = typeof value === "number" ? value : sizeOf(value);
  return bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER ? Math.round(bytes) : undefined;
}

function sizeOf(text: unknown): number {
  const found =
    typeof text === "string" ? /^(\d+(?:\.\d+)?) ?([kmgt]?)b?$/i.exec(text.trim()) : null;
  if (found === null) return Number.NaN;
  const unit = `${(found[2] ?? "").toLowerCase()}b`;
  return Number(found[1]) * (UNIT_BYTES[unit] ?? Number.NaN);
}
