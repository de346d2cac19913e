import {
  DURATION_AT,
  FALSE,
  FLAGS_AT,
  FROM_AT,
  HAS_PARENT,
  HEAD_BYTES,
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
  VERSION,
  WHOLE,
} from "./layout.ts";
import type { Packable, Rewrite, Tags, Value } from "./packable.ts";
import { type Known, type Shape, Texts } from "./texts.ts";
import { isTimeoutTag } from "./timeouts.ts";
import { Writer } from "./writer.ts";

const MAX_ITEMS = 0xffff;
/** A tag with a short value: its name, what the value is, and the value. */
const TAG_BYTES = 4 + 1 + 4;

/** Packs spans as they end, so that nothing of them is held meanwhile but bytes. */
export class Packer {
  readonly #rewriteOf: (name: string) => Rewrite | undefined;
  readonly #texts: Texts;
  readonly #to = new Writer();
  /** Spans that are packed. */
  count = 0;

  /** @param rewriteOf what becomes of values of tags of a name */
  constructor(rewriteOf: (name: string) => Rewrite | undefined = () => undefined) {
    this.#rewriteOf = rewriteOf;
    this.#texts = new Texts(rewriteOf);
  }

  /** How many bytes those that are packed take, about. */
  get bytes(): number {
    return this.#to.at + 2 * this.#texts.chars;
  }

  /** Adds a span, if it takes no more bytes. */
  add(span: Packable, max: number): boolean {
    const to = this.#to;
    const begin = to.at;
    to.ensure(HEAD_BYTES);
    to.at = begin + HEAD_BYTES;
    const shape = this.#texts.shapeOf(span.name);
    this.#head(span, begin, shape);
    const isTimeout = this.#tags(span.tags, shape, span);
    this.#eventsAndLinks(span);
    const { view } = to;
    if (isTimeout) view.setUint8(begin + FLAGS_AT, view.getUint8(begin + FLAGS_AT) | IS_TIMEOUT);
    const bytes = to.at - begin;
    view.setUint32(begin, bytes, true);
    if (bytes > max) {
      to.at = begin;
      return false;
    }
    this.count += 1;
    return true;
  }

  /** Takes out what was packed. */
  take(): PackedSpans {
    const { count } = this;
    this.count = 0;
    return { version: VERSION, texts: this.#texts.take(), bytes: this.#to.take(), count };
  }

  #head(span: Packable, begin: number, shape: Shape): void {
    const { view } = this.#to;
    const { parentHigh, parentLow } = span;
    view.setUint8(begin + KIND_AT, span.kind | (span.status << 4));
    view.setUint8(begin + FLAGS_AT, parentHigh === 0 && parentLow === 0 ? 0 : HAS_PARENT);
    span.trace.write(view, begin + TRACE_AT);
    view.setInt32(begin + SPAN_AT, span.idHigh);
    view.setInt32(begin + SPAN_AT + 4, span.idLow);
    view.setInt32(begin + PARENT_AT, parentHigh);
    view.setInt32(begin + PARENT_AT + 4, parentLow);
    view.setFloat64(begin + START_AT, span.start, true);
    view.setFloat64(begin + DURATION_AT, span.durationMs, true);
    // In the order in which they stand behind the head, should they not fit into the list.
    shape.name = this.#headText(begin + NAME_AT, span.name, shape.name);
    shape.scope = this.#headText(begin + SCOPE_AT, span.scope, shape.scope);
    shape.from = this.#headText(begin + FROM_AT, span.from, shape.from);
    this.#headText(begin + MESSAGE_AT, span.statusMessage, undefined);
    this.#headText(begin + STATE_AT, span.traceState, undefined);
  }

  /** @returns what is likely there the next time */
  #headText(at: number, text: string | undefined, likely: Known | undefined): Known | undefined {
    const to = this.#to;
    if (text === undefined) {
      to.view.setUint32(at, NO_TEXT, true);
      return likely;
    }
    const known = this.#texts.likely(text, likely);
    if (known === undefined) {
      const length = to.text(text);
      to.view.setUint32(at, INLINE | length, true);
      return likely;
    }
    to.view.setUint32(at, known.number, true);
    return known;
  }

  /** Whether a tag says that a deadline passed. @param span whose they are, if they are those of a span */
  #tags(tags: Tags, shape: Shape, span: Packable | undefined): boolean {
    const to = this.#to;
    to.u16(0);
    const begin = to.at;
    to.ensure(TAG_BYTES * (tags.length >> 1));
    let count = 0;
    let isTimeout = false;
    for (let at = 0; at < tags.length && count < MAX_ITEMS; at += 2) {
      const place = at >> 1;
      const name = tags[at] as string;
      let value: Value | undefined = tags[at + 1] as Value;
      const known = this.#texts.likely(name, shape.names[place]);
      if (span !== undefined) {
        const rewrite = known === undefined ? this.#rewriteOf(name) : known.rewrite;
        if (rewrite !== undefined) value = rewrite(value, span);
        if (value === undefined) continue;
        isTimeout ||= known?.isPlain !== true && isTimeoutTag(name, value);
      }
      count += 1;
      if (known !== undefined && this.#shortTag(known, value, shape, place)) continue;
      if (known === undefined) to.inline(name);
      else to.u32(known.number);
      this.#value(value);
      // It may have taken the room of those that come after it.
      to.ensure(TAG_BYTES * ((tags.length - at) >> 1));
    }
    to.view.setUint16(begin - 2, count, true);
    return isTimeout;
  }

  /** Writes a tag that takes no more than there is room for, as nearly all do; false: it is not one of those. */
  #shortTag(name: Known, value: Value, { names, values }: Shape, place: number): boolean {
    const to = this.#to;
    const { view, at } = to;
    if (typeof value === "string") {
      const text = this.#texts.likely(value, values[place]);
      if (text === undefined) return false;
      // Most are what they were.
      if (values[place] !== text) values[place] = text;
      view.setUint8(at + 4, TEXT);
      view.setUint32(at + 5, text.number, true);
    } else if (typeof value === "number" && (value | 0) === value) {
      view.setUint8(at + 4, WHOLE);
      view.setInt32(at + 5, value, true);
    } else return false;
    if (names[place] !== name) names[place] = name;
    view.setUint32(at, name.number, true);
    to.at = at + TAG_BYTES;
    return true;
  }

  #eventsAndLinks({ events, links }: Packable): void {
    const to = this.#to;
    to.u16(events.length);
    for (const { name, time, tags } of events) {
      this.#text(name);
      to.f64(time);
      this.#tags(tags, this.#texts.shapeOf(name), undefined);
    }
    to.u16(links.length);
    for (const { traceId, spanId, tags } of links) {
      to.hex(traceId, 16);
      to.hex(spanId, 8);
      this.#tags(tags, this.#texts.shapeOf(""), undefined);
    }
  }

  #value(value: Value): void {
    const to = this.#to;
    if (typeof value === "string") {
      to.u8(TEXT);
      this.#text(value);
    } else if (typeof value === "number") {
      if ((value | 0) === value) {
        to.u8(WHOLE);
        to.u32(value);
      } else {
        to.u8(NUMBER);
        to.f64(value);
      }
    } else if (typeof value === "boolean") to.u8(value ? TRUE : FALSE);
    else {
      to.u8(LIST);
      const list = value.slice(0, MAX_ITEMS);
      to.u16(list.length);
      for (const one of list) this.#value(one);
    }
  }

  #text(text: string): void {
    const known = this.#texts.find(text);
    if (known === undefined) this.#to.inline(text);
    else this.#to.u32(known.number);
  }
}
