import { Room } from "../wire/batch.ts";
import type { TraceId } from "../wire/ids.ts";
import { type HeldSpan, isAskedFromOutside } from "./held.ts";
import type { Process } from "./members.ts";
import { missingIn } from "./missing.ts";
import { NOWHERE, SpanIndex } from "./span-index.ts";

/** What a trace takes besides its spans: itself, its list of them, and its places among others. */
const TRACE_BYTES = 520;
/** So many spans are looked through faster than an index is asked; and most traces have no more. */
const FEW = 16;
const NONE: readonly never[] = [];

/** What became of a span. `replaced`: it was announced before. `omitted`: there is no room for it. */
export type Added = "added" | "replaced" | "duplicate" | "omitted";

/** The spans of one trace, of all processes. */
export class Trace {
  readonly id: TraceId;
  /** When it was first heard of, and when something of it came last, in monotonic milliseconds. */
  readonly firstAt: number;
  changedAt: number;
  /** When it was decided on, in milliseconds since 1970. */
  decidedAt = 0;
  readonly #spans: HeldSpan[] = [];
  readonly #maxSpans: number;
  /** Where each of them is, when they are many. */
  #index: SpanIndex | undefined = undefined;
  /** As long as nothing changes. */
  #missing: readonly HeldSpan[] | undefined = undefined;
  /** Goes on where it was left: what it has passed cannot make room. */
  #victim = 0;
  /** What the texts take that are shared with others. */
  #textBytes = 0;
  /** Spans that are over, and those that are not. */
  over = 0;
  openCount = 0;
  /** Those that failed, and those of them in which a deadline passed; also what was omitted. */
  failures = 0;
  timeouts = 0;
  /** Spans for which there was no room. */
  omitted = 0;
  /** Whether a span without a parent is over. */
  hasRoot = false;
  bytes: number = TRACE_BYTES;

  constructor(id: TraceId, now: number, maxSpans: number) {
    this.id = id;
    this.firstAt = now;
    this.changedAt = now;
    this.#maxSpans = maxSpans;
  }

  get spans(): readonly HeldSpan[] {
    return this.#spans;
  }

  /** Those of them that are not over. */
  get open(): readonly HeldSpan[] {
    return this.openCount === 0 ? NONE : this.#spans.filter(({ isOpen }) => isOpen);
  }

  /** Those of them that are over. */
  get ended(): readonly HeldSpan[] {
    return this.openCount === 0 ? this.#spans : this.#spans.filter(({ isOpen }) => !isOpen);
  }

  /** For each span that never came, one of those that have it as their parent. */
  get missing(): readonly HeldSpan[] {
    this.#missing ??= missingIn(this);
    return this.#missing;
  }

  has(high: number, low: number): boolean {
    return this.#find(high, low) !== NOWHERE;
  }

  add(span: HeldSpan, now: number): Added {
    const slot = this.#find(span.idHigh, span.idLow);
    return span.isOpen ? this.#addOpen(span, slot, now) : this.#addOver(span, slot, now);
  }

  /** Whether a span begins a trace, or what our processes know of it: nothing of ours asked for it. */
  isTop(span: HeldSpan): boolean {
    if (!span.hasParent) return true;
    return isAskedFromOutside(span) && !this.has(span.parentHigh, span.parentLow);
  }

  /** Lets go of all that its spans came with, but for the texts. */
  partWithOthers(): void {
    let bytes = 0;
    for (const span of this.#spans) bytes += span.packedBytes;
    const room = new Room<Process>(bytes);
    for (const span of this.#spans) span.moveTo(room);
    const textBytes = room.bytesOfTexts();
    this.bytes += textBytes - this.#textBytes;
    this.#textBytes = textBytes;
  }

  /** @param slot where it was announced, or is already */
  #addOver(span: HeldSpan, slot: number, now: number): Added {
    const isKnown = slot !== NOWHERE;
    if (isKnown && !(this.#spans[slot] as HeldSpan).isOpen) return "duplicate";
    this.#change(now);
    if (span.isFailure) {
      this.failures += 1;
      if (span.isTimeout) this.timeouts += 1;
    }
    const place = isKnown ? slot : this.#roomFor(span);
    if (place === NOWHERE) {
      this.omitted += 1;
      return "omitted";
    }
    this.over += 1;
    if (isKnown) this.openCount -= 1;
    if (!span.hasParent) this.hasRoot = true;
    this.#put(span, place);
    return isKnown ? "replaced" : "added";
  }

  #addOpen(span: HeldSpan, slot: number, now: number): Added {
    if (slot !== NOWHERE) return "duplicate";
    if (this.#spans.length >= this.#maxSpans) return "omitted";
    this.#change(now);
    this.openCount += 1;
    this.#put(span, this.#spans.length);
    return "added";
  }

  #change(now: number): void {
    this.changedAt = now;
    this.#missing = undefined;
  }

  /** In which slot a span is. */
  #find(high: number, low: number): number {
    if (this.#index !== undefined) return this.#index.find(high, low);
    const spans = this.#spans;
    for (let slot = 0; slot < spans.length; slot++) {
      const span = spans[slot] as HeldSpan;
      if (span.idLow === low && span.idHigh === high) return slot;
    }
    return NOWHERE;
  }

  /** Puts a span into a slot, instead of what was there. */
  #put(span: HeldSpan, slot: number): void {
    const spans = this.#spans;
    this.bytes += span.bytes;
    if (slot === spans.length) spans.push(span);
    else {
      const former = spans[slot] as HeldSpan;
      this.bytes -= former.bytes;
      this.#index?.delete(former.idHigh, former.idLow);
      spans[slot] = span;
    }
    if (this.#index !== undefined) this.#index.set(span.idHigh, span.idLow, slot);
    else if (spans.length > FEW) this.#index = indexOf(spans);
  }

  /** The slot for one more span: what tells how the whole trace is gets that of something else. */
  #roomFor(span: HeldSpan): number {
    const spans = this.#spans;
    if (spans.length < this.#maxSpans) return spans.length;
    if (!this.#tells(span)) return NOWHERE;
    while (this.#victim < spans.length) {
      const slot = this.#victim;
      this.#victim += 1;
      const victim = spans[slot] as HeldSpan;
      if (victim.isOpen || this.#tells(victim)) continue;
      this.over -= 1;
      this.omitted += 1;
      return slot;
    }
    return NOWHERE;
  }

  #tells(span: HeldSpan): boolean {
    return this.isTop(span) || span.isFailure;
  }
}

function indexOf(spans: readonly HeldSpan[]): SpanIndex {
  const index = new SpanIndex();
  for (const [slot, { idHigh, idLow }] of spans.entries()) index.set(idHigh, idLow, slot);
  return index;
}
