import { parseDuration, type TraceQuery, type TraceStatus } from "@elpis/api";
import { badInput } from "../errors.ts";
import type { Asked } from "./route.ts";

const STATUSES: readonly string[] = [
  "unfinished",
  "timeout",
  "error",
  "slow",
  "normal",
] satisfies TraceStatus[];
const MAX_LIMIT = 1000;
const MAX_SPAN_MS = 100 * 365 * 86_400_000;

/** Parts of the query of a list of traces, each with what it is. */
export const TRACE_QUERY: Readonly<Record<string, string>> = {
  name: "part of the name, in any case",
  status: `any of them, by commas: ${STATUSES.map((one) => `\`${one}\``).join(", ")}`,
  min: "the shortest duration, such as `100ms`, or milliseconds",
  max: "the longest duration, such as `2s`, or milliseconds",
  since: "those that began since then: `10m`, a time in ISO 8601, or milliseconds since 1970",
  until: "those that began until then, given as `since`",
  tag: "what one of its spans has: `key:value`, several by commas",
  process: "a span of it is of this process: `web`, or `web.0`",
  order: "`desc` (default), the newest first, or `asc`",
  offset: "how many to leave out; 0 by default",
  limit: `how many at most, from 1 to ${MAX_LIMIT}; 100 by default`,
};

type Reader = (text: string, part: string, nowMs: number) => TraceQuery;

const READERS: Readonly<Record<string, Reader>> = {
  name: (name) => ({ name }),
  status: (text, part) => ({ statuses: text.split(",").map((one) => statusOf(one, part)) }),
  min: (text, part) => ({ minMs: durationOf(text, part) }),
  max: (text, part) => ({ maxMs: durationOf(text, part) }),
  since: (text, part, nowMs) => ({ since: momentOf(text, part, nowMs) }),
  until: (text, part, nowMs) => ({ until: momentOf(text, part, nowMs) }),
  tag: (text, part) => ({ tags: tagsOf(text, part) }),
  process: (process) => ({ process }),
  order: (text, part) => ({ order: orderOf(text, part) }),
  offset: (text, part) => ({ offset: whole(text, part, 0, Number.MAX_SAFE_INTEGER) }),
  limit: (text, part) => ({ limit: whole(text, part, 1, MAX_LIMIT) }),
};

/**
 * Reads from a URL which traces are wanted.
 *
 * @param nowMs milliseconds since 1970
 * @throws ELPIS_ADMIN_INPUT, also for a part that is not known: without it there would be too many
 */
export function readTraceQuery(query: Asked["query"], nowMs: number): TraceQuery {
  let found: TraceQuery = {};
  for (const [part, text] of Object.entries(query)) {
    if (!Object.hasOwn(READERS, part)) {
      throw bad(part, `not known; there are ${Object.keys(READERS).join(", ")}`);
    }
    found = { ...found, ...READERS[part]?.(text, part, nowMs) };
  }
  return found;
}

/** The id of a trace, in lower case. @throws ELPIS_ADMIN_INPUT */
export function readTraceId(text: string): string {
  if (/^[0-9a-f]{32}$/i.test(text)) return text.toLowerCase();
  throw badInput(`${text.slice(0, 64)} is no id of a trace: it has 32 hexadecimal digits.`);
}

function statusOf(text: string, part: string): TraceStatus {
  const status = text.trim();
  if (STATUSES.includes(status)) return status as TraceStatus;
  throw bad(part, `${shown(text)}; expected ${STATUSES.join(", ")}`);
}

function durationOf(text: string, part: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) : parseDuration(text, MAX_SPAN_MS);
  if (ms !== undefined && ms <= MAX_SPAN_MS) return ms;
  throw bad(part, `${shown(text)}; expected a duration such as 100ms or 2s`);
}

function momentOf(text: string, part: string, nowMs: number): number {
  const at = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (agoOf(text, nowMs) ?? timeOf(text));
  if (Number.isFinite(at)) return at;
  throw bad(
    part,
    `${shown(text)}; expected a span such as 10m, a time such as 2026-01-31T12:00Z, or milliseconds since 1970`,
  );
}

function agoOf(text: string, nowMs: number): number | undefined {
  const ms = parseDuration(text, MAX_SPAN_MS);
  return ms === undefined ? undefined : nowMs - ms;
}

/** A time without a zone is of this machine's, also a day alone. */
function timeOf(text: string): number {
  if (!/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)/.test(text)) return Number.NaN;
  return Date.parse(text.length === 10 ? `${text}T00:00` : text);
}

function tagsOf(text: string, part: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").map((one) => {
    const at = one.indexOf(":");
    if (at < 1) throw bad(part, `${shown(one)}; expected key:value, several by commas`);
    const key = one.slice(0, at).trim();
    if (key === "__proto__") throw bad(part, `${shown(key)}, which no span can have`);
    return [key, one.slice(at + 1).trim()] as const;
  });
  return Object.fromEntries(pairs);
}

function orderOf(text: string, part: string): "asc" | "desc" {
  if (text === "asc" || text === "desc") return text;
  throw bad(part, `${shown(text)}; expected asc or desc`);
}

function whole(text: string, part: string, least: number, most: number): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= least && count <= most) return count;
  throw bad(part, `${shown(text)}; expected a whole number from ${least} to ${most}`);
}

function bad(part: string, why: string): Error {
  return badInput(`The part ${shown(part)} of the query is ${why}.`);
}

function shown(text: string): string {
  return text === "" ? "empty" : text.slice(0, 64);
}
