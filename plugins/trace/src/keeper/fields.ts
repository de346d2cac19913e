import type { SignalTags, SpanEvent, SpanLink, SpanRecord } from "@elpis/api";
import { KINDS, STATUSES } from "../wire/layout.ts";

// Whether parts of what came over the hub are what a span may have.

export type Fields = Readonly<Record<string, unknown>>;

/** What a `Date` can hold. */
const MAX_TIME_MS = 8.64e15;
const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const isTraceId = (value: unknown): value is string =>
  typeof value === "string" && TRACE_ID.test(value);
export const isSpanId = (value: unknown): value is string =>
  typeof value === "string" && SPAN_ID.test(value);
export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
export const isTime = (value: unknown): value is number =>
  typeof value === "number" && Math.abs(value) <= MAX_TIME_MS;
export const isKind = (value: unknown): value is SpanRecord["kind"] =>
  (KINDS as readonly unknown[]).includes(value);
export const isStatus = (value: unknown): value is SpanRecord["status"] =>
  (STATUSES as readonly unknown[]).includes(value);
export const isOptionalText = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === "string";

export function isTags(value: unknown): value is SignalTags {
  if (!isFields(value)) return false;
  for (const key in value) {
    const one = value[key];
    if (!isPlain(one) && !(Array.isArray(one) && one.every(isPlain))) return false;
  }
  return true;
}

function isPlain(value: unknown): boolean {
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean";
}

export const isEvents = (value: unknown): value is readonly SpanEvent[] =>
  Array.isArray(value) && value.every(isEvent);
export const isLinks = (value: unknown): value is readonly SpanLink[] =>
  Array.isArray(value) && value.every(isLink);

function isEvent(value: unknown): boolean {
  return (
    isFields(value) && typeof value.name === "string" && isTime(value.time) && isTags(value.tags)
  );
}

function isLink(value: unknown): boolean {
  return (
    isFields(value) && isTraceId(value.traceId) && isSpanId(value.spanId) && isTags(value.tags)
  );
}

export function isInstrumentation(value: unknown): value is SpanRecord["instrumentation"] {
  if (value === undefined) return true;
  return isFields(value) && typeof value.name === "string" && isOptionalText(value.version);
}
