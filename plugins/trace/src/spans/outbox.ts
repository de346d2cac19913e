import type { OpenSpan, SpanBatch } from "../topics.ts";
import { spanIdText } from "../wire/ids.ts";
import { type PackedSpans, VERSION } from "../wire/layout.ts";
import { Packer } from "../wire/pack.ts";
import type { Packable } from "../wire/packable.ts";

/** How many spans may wait, and their bytes. */
const MAX_WAITING = 8192;
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** What is told at a time. A message of the hub may have 1 MiB. */
const MAX_BATCH = 512;
/** From when on nothing is added to a batch, and what a span may take. */
const FULL_BATCH_BYTES = 200 * 1024;
const MAX_SPAN_BYTES = 200 * 1024;
/** Open spans that wait to be told, and how many are at a time, with their bytes. */
const MAX_OPEN = 4096;
const MAX_OPEN_BATCH = 256;
const MAX_OPEN_BYTES = 100 * 1024;

/** What an open span takes beside its texts, about, in bytes. */
const SPAN_BYTES = 300;
const NOTHING: PackedSpans = { version: VERSION, texts: [], bytes: new Uint8Array(), count: 0 };

/** What an outbox tells how things are. */
export interface OutboxCounts {
  /** Spans that were told. */
  readonly sent: number;
  /** Spans that were lost, because too many waited or one was too large. */
  readonly lost: number;
  readonly waiting: number;
}

/** Spans that are sent together. */
interface Parcel extends SpanBatch {
  readonly spans: PackedSpans;
}

/**
 * Spans on their way to whoever keeps traces: bounded, in order, one batch at a time; a batch that is not answered is told again as
 * it was. It has no clock and no connection.
 */
export class Outbox {
  readonly #packer: Packer;
  /** Full, and not under way. */
  readonly #full: PackedSpans[] = [];
  #fullSpans = 0;
  #fullBytes = 0;
  readonly #open = new Map<string, OpenSpan>();
  #lost = 0;
  #lostTold = 0;
  #sent = 0;
  #seq = 0;
  #underWay: Parcel | undefined;

  constructor(packer: Packer = new Packer()) {
    this.#packer = packer;
  }

  get counts(): OutboxCounts {
    const { count } = this.#packer;
    const waiting = this.#fullSpans + count + (this.#underWay?.spans.count ?? 0);
    return { sent: this.#sent, lost: this.#lost, waiting };
  }

  /** Whether a batch is worth sending without waiting for its time. */
  get isFull(): boolean {
    const { count, bytes } = this.#packer;
    return this.#full.length > 0 || count >= MAX_BATCH / 2 || bytes >= FULL_BATCH_BYTES / 2;
  }

  /** A span is over. Where too many wait, it is lost: those that wait are of traces that have begun. */
  add(span: Packable): void {
    // Looked for only where there are some: most spans are never told of while they are open.
    if (this.#open.size > 0) this.#open.delete(spanIdText(span.idHigh, span.idLow));
    const packer = this.#packer;
    const isTooMany =
      this.#fullSpans + packer.count >= MAX_WAITING ||
      this.#fullBytes + packer.bytes >= MAX_WAITING_BYTES;
    if (isTooMany || !packer.add(span, MAX_SPAN_BYTES)) this.#lost += 1;
    else if (packer.count >= MAX_BATCH || packer.bytes >= FULL_BATCH_BYTES) this.#fill();
  }

  /** A span has been open for a while. */
  tellOpen(span: OpenSpan): void {
    if (this.#open.size < MAX_OPEN) this.#open.set(span.spanId, span);
  }

  /** What is to be sent now; undefined: nothing. Until {@link taken} it is the same. */
  next(): Parcel | undefined {
    if (this.#underWay !== undefined) return this.#underWay;
    const lost = this.#lost - this.#lostTold;
    if (this.#full.length === 0 && this.#packer.count > 0) this.#fill();
    if (this.#full.length === 0 && this.#open.size === 0 && lost === 0) return undefined;
    const spans = this.#full.shift() ?? NOTHING;
    this.#fullSpans -= spans.count;
    this.#fullBytes -= spans.bytes.length;
    const open = this.#nextOpen();
    this.#lostTold = this.#lost;
    this.#seq += 1;
    this.#underWay = { seq: this.#seq, spans, open, lost };
    return this.#underWay;
  }

  #fill(): void {
    const packed = this.#packer.take();
    this.#full.push(packed);
    this.#fullSpans += packed.count;
    this.#fullBytes += packed.bytes.length;
  }

  /** Those that do not fit are told the next time. */
  #nextOpen(): OpenSpan[] {
    const open: OpenSpan[] = [];
    let bytes = 0;
    for (const [spanId, span] of this.#open) {
      bytes += SPAN_BYTES + 2 * span.name.length + bytesOfTags(span.tags);
      if (open.length === MAX_OPEN_BATCH || (open.length > 0 && bytes > MAX_OPEN_BYTES)) break;
      open.push(span);
      this.#open.delete(spanId);
    }
    return open;
  }

  /** A batch that was sent is there. Nothing happens where it was known already: it may have been sent twice. */
  taken(batch: Parcel): void {
    if (this.#underWay !== batch) return;
    this.#sent += batch.spans.count;
    this.#underWay = undefined;
  }

  /** A batch that was sent will never be taken, such as one that is no message: it is lost. */
  refused(batch: Parcel): void {
    if (this.#underWay !== batch) return;
    this.#lost += batch.spans.count;
    this.#underWay = undefined;
  }
}

function bytesOfTags(tags: OpenSpan["tags"]): number {
  let bytes = 0;
  for (const key in tags) {
    const value = tags[key];
    bytes += 2 * key.length + 10;
    if (typeof value === "string") bytes += 2 * value.length;
    else if (Array.isArray(value)) bytes += 2 * value.join("").length + 10 * value.length;
  }
  return bytes;
}
