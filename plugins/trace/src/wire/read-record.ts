import type { PointSource, SignalTags, SpanEvent, SpanLink, SpanRecord } from "@elpis/api";
import type { Batch } from "./batch.ts";
import { spanIdText, TraceId } from "./ids.ts";
import {
  FROM_AT,
  HEAD_BYTES,
  HEAD_TEXTS,
  HUB_FROM,
  INLINE,
  KIND_AT,
  LIST,
  MESSAGE_AT,
  NO_TEXT,
  NUMBER,
  SCOPE_AT,
  STATE_AT,
  STATUSES,
  TEXT,
  TRUE,
  WHOLE,
} from "./layout.ts";

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type Tag = SignalTags[string];
type Texts = Pick<Batch<unknown>, "texts" | "bytes" | "view">;

/** A text of the head of a span. @param wanted where it stands in the head */
export function headText(from: Texts, begin: number, wanted: number): string | undefined {
  const number = from.view.getUint32(begin + wanted, true);
  if (number === NO_TEXT) return undefined;
  return number < INLINE ? from.texts[number] : inlineText(from, begin, wanted);
}

function inlineText({ bytes, view }: Texts, begin: number, wanted: number): string {
  let at = begin + HEAD_BYTES;
  for (const place of HEAD_TEXTS) {
    const number = view.getUint32(begin + place, true);
    if (number < INLINE) continue;
    const end = at + number - INLINE;
    if (place === wanted) return bytes.toString("utf8", at, end);
    at = end;
  }
  return "";
}

/** What a span itself says of its head. */
interface Head extends Pick<SpanRecord, "spanId" | "name" | "kind" | "start" | "durationMs"> {
  readonly trace: TraceId;
  readonly parentSpanId: string | undefined;
}

/** All of a span. */
export function readRecord(
  from: Texts,
  begin: number,
  head: Head,
  source: PointSource,
): SpanRecord {
  const reader = new Reader(from, begin);
  const status = STATUSES[from.view.getUint8(begin + KIND_AT) >>> 4];
  const record: Writable<SpanRecord> = {
    traceId: head.trace.text,
    spanId: head.spanId,
    name: head.name,
    kind: head.kind,
    start: head.start,
    durationMs: head.durationMs,
    status: status ?? "unset",
    tags: reader.tagsOfSpan(headText(from, begin, FROM_AT)),
    events: reader.events(),
    links: reader.links(),
    source,
  };
  const { parentSpanId } = head;
  if (parentSpanId !== undefined) record.parentSpanId = parentSpanId;
  const message = headText(from, begin, MESSAGE_AT);
  if (message !== undefined) record.statusMessage = message;
  const state = headText(from, begin, STATE_AT);
  if (state !== undefined) record.traceState = state;
  const scope = headText(from, begin, SCOPE_AT);
  if (scope !== undefined) record.instrumentation = scopeOf(scope);
  return record;
}

/** Reads what comes after the head, from its beginning to its end. */
class Reader {
  readonly #texts: readonly string[];
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at: number;

  constructor({ texts, bytes, view }: Texts, begin: number) {
    this.#texts = texts;
    this.#bytes = bytes;
    this.#view = view;
    this.#at = begin + HEAD_BYTES;
    for (const place of HEAD_TEXTS) {
      const number = view.getUint32(begin + place, true);
      if (number >= INLINE) this.#at += number - INLINE;
    }
  }

  /** @param from which process sent the message that began it: it stands in the head, and is a tag */
  tagsOfSpan(from: string | undefined): SignalTags {
    const tags = this.#tags();
    if (from !== undefined) tags[HUB_FROM] = from;
    return tags;
  }

  events(): SpanEvent[] {
    return Array.from({ length: this.#u16() }, () => ({
      name: this.#text(),
      time: this.#f64(),
      tags: this.#tags(),
    }));
  }

  links(): SpanLink[] {
    return Array.from({ length: this.#u16() }, () => {
      const at = this.#at;
      this.#at += 24;
      const spanId = spanIdText(this.#view.getInt32(at + 16), this.#view.getInt32(at + 20));
      return { traceId: TraceId.read(this.#view, at).text, spanId, tags: this.#tags() };
    });
  }

  #tags(): Record<string, Tag> {
    const tags: Record<string, Tag> = {};
    for (let left = this.#u16(); left > 0; left--) {
      const name = this.#text();
      const value = this.#value();
      // It would be no tag, but change what the object is.
      if (name !== "__proto__") tags[name] = value;
    }
    return tags;
  }

  #value(): Tag {
    const type = this.#view.getUint8(this.#at++);
    if (type === TEXT) return this.#text();
    if (type === WHOLE) return this.#u32() | 0;
    if (type === NUMBER) return this.#f64();
    if (type !== LIST) return type === TRUE;
    return Array.from({ length: this.#u16() }, () => this.#value()) as unknown as Tag;
  }

  #text(): string {
    const number = this.#u32();
    if (number < INLINE) return this.#texts[number] ?? "";
    this.#at += number - INLINE;
    return this.#bytes.toString("utf8", this.#at - (number - INLINE), this.#at);
  }

  #u16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2, true);
  }

  #u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  #f64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }
}

function scopeOf(scope: string): NonNullable<SpanRecord["instrumentation"]> {
  const end = scope.lastIndexOf(" ");
  return end === -1
    ? { name: scope }
    : { name: scope.slice(0, end), version: scope.slice(end + 1) };
}
