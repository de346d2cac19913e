import type { Span } from "./types.ts";

/** Length of each span, in milliseconds. */
export const SPAN_MS: Readonly<Record<Span, number>> = {
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
};

/** How much of `2026-11-26_13-05-09` names a span. */
const NAME_LENGTH: Readonly<Record<Span, number>> = { day: 10, hour: 13, minute: 16, second: 19 };

/**
 * The span that a moment lies in, as the number of milliseconds between 1970 and its begin on the clock on the wall: a
 * number that can be compared, and that a change of the zone's offset moves as it moves the clock.
 *
 * @param nowMs milliseconds since 1970, UTC
 */
export function spanOf(every: Span, nowMs: number): number {
  const wallMs = nowMs - new Date(nowMs).getTimezoneOffset() * 60_000;
  return Math.floor(wallMs / SPAN_MS[every]) * SPAN_MS[every];
}

/** How a span is named in a file's name: `2026-11-26`, `2026-11-26_13`, `2026-11-26_13-05`, `2026-11-26_13-05-09`. */
export function spanName(every: Span, span: number): string {
  const iso = new Date(span).toISOString();
  return iso.slice(0, NAME_LENGTH[every]).replace("T", "_").replaceAll(":", "-");
}
