import { bytesOfTexts } from "../wire/packed-span.ts";
import type { HeldSpan } from "./held.ts";
import type { Process } from "./members.ts";

/** What a trace takes besides its spans. */
const TRACE_BYTES = 800;

/** A span of a trace. */
export interface Entry {
  readonly span: HeldSpan;
  readonly process: Process;
  /** It was announced, and is not over. */
  readonly isOpen: boolean;
  readonly bytes: number;
}

/** A span that was never told of, but by those that have it as their parent. */
export interface Missing {
  /** One that has it. */
  readonly child: Entry;
  /** Whose it is, such as `web.0`; undefined: of the process of the child, if it is one of ours at all. */
  readonly from: string | undefined;
}

/** What became of a span. `replaced`: it was announced before. `omitted`: there is no room for it. */
export type Added = "added" | "replaced" | "duplicate" | "omitted";

/** The spans of one trace, of all processes. */
export class Trace {
  readonly id: string;
  /** When it was first heard of, and when something of it came last, in monotonic milliseconds. */
  readonly firstAt: number;
  changedAt: number;
  /** When it was decided on, in milliseconds since 1970. */
  decidedAt = 0;
  readonly entries: Map<string, Entry> = new Map();
  /** Those of them that are not over. */
  readonly #open = new Map<string, Entry>();
  readonly #missing = new Map<string, Missing>();
  readonly #maxSpans: number;
  /** Goes on where it was left: what it has passed cannot make room. */
  #victims: Iterator<Entry> | undefined;
  /** Spans that are over. */
  over = 0;
  /** Those that failed, and those of them in which a deadline passed; also what was omitted. */
  failures = 0;
  timeouts = 0;
  /** Spans for which there was no room. */
  omitted = 0;
  /** Whether a span without a parent is over. */
  hasRoot = false;
  bytes: number = TRACE_BYTES;

  constructor(id: string, now: number, maxSpans: number) {
    this.id = id;
    this.firstAt = now;
    this.changedAt = now;
    this.#maxSpans = maxSpans;
  }

  get open(): ReadonlyMap<string, Entry> {
    return this.#open;
  }

  /** By their ids. */
  get missing(): ReadonlyMap<string, Missing> {
    return this.#missing;
  }

  /** Adds a span that is over. */
  addOver(span: HeldSpan, process: Process, now: number): Added {
    const known = this.entries.get(span.spanId);
    if (known !== undefined && !known.isOpen) return "duplicate";
    this.changedAt = now;
    if (span.isFailure) {
      this.failures += 1;
      if (span.isTimeout) this.timeouts += 1;
    }
    if (known === undefined && !this.#makeRoom(span)) {
      this.omitted += 1;
      this.#missing.delete(span.spanId);
      return "omitted";
    }
    this.over += 1;
    if (span.parentSpanId === undefined) this.hasRoot = true;
    if (known !== undefined) {
      this.bytes -= known.bytes;
      this.#open.delete(span.spanId);
    }
    this.#put({ span, process, isOpen: false, bytes: span.bytes });
    return known === undefined ? "added" : "replaced";
  }

  /** Adds a span that is not over yet. */
  addOpen(span: HeldSpan, process: Process, now: number): Added {
    if (this.entries.has(span.spanId)) return "duplicate";
    if (this.entries.size >= this.#maxSpans) return "omitted";
    this.changedAt = now;
    const entry = { span, process, isOpen: true, bytes: span.bytes };
    this.#open.set(span.spanId, entry);
    this.#put(entry);
    return "added";
  }

  /** Whether a span begins a trace, or what our processes know of it: nothing of ours asked for it. */
  isTop(span: HeldSpan): boolean {
    const { parentSpanId } = span;
    if (parentSpanId === undefined) return true;
    return isAskedFromOutside(span) && !this.entries.has(parentSpanId);
  }

  /** Spans that are over. */
  entriesOver(): Entry[] {
    return [...this.entries.values()].filter(({ isOpen }) => !isOpen);
  }

  /** Lets go of all that its spans came with. */
  partWithOthers(): void {
    const shared = new Set<readonly string[]>();
    for (const { span } of this.entries.values()) shared.add(span.partWithOthers());
    for (const texts of shared) this.bytes += bytesOfTexts(texts);
  }

  #put(entry: Entry): void {
    const { spanId, parentSpanId, from } = entry.span;
    this.bytes += entry.bytes;
    this.entries.set(spanId, entry);
    this.#missing.delete(spanId);
    if (parentSpanId === undefined || this.entries.has(parentSpanId)) return;
    if (from !== undefined) this.#miss(parentSpanId, { child: entry, from });
    else if (!isAskedFromOutside(entry.span)) {
      this.#miss(parentSpanId, { child: entry, from: undefined });
    }
  }

  #miss(spanId: string, missing: Missing): void {
    const known = this.#missing.get(spanId);
    if (known !== undefined && !saysMore(missing, known)) return;
    this.#missing.set(spanId, missing);
  }

  /** What tells how the whole trace is gets the place of something else. */
  #makeRoom(span: HeldSpan): boolean {
    if (this.entries.size < this.#maxSpans) return true;
    if (!this.#tells(span)) return false;
    this.#victims ??= this.entries.values();
    for (;;) {
      const { done, value } = this.#victims.next();
      if (done === true) return false;
      const { isOpen, bytes, span: victim } = value;
      if (isOpen || this.#tells(victim)) continue;
      this.entries.delete(victim.spanId);
      this.bytes -= bytes;
      this.over -= 1;
      this.omitted += 1;
      return true;
    }
  }

  #tells(span: HeldSpan): boolean {
    return this.isTop(span) || span.isFailure;
  }
}

/** Whoever asks over a network may be of another application. */
function isAskedFromOutside({ kind, from }: HeldSpan): boolean {
  return (kind === "server" || kind === "consumer") && from === undefined;
}

/** The hub knows whose a parent is; besides that the first of its children is closest to it. */
function saysMore(one: Missing, other: Missing): boolean {
  if ((one.from === undefined) !== (other.from === undefined)) return one.from !== undefined;
  return one.child.span.start < other.child.span.start;
}
