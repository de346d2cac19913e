import { type OutputStream, parseDuration } from "@elpis/api";
import type { DecodedLine } from "../lines/decode.ts";
import { isAtLeast, type Level } from "../lines/level.ts";

/** Which lines are wanted; what is left out does not matter. */
export interface LineFilter {
  /** `web` for all instances of a process, `web.1` for one. */
  readonly process?: string | undefined;
  readonly stream?: OutputStream | undefined;
  /** Lines that say to be at least so serious. */
  readonly level?: Level | undefined;
  /** What the text holds. */
  readonly grep?: RegExp | undefined;
  /** No line before it, in milliseconds since 1970. */
  readonly since?: number | undefined;
}

/** A test of lines. */
export function acceptsLine(filter: LineFilter): (line: DecodedLine) => boolean {
  const { stream, level, since, process: wanted } = filter;
  // With `g` or `y` a regexp goes on where it found something last.
  const grep =
    filter.grep && new RegExp(filter.grep.source, filter.grep.flags.replace(/[gy]/g, ""));
  return (line) =>
    (since === undefined || line.time >= since) &&
    (stream === undefined || line.stream === stream) &&
    (level === undefined || isAtLeast(line.level, level)) &&
    isFrom(line, wanted) &&
    (grep === undefined || grep.test(line.text));
}

/** Whether a line is from the process that was asked for: `web` means all of them, `web.1` one. */
export function isFrom(
  line: Pick<DecodedLine, "process" | "index">,
  wanted: string | undefined,
): boolean {
  return (
    wanted === undefined || wanted === line.process || wanted === `${line.process}.${line.index}`
  );
}

const MAX_SPAN_MS = 100 * 365 * 86_400_000;

/**
 * The moment that a person means: `10m` is ten minutes ago, `2026-01-31` and `2026-01-31T12:00:00Z` are what they say; a
 * time without a zone is of this machine's.
 *
 * @param nowMs milliseconds since 1970
 * @returns milliseconds since 1970; undefined when it is neither
 */
export function parseSince(text: string, nowMs: number): number | undefined {
  const spanMs = parseDuration(text, MAX_SPAN_MS);
  if (spanMs !== undefined) return nowMs - spanMs;
  if (!/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)/.test(text)) return undefined;
  // A day alone would be taken for one of UTC.
  const at = Date.parse(text.length === 10 ? `${text}T00:00` : text);
  return Number.isNaN(at) ? undefined : at;
}
