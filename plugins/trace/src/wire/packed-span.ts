import type { PointSource, SignalTags, SpanEvent, SpanLink, SpanRecord } from "@elpis/api";
import {
  DURATION_AT,
  FLAGS_AT,
  FROM_AT,
  HAS_PARENT,
  HEAD_BYTES,
  HEAD_TEXTS,
  INLINE,
  IS_TIMEOUT,
  KIND_AT,
  KINDS,
  LIST,
  MESSAGE_AT,
  NAME_AT,
  NO_TEXT,
  NUMBER,
  PARENT_AT,
  SCOPE_AT,
  SPAN_AT,
  START_AT,
  STATE_AT,
  STATUSES,
  TEXT,
  TRACE_AT,
  TRUE,
  WHOLE,
} from "./layout.ts";

/** A text of JavaScript, and what points at it. */
const TEXT_BYTES = 24;
/** The object of a span, with its ids and its place in its trace. */
const OBJECT_BYTES = 400;

/** What the texts of a batch take, about, in bytes. */
export function bytesOfTexts(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + TEXT_BYTES + length, 0);
}

/** Where a span is read from. */
export interface Place {
  readonly texts: readonly string[];
  readonly bytes: Buffer;
  /** What each span has of the texts, in bytes. */
  readonly share: number;
}

/** A span of a batch. Nothing of it is made before it is asked for but what says where it belongs and how it went. */
export class PackedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly start: number;
  readonly durationMs: number;
  readonly kind: SpanRecord["kind"];
  readonly isFailure: boolean;
  readonly isTimeout: boolean;
  /** Which process sent the message that began it. */
  readonly from: string | undefined;
  #batch: Place;
  #at: number;

  constructor(batch: Place, at: number) {
    const { bytes } = batch;
    const flags = bytes[at + FLAGS_AT] as number;
    this.#batch = batch;
    this.#at = at;
    this.traceId = bytes.toString("hex", at + TRACE_AT, at + SPAN_AT);
    this.spanId = bytes.toString("hex", at + SPAN_AT, at + PARENT_AT);
    this.parentSpanId =
      (flags & HAS_PARENT) === 0 ? undefined : bytes.toString("hex", at + PARENT_AT, at + START_AT);
    this.start = bytes.readDoubleLE(at + START_AT);
    this.durationMs = bytes.readDoubleLE(at + DURATION_AT);
    const kind = bytes[at + KIND_AT] as number;
    this.kind = KINDS[kind & 15] as SpanRecord["kind"];
    this.isTimeout = (flags & IS_TIMEOUT) !== 0;
    this.isFailure = STATUSES[kind >>> 4] === "error" || this.isTimeout;
    const from = bytes.readUInt32LE(at + FROM_AT);
    if (from === NO_TEXT) this.from = undefined;
    else this.from = from < INLINE ? batch.texts[from] : new Reader(batch, at).headText(FROM_AT);
  }

  get name(): string {
    return new Reader(this.#batch, this.#at).headText(NAME_AT) ?? "";
  }

  /** About how many bytes of memory it takes. */
  get bytes(): number {
    const { bytes, share } = this.#batch;
    return OBJECT_BYTES + bytes.readUInt32LE(this.#at) + share;
  }

  /** Lets go of the rest of its batch. @returns what it still shares with it */
  partWithOthers(): readonly string[] {
    const { texts, bytes, share } = this.#batch;
    const end = this.#at + bytes.readUInt32LE(this.#at);
    this.#batch = { texts, bytes: Buffer.from(bytes.subarray(this.#at, end)), share };
    this.#at = 0;
    return texts;
  }

  record(source: PointSource): SpanRecord {
    return new Reader(this.#batch, this.#at).record(this, source);
  }
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type Tag = SignalTags[string];

/** Reads a span from its beginning to its end. */
class Reader {
  readonly #texts: readonly string[];
  readonly #bytes: Buffer;
  readonly #begin: number;
  #at: number;

  constructor({ texts, bytes }: Place, begin: number) {
    this.#texts = texts;
    this.#bytes = bytes;
    this.#begin = begin;
    this.#at = begin + HEAD_BYTES;
  }

  /** A text of the head. */
  headText(wanted: number): string | undefined {
    let at = this.#begin + HEAD_BYTES;
    for (const place of HEAD_TEXTS) {
      const number = this.#bytes.readUInt32LE(this.#begin + place);
      if (place === wanted) {
        if (number === NO_TEXT) return undefined;
        if (number < INLINE) return this.#texts[number];
        return this.#bytes.toString("utf8", at, at + number - INLINE);
      }
      if (number >= INLINE) at += number - INLINE;
    }
    return undefined;
  }

  record(span: PackedSpan, source: PointSource): SpanRecord {
    const { traceId, spanId, parentSpanId, kind, start, durationMs } = span;
    const status = STATUSES[(this.#bytes[this.#begin + KIND_AT] as number) >>> 4];
    for (const place of HEAD_TEXTS) {
      const number = this.#bytes.readUInt32LE(this.#begin + place);
      if (number >= INLINE) this.#at += number - INLINE;
    }
    const record: Writable<SpanRecord> = {
      traceId,
      spanId,
      name: this.headText(NAME_AT) ?? "",
      kind,
      start,
      durationMs,
      status: status ?? "unset",
      tags: this.#tags(),
      events: this.#events(),
      links: this.#links(),
      source,
    };
    if (parentSpanId !== undefined) record.parentSpanId = parentSpanId;
    const [message, state] = [this.headText(MESSAGE_AT), this.headText(STATE_AT)];
    if (message !== undefined) record.statusMessage = message;
    if (state !== undefined) record.traceState = state;
    const scope = this.headText(SCOPE_AT);
    if (scope !== undefined) record.instrumentation = scopeOf(scope);
    return record;
  }

  #tags(): SignalTags {
    const tags: Record<string, Tag> = {};
    for (let left = this.#u16(); left > 0; left--) {
      const name = this.#text();
      const value = this.#value();
      // It would be no tag, but change what the object is.
      if (name !== "__proto__") tags[name] = value;
    }
    return tags;
  }

  #events(): SpanEvent[] {
    return Array.from({ length: this.#u16() }, () => ({
      name: this.#text(),
      time: this.#f64(),
      tags: this.#tags(),
    }));
  }

  #links(): SpanLink[] {
    return Array.from({ length: this.#u16() }, () => {
      this.#at += 24;
      const traceId = this.#bytes.toString("hex", this.#at - 24, this.#at - 8);
      const spanId = this.#bytes.toString("hex", this.#at - 8, this.#at);
      return { traceId, spanId, tags: this.#tags() };
    });
  }

  #value(): Tag {
    const type = this.#bytes[this.#at++] as number;
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
    return this.#bytes.readUInt16LE(this.#at - 2);
  }

  #u32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  #f64(): number {
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }
}

function scopeOf(scope: string): NonNullable<SpanRecord["instrumentation"]> {
  const end = scope.lastIndexOf(" ");
  return end === -1
    ? { name: scope }
    : { name: scope.slice(0, end), version: scope.slice(end + 1) };
}
