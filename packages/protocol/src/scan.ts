import { badBody } from "./errors.ts";
import {
  ERROR_ENTRIES,
  Ext,
  FORBIDDEN_KEY,
  MAX_BIGINT_BYTES,
  MAX_DATE_MS,
  MAX_MAP_ENTRIES,
  MAX_VALUE_DEPTH,
  MAX_VALUE_ENTRIES,
  NANOS_PER_SECOND,
} from "./values.ts";

// The stack of lists, maps and extensions that are open. Nothing else runs during a scan, so one stack is enough.
/** Values that each still lacks. */
const lefts = new Int32Array(MAX_VALUE_DEPTH + 1);
/** Whether a key comes before each of them. */
const keyed = new Uint8Array(MAX_VALUE_DEPTH + 1);
/** For an extension, where it ends. */
const ends = new Int32Array(MAX_VALUE_DEPTH + 1);
const NO_END = -1;

/** In a body with records, the bytes from here on stand for them, and integers end below. */
const FIRST_RECORD = 0x40;
const FIXSTR_PROTO = 0xa0 + FORBIDDEN_KEY.length;
/** Bytes behind the token of 0xc0 to 0xdf that hold a number or a length. */
const OPERAND_BYTES = Uint8Array.from([
  ...[0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8],
  ...[1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4],
]);

/**
 * Checks the body in `bytes[start..end)` before anything is built from it: that it is one whole value of types that
 * bodies may have, and within the limits of `values.ts`. One pass over the bytes, without recursion.
 * @param records names of the fields of its sender's records, by number; without them a body has none
 * @throws ELPIS_PROTOCOL_BAD_BODY
 */
export function scan(
  bytes: Uint8Array,
  start: number,
  end: number,
  records?: ReadonlyArray<readonly string[]>,
): void {
  const integersEnd = records === undefined ? 0x80 : FIRST_RECORD;
  let at = start;
  let depth = 0;
  let entries = 0;
  let left = 1;
  let isMap = false;

  for (;;) {
    while (left === 0) {
      if (depth === 0) {
        if (at === end) return;
        throw badBody(at < end ? "trailing" : "truncated", at - start);
      }
      if (ends[depth] !== NO_END && ends[depth] !== at) throw badBody("extension", at - start);
      depth--;
      left = lefts[depth] as number;
      isMap = keyed[depth] === 1;
    }
    left--;
    if (isMap) {
      if (at >= end) throw badBody("truncated", at - start);
      const token = bytes[at] as number;
      if (token < 0xa0 || token > 0xbf) at = longKey(bytes, at, start, end);
      else if (token === FIXSTR_PROTO && isForbidden(bytes, at + 1)) {
        throw badBody("key", at - start);
      } else at += token - 0x9f;
    }

    if (at >= end) throw badBody("truncated", at - start);
    const token = bytes[at++] as number;
    if (token < integersEnd || token >= 0xe0) continue;
    if (token >= 0xa0 && token < 0xc0) {
      at += token & 0x1f;
      continue;
    }
    let count = token & 0x0f;
    let closesAt = NO_END;
    let opensMap = token < 0x90;
    if (token < 0x80) {
      const names = records?.[token - FIRST_RECORD];
      if (names === undefined) throw badBody("record", at - start);
      count = names.length;
      opensMap = false;
    } else if (token >= 0xc0) {
      if (token === 0xc1) throw badBody("reserved", at - start);
      const operand = OPERAND_BYTES[token - 0xc0] as number;
      if (operand > end - at) throw badBody("truncated", at - start);
      if (token >= 0xdc) {
        count = unsigned(bytes, at, operand);
        at += operand;
        opensMap = token >= 0xde;
      } else if ((token >= 0xca && token <= 0xd3) || token < 0xc4) {
        at += operand;
        continue;
      } else {
        const isFixed = token >= 0xd4 && token <= 0xd8;
        const length = isFixed ? 1 << (token - 0xd4) : unsigned(bytes, at, operand);
        at += operand;
        if (token <= 0xc6 || token >= 0xd9) {
          if (length > end - at) throw badBody("truncated", at - start);
          at += length;
          continue;
        }
        if (length >= end - at) throw badBody("truncated", at - start);
        const type = bytes[at++] as number;
        if (!holdsValue(bytes, at, length, type)) {
          if (!isLeaf(bytes, at, length, type)) throw badBody("extension", at - start);
          at += length;
          continue;
        }
        if (type === Ext.error) entries += ERROR_ENTRIES - 1;
        count = 1;
        closesAt = at + length;
        opensMap = false;
      }
    }

    if (depth === MAX_VALUE_DEPTH) throw badBody("depth", at - start);
    // Every element has a byte at least, every entry of a map two.
    if (count > (opensMap ? (end - at) >> 1 : end - at)) throw badBody("truncated", at - start);
    if (opensMap && count > MAX_MAP_ENTRIES) throw badBody("keys", at - start);
    entries += count;
    if (entries > MAX_VALUE_ENTRIES) throw badBody("entries", at - start);
    lefts[depth] = left;
    keyed[depth] = isMap ? 1 : 0;
    depth++;
    ends[depth] = closesAt;
    left = count;
    isMap = opensMap;
  }
}

/** A key that is not a short text: where it ends. */
function longKey(bytes: Uint8Array, at: number, start: number, end: number): number {
  const token = bytes[at] as number;
  if (token < 0xd9 || token > 0xdb) throw badBody("key", at - start);
  const operand = OPERAND_BYTES[token - 0xc0] as number;
  const from = at + 1 + operand;
  if (from > end) throw badBody("truncated", at - start);
  const length = unsigned(bytes, at + 1, operand);
  if (length > end - from) throw badBody("truncated", at - start);
  if (length === FORBIDDEN_KEY.length && isForbidden(bytes, from)) throw badBody("key", at - start);
  return from + length;
}

/** Whether the nine bytes at `at` are a key that must not be assigned. */
function isForbidden(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < FORBIDDEN_KEY.length; index++) {
    if (bytes[at + index] !== FORBIDDEN_KEY.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether an extension has one value inside, of the kind that its type asks for. */
export function holdsValue(bytes: Uint8Array, at: number, length: number, type: number): boolean {
  if (length === 0) return false;
  const head = bytes[at] as number;
  if (type === Ext.error) return (head >= 0x80 && head <= 0x8f) || head === 0xde || head === 0xdf;
  if (type !== Ext.map && type !== Ext.set) return false;
  if (head >= 0x90 && head <= 0x9f) return type === Ext.set || head % 2 === 0;
  if (head !== 0xdc && head !== 0xdd) return false;
  if (type === Ext.set) return true;
  const operand = head === 0xdc ? 2 : 4;
  if (operand >= length) return false;
  const count = unsigned(bytes, at + 1, operand);
  return count % 2 === 0 && count <= 2 * MAX_MAP_ENTRIES;
}

/** Whether an extension is of a type without values inside, and what it should be. */
export function isLeaf(bytes: Uint8Array, at: number, length: number, type: number): boolean {
  if (type === Ext.undefined) return length === 1 && bytes[at] === 0;
  if (type === Ext.bigint) return length > 0 && length <= MAX_BIGINT_BYTES;
  if (type !== Ext.date) return false;
  if (length === 4) return true;
  if (length === 8) return unsigned(bytes, at, 4) >>> 2 < NANOS_PER_SECOND;
  if (length !== 12 || unsigned(bytes, at, 4) >= NANOS_PER_SECOND) return false;
  const ms = timestampMs(bytes, at, length);
  return ms >= -MAX_DATE_MS && ms <= MAX_DATE_MS;
}

/** Milliseconds since 1970 of a timestamp of 4, 8 or 12 bytes. */
export function timestampMs(bytes: Uint8Array, at: number, length: number): number {
  const first = unsigned(bytes, at, 4);
  if (length === 4) return first * 1000;
  const second = unsigned(bytes, at + 4, 4);
  if (length === 8) {
    return ((first & 3) * 2 ** 32 + second) * 1000 + Math.floor((first >>> 2) / 1e6);
  }
  const seconds = (second | 0) * 2 ** 32 + unsigned(bytes, at + 8, 4);
  return seconds * 1000 + Math.floor(first / 1e6);
}

/** The unsigned integer of `size` bytes (1, 2 or 4), highest first. */
function unsigned(bytes: Uint8Array, at: number, size: number): number {
  const first = bytes[at] as number;
  if (size === 1) return first;
  const second = bytes[at + 1] as number;
  if (size === 2) return (first << 8) | second;
  const rest = (second << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return ((first << 24) | rest) >>> 0;
}
