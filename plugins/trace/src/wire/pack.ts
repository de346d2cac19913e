import { writeHex } from "./hex.ts";
import {
  DURATION_AT,
  FALSE,
  FLAGS_AT,
  FROM_AT,
  HAS_PARENT,
  HEAD_BYTES,
  HUB_FROM,
  INLINE,
  IS_TIMEOUT,
  KIND_AT,
  LIST,
  MESSAGE_AT,
  NAME_AT,
  NO_TEXT,
  NUMBER,
  PARENT_AT,
  type PackedSpans,
  SCOPE_AT,
  SPAN_AT,
  START_AT,
  STATE_AT,
  TEXT,
  TRACE_AT,
  TRUE,
  WHOLE,
} from "./layout.ts";
import { type Packable, type Rewrite, type Tags, tagOf, type Value } from "./packable.ts";
import { Texts } from "./texts.ts";
import { isTimeoutTag } from "./timeouts.ts";

const FIRST_BYTES = 16 * 1024;
const MAX_BYTES_OF_CHAR = 3;
const MAX_ITEMS = 0xffff;

/** Packs spans as they end, so that nothing of them is held meanwhile but bytes. */
export class Packer {
  readonly #rewriteOf: (name: string) => Rewrite | undefined;
  readonly #texts: Texts;
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #at = 0;
  /** Spans that are packed, and about how many bytes they take. */
  count = 0;

  /** @param rewriteOf what becomes of values of tags of a name */
  constructor(rewriteOf: (name: string) => Rewrite | undefined = () => undefined) {
    this.#rewriteOf = rewriteOf;
    this.#texts = new Texts(rewriteOf);
  }

  get bytes(): number {
    return this.#at + 2 * this.#texts.chars;
  }

  /** Adds a span, if it takes no more bytes. */
  add(span: Packable, max: number): boolean {
    const begin = this.#at;
    this.#ensure(HEAD_BYTES);
    this.#at += HEAD_BYTES;
    let buffer = this.#buffer;
    buffer[begin + KIND_AT] = span.kind | (span.status << 4);
    writeHex(buffer, begin + TRACE_AT, span.traceId, 16);
    writeHex(buffer, begin + SPAN_AT, span.spanId, 8);
    if (span.parentSpanId === undefined) buffer.fill(0, begin + PARENT_AT, begin + START_AT);
    else writeHex(buffer, begin + PARENT_AT, span.parentSpanId, 8);
    buffer.writeDoubleLE(span.start, begin + START_AT);
    buffer.writeDoubleLE(span.durationMs, begin + DURATION_AT);
    this.#headText(begin + NAME_AT, span.name);
    this.#headText(begin + SCOPE_AT, span.scope);
    const from = tagOf(span.tags, HUB_FROM);
    this.#headText(begin + FROM_AT, typeof from === "string" ? from : undefined);
    this.#headText(begin + MESSAGE_AT, span.statusMessage);
    this.#headText(begin + STATE_AT, span.traceState);
    const isTimeout = this.#tags(span.tags, span);
    const { events, links } = span;
    this.#u16(events.length);
    for (const { name, time, tags } of events) {
      this.#text(name);
      this.#f64(time);
      this.#tags(tags, undefined);
    }
    this.#u16(links.length);
    for (const { traceId, spanId, tags } of links) {
      this.#ensure(24);
      writeHex(this.#buffer, this.#at, traceId, 16);
      writeHex(this.#buffer, this.#at + 16, spanId, 8);
      this.#at += 24;
      this.#tags(tags, undefined);
    }
    // It may have had to grow.
    buffer = this.#buffer;
    const flags = (span.parentSpanId === undefined ? 0 : HAS_PARENT) | (isTimeout ? IS_TIMEOUT : 0);
    buffer[begin + FLAGS_AT] = flags;
    const bytes = this.#at - begin;
    writeU32(buffer, begin, bytes);
    if (bytes > max) {
      this.#at = begin;
      return false;
    }
    this.count += 1;
    return true;
  }

  /** Takes out what was packed. */
  take(): PackedSpans {
    const bytes = this.#buffer.subarray(0, this.#at);
    const packed = { texts: this.#texts.take(), bytes, count: this.count };
    // Whoever sends it needs it unchanged, perhaps for a while.
    this.#buffer = Buffer.allocUnsafeSlow(
      Math.max(FIRST_BYTES, Math.min(this.#at, 8 * FIRST_BYTES)),
    );
    this.#at = 0;
    this.count = 0;
    return packed;
  }

  /** Whether a tag says that a deadline passed. */
  #tags(tags: Tags, span: Packable | undefined): boolean {
    this.#ensure(2);
    const countAt = this.#at;
    this.#at += 2;
    let count = 0;
    let isTimeout = false;
    const { names, values } = this.#texts.shapeOf(span?.name ?? "");
    for (let at = 0; at < tags.length && count < MAX_ITEMS; at += 2) {
      const place = at >> 1;
      const name = tags[at] as string;
      let value: Value | undefined = tags[at + 1] as Value;
      const known = this.#texts.likely(name, names[place]);
      if (span !== undefined) {
        const rewrite = known === undefined ? this.#rewriteOf(name) : known.rewrite;
        if (rewrite !== undefined) value = rewrite(value, span);
        if (value === undefined) continue;
        isTimeout ||= isTimeoutTag(name, value);
      }
      if (known === undefined) this.#inline(name);
      else {
        names[place] = known;
        this.#u32(known.number);
      }
      if (typeof value === "string") {
        this.#u8(TEXT);
        const text = this.#texts.likely(value, values[place]);
        values[place] = text;
        if (text === undefined) this.#inline(value);
        else this.#u32(text.number);
      } else this.#value(value);
      count += 1;
    }
    this.#buffer[countAt] = count & 0xff;
    this.#buffer[countAt + 1] = count >>> 8;
    return isTimeout;
  }

  #value(value: Value): void {
    if (typeof value === "string") {
      this.#u8(TEXT);
      this.#text(value);
    } else if (typeof value === "number") {
      if ((value | 0) === value) {
        this.#u8(WHOLE);
        this.#u32(value >>> 0);
      } else {
        this.#u8(NUMBER);
        this.#f64(value);
      }
    } else if (typeof value === "boolean") this.#u8(value ? TRUE : FALSE);
    else {
      this.#u8(LIST);
      const list = value.slice(0, MAX_ITEMS);
      this.#u16(list.length);
      for (const one of list) this.#value(one);
    }
  }

  #text(text: string): void {
    const known = this.#texts.find(text);
    if (known === undefined) this.#inline(text);
    else this.#u32(known.number);
  }

  #inline(text: string): void {
    this.#ensure(4 + MAX_BYTES_OF_CHAR * text.length);
    const length = this.#buffer.write(text, this.#at + 4);
    writeU32(this.#buffer, this.#at, (INLINE | length) >>> 0);
    this.#at += 4 + length;
  }

  #headText(at: number, text: string | undefined): void {
    if (text === undefined) return writeU32(this.#buffer, at, NO_TEXT);
    const known = this.#texts.find(text);
    if (known !== undefined) return writeU32(this.#buffer, at, known.number);
    this.#ensure(MAX_BYTES_OF_CHAR * text.length);
    const length = this.#buffer.write(text, this.#at);
    writeU32(this.#buffer, at, (INLINE | length) >>> 0);
    this.#at += length;
  }

  #u8(value: number): void {
    this.#ensure(1);
    this.#buffer[this.#at++] = value;
  }

  #u16(value: number): void {
    this.#ensure(2);
    this.#buffer[this.#at++] = value;
    this.#buffer[this.#at++] = value >>> 8;
  }

  #u32(value: number): void {
    this.#ensure(4);
    writeU32(this.#buffer, this.#at, value);
    this.#at += 4;
  }

  #f64(value: number): void {
    this.#ensure(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  #ensure(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function writeU32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >>> 8;
  buffer[at + 2] = value >>> 16;
  buffer[at + 3] = value >>> 24;
}
