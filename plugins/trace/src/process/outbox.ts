import type { OpenSpan, SentSpan, SpanBatch } from "../topics.ts";

/** How many spans may wait, and their bytes, as estimated. */
const MAX_WAITING = 8192;
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** What is told at a time. A message of the hub may have 1 MiB. */
const MAX_BATCH = 512;
const MAX_BATCH_BYTES = 400 * 1024;
/** Open spans that wait to be told, and how many are at a time, with their bytes. */
const MAX_OPEN = 4096;
const MAX_OPEN_BATCH = 256;
const MAX_OPEN_BYTES = 100 * 1024;

/** What a span takes beside its texts, about, in bytes. */
const SPAN_BYTES = 300;

/** What an outbox tells how things are. */
export interface OutboxCounts {
  /** Spans that were told. */
  readonly sent: number;
  /** Spans that were lost, because too many waited or one was too large. */
  readonly lost: number;
  readonly waiting: number;
}

/**
 * Spans on their way to whoever keeps traces: bounded, in order, one batch at a time; a batch that is not answered is told again as
 * it was. It has no clock and no connection.
 */
export class Outbox {
  readonly #waiting: Array<{ readonly span: SentSpan; readonly bytes: number }> = [];
  readonly #open = new Map<string, OpenSpan>();
  #bytes = 0;
  #lost = 0;
  #lostTold = 0;
  #sent = 0;
  #seq = 0;
  #underWay: SpanBatch | undefined;

  get counts(): OutboxCounts {
    const waiting = this.#waiting.length + (this.#underWay?.spans.length ?? 0);
    return { sent: this.#sent, lost: this.#lost, waiting };
  }

  /** Whether a batch is worth sending without waiting for its time. */
  get isFull(): boolean {
    return this.#waiting.length >= MAX_BATCH / 2 || this.#bytes >= MAX_BATCH_BYTES / 2;
  }

  /** A span is over. Where too many wait, it is lost: those that wait are of traces that have begun. */
  add(span: SentSpan): void {
    this.#open.delete(span.spanId);
    const bytes = bytesOf(span);
    const isTooMany =
      this.#waiting.length >= MAX_WAITING ||
      this.#bytes + bytes > MAX_WAITING_BYTES ||
      bytes > MAX_BATCH_BYTES;
    if (isTooMany) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push({ span, bytes });
    this.#bytes += bytes;
  }

  /** A span has been open for a while. */
  tellOpen(span: OpenSpan): void {
    if (this.#open.size < MAX_OPEN) this.#open.set(span.spanId, span);
  }

  /** What is to be sent now; undefined: nothing. Until {@link taken} it is the same. */
  next(): SpanBatch | undefined {
    if (this.#underWay !== undefined) return this.#underWay;
    const lost = this.#lost - this.#lostTold;
    if (this.#waiting.length === 0 && this.#open.size === 0 && lost === 0) return undefined;
    let bytes = 0;
    let count = 0;
    for (const one of this.#waiting) {
      if (count === MAX_BATCH || (count > 0 && bytes + one.bytes > MAX_BATCH_BYTES)) break;
      bytes += one.bytes;
      count += 1;
    }
    const spans = this.#waiting.splice(0, count).map(({ span }) => span);
    this.#bytes -= bytes;
    const open = this.#nextOpen();
    this.#lostTold = this.#lost;
    this.#seq += 1;
    this.#underWay = { seq: this.#seq, spans, open, lost };
    return this.#underWay;
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
  taken(batch: SpanBatch): void {
    if (this.#underWay !== batch) return;
    this.#sent += batch.spans.length;
    this.#underWay = undefined;
  }

  /** A batch that was sent will never be taken, such as one that is no message: it is lost. */
  refused(batch: SpanBatch): void {
    if (this.#underWay !== batch) return;
    this.#lost += batch.spans.length;
    this.#underWay = undefined;
  }
}

/** What a span takes in a message, about; texts count twice, as they may be of any language. */
export function bytesOf(span: SentSpan): number {
  let bytes = SPAN_BYTES + 2 * (span.name.length + (span.statusMessage?.length ?? 0));
  bytes += bytesOfTags(span.tags);
  for (const { name, tags } of span.events) bytes += 50 + 2 * name.length + bytesOfTags(tags);
  for (const { tags } of span.links) bytes += 80 + bytesOfTags(tags);
  return bytes;
}

function bytesOfTags(tags: SentSpan["tags"]): number {
  let bytes = 0;
  for (const key in tags) {
    const value = tags[key];
    bytes += 2 * key.length + 10;
    if (typeof value === "string") bytes += 2 * value.length;
    else if (Array.isArray(value)) bytes += 2 * value.join("").length + 10 * value.length;
  }
  return bytes;
}
