import {
  DURATION_AT,
  FALSE,
  HEAD_BYTES,
  HEAD_TEXTS,
  INLINE,
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
  WHOLE,
} from "./layout.ts";
import type { Place } from "./packed-span.ts";

/** What a `Date` can hold. */
const MAX_TIME_MS = 8.64e15;
const MAX_DEPTH = 2;

/** Whether something is packed spans, by its frame. */
export function isPacked(value: unknown): value is PackedSpans {
  const { texts, bytes, count } = (value ?? {}) as Partial<Record<string, unknown>>;
  return (
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
export function isWhole({ texts, bytes }: Place, begin: number, length: number): boolean {
  return (
    isGoodHead(bytes, begin) && new Walker(texts.length, bytes, begin, begin + length).isSpan()
  );
}

function isGoodHead(bytes: Buffer, begin: number): boolean {
  const kind = bytes[begin + KIND_AT] as number;
  if ((kind & 15) >= KINDS.length || kind >>> 4 >= STATUSES.length) return false;
  const start = bytes.readDoubleLE(begin + START_AT);
  const duration = bytes.readDoubleLE(begin + DURATION_AT);
  return (
    Math.abs(start) <= MAX_TIME_MS &&
    duration >= 0 &&
    duration <= MAX_TIME_MS &&
    bytes.readUInt32LE(begin + NAME_AT) !== NO_TEXT
  );
}

/** Goes over a span without making anything of it. */
class Walker {
  readonly #texts: number;
  readonly #bytes: Buffer;
  readonly #begin: number;
  readonly #end: number;
  #at: number;

  constructor(texts: number, bytes: Buffer, begin: number, end: number) {
    this.#texts = texts;
    this.#bytes = bytes;
    this.#begin = begin;
    this.#end = end;
    this.#at = begin + HEAD_BYTES;
  }

  isSpan(): boolean {
    for (const place of HEAD_TEXTS) {
      const number = this.#bytes.readUInt32LE(this.#begin + place);
      if (number !== NO_TEXT && !this.#isText(number)) return false;
    }
    if (!this.#areTags()) return false;
    for (let left = this.#u16(); left > 0; left--) {
      if (!this.#isText(this.#u32()) || !this.#isTime() || !this.#areTags()) return false;
    }
    for (let left = this.#u16(); left > 0; left--) {
      this.#at += 24;
      if (!this.#areTags()) return false;
    }
    return this.#at === this.#end;
  }

  #areTags(): boolean {
    for (let left = this.#u16(); left > 0; left--) {
      if (!this.#isText(this.#u32()) || !this.#isValue(MAX_DEPTH)) return false;
    }
    return this.#at <= this.#end;
  }

  #isValue(depth: number): boolean {
    const type = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    this.#at += 1;
    switch (type) {
      case TEXT:
        return this.#isText(this.#u32());
      case WHOLE:
        this.#at += 4;
        return true;
      case NUMBER:
        this.#at += 8;
        return true;
      case TRUE:
      case FALSE:
        return true;
      case LIST: {
        if (depth <= 1) return false;
        for (let left = this.#u16(); left > 0; left--) if (!this.#isValue(depth - 1)) return false;
        return true;
      }
      default:
        return false;
    }
  }

  #isText(number: number): boolean {
    if (number < INLINE) return number < this.#texts;
    this.#at += number - INLINE;
    return this.#at <= this.#end;
  }

  #isTime(): boolean {
    this.#at += 8;
    return this.#at <= this.#end && Math.abs(this.#bytes.readDoubleLE(this.#at - 8)) <= MAX_TIME_MS;
  }

  /** Past the end there is a number that cannot be right. */
  #u16(): number {
    this.#at += 2;
    return this.#at <= this.#end ? this.#bytes.readUInt16LE(this.#at - 2) : 1;
  }

  #u32(): number {
    this.#at += 4;
    return this.#at <= this.#end ? this.#bytes.readUInt32LE(this.#at - 4) : NO_TEXT;
  }
}
