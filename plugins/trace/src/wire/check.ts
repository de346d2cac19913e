import type { Batch } from "./batch.ts";
import {
  DURATION_AT,
  FALSE,
  HEAD_BYTES,
  HEAD_TEXTS,
  KIND_AT,
  KINDS,
  LIST,
  MAX_LISTED,
  MAX_LISTED_CHARS,
  NAME_AT,
  NO_TEXT,
  NUMBER,
  type PackedSpans,
  START_AT,
  STATUSES,
  TEXT,
  TRUE,
  VERSION,
  WHOLE,
} from "./layout.ts";

/** What a `Date` can hold. */
const MAX_TIME_MS = 8.64e15;
const MAX_DEPTH = 2;
/** Beyond each end: what would have to begin there is not whole. */
const BROKEN = 0x3fff_ffff;
const LENGTH = 0x7fff_ffff;

/** Whether something is packed spans, by its frame. */
export function isPacked(value: unknown): value is PackedSpans {
  const { version, texts, bytes, count } = (value ?? {}) as Partial<Record<string, unknown>>;
  return (
    version === VERSION &&
    Array.isArray(texts) &&
    texts.length <= MAX_LISTED &&
    texts.every((text) => typeof text === "string" && text.length <= MAX_LISTED_CHARS) &&
    bytes instanceof Uint8Array &&
    Number.isSafeInteger(count) &&
    (count as number) >= 0 &&
    (count as number) * HEAD_BYTES <= bytes.length
  );
}

/** Whether a span is one to its last byte, so that it can be read at any time without a look. */
export function isWhole({ texts, view }: Batch<unknown>, begin: number, length: number): boolean {
  return (
    isGoodHead(view, begin) && endOf(view, begin, begin + length, texts.length) === begin + length
  );
}

function isGoodHead(view: DataView, begin: number): boolean {
  const kind = view.getUint8(begin + KIND_AT);
  if ((kind & 15) >= KINDS.length || kind >>> 4 >= STATUSES.length) return false;
  const duration = view.getFloat64(begin + DURATION_AT, true);
  return (
    isTime(view.getFloat64(begin + START_AT, true)) &&
    duration >= 0 &&
    duration <= MAX_TIME_MS &&
    view.getInt32(begin + NAME_AT, true) !== NO_TEXT
  );
}

function isTime(value: number): boolean {
  return Math.abs(value) <= MAX_TIME_MS;
}

// Each of these is told where something begins and says where it ends; nothing is read that is not before the end of its span.

function endOf(view: DataView, begin: number, end: number, texts: number): number {
  let at = begin + HEAD_BYTES;
  for (const place of HEAD_TEXTS) {
    const number = view.getInt32(begin + place, true);
    if (number !== NO_TEXT) at = afterText(number, at, texts);
  }
  at = afterTags(view, at, end, texts);
  if (at + 2 > end) return BROKEN;
  let left = view.getUint16(at, true);
  for (at += 2; left > 0; left--) {
    at = afterName(view, at, end, texts);
    if (at + 8 > end || !isTime(view.getFloat64(at, true))) return BROKEN;
    at = afterTags(view, at + 8, end, texts);
  }
  if (at + 2 > end) return BROKEN;
  left = view.getUint16(at, true);
  for (at += 2; left > 0 && at < end; left--) at = afterTags(view, at + 24, end, texts);
  return left === 0 ? at : BROKEN;
}

function afterTags(view: DataView, begin: number, end: number, texts: number): number {
  if (begin + 2 > end) return BROKEN;
  let at = begin + 2;
  for (let left = view.getUint16(begin, true); left > 0; left--) {
    at = afterValue(view, afterName(view, at, end, texts), end, texts, MAX_DEPTH);
    if (at > end) return BROKEN;
  }
  return at;
}

function afterName(view: DataView, at: number, end: number, texts: number): number {
  return at + 4 > end ? BROKEN : afterText(view.getInt32(at, true), at + 4, texts);
}

function afterValue(
  view: DataView,
  begin: number,
  end: number,
  texts: number,
  depth: number,
): number {
  if (begin >= end) return BROKEN;
  let at = begin + 1;
  switch (view.getUint8(begin)) {
    case TEXT:
      return afterName(view, at, end, texts);
    case WHOLE:
      return at + 4;
    case NUMBER:
      return at + 8;
    case TRUE:
    case FALSE:
      return at;
    case LIST: {
      if (depth <= 1 || at + 2 > end) return BROKEN;
      let left = view.getUint16(at, true);
      for (at += 2; left > 0 && at < end; left--) at = afterValue(view, at, end, texts, depth - 1);
      return left === 0 ? at : BROKEN;
    }
    default:
      return BROKEN;
  }
}

/** @param number with a sign: that of one that stands here is below 0, and its other bits say how long it is */
function afterText(number: number, at: number, texts: number): number {
  if (number >= 0) return number < texts ? at : BROKEN;
  return at + (number & LENGTH);
}
