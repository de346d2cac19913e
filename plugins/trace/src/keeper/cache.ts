import type { TraceSummary } from "@elpis/api";
import type { TraceId } from "../wire/ids.ts";
import type { HeldSpan } from "./held.ts";
import { Line, Place } from "./line.ts";
import type { Thresholds } from "./slow.ts";
import { summarize } from "./summary.ts";
import type { Added, Trace } from "./trace.ts";
import { TraceTable } from "./trace-table.ts";

/** A trace that can be looked at. */
export interface Kept {
  readonly seq: number;
  readonly trace: Trace;
}

class CachedTrace extends Place implements Kept {
  readonly seq: number;
  readonly trace: Trace;
  /** How it is, as long as nothing of it changes. */
  summary: TraceSummary | undefined = undefined;
  /** In which round something came to it that holds all of its batch; undefined: there is nothing like that. */
  sharesSince: number | undefined;

  constructor(seq: number, trace: Trace, round: number) {
    super();
    this.seq = seq;
    this.trace = trace;
    this.sharesSince = round;
  }
}

/** What a cache holds at most. */
export interface CacheLimits {
  readonly maxTraces: number;
  /** As estimated. */
  readonly maxBytes: number;
}

/** The newest traces that were kept. */
export class Cache {
  readonly #limits: CacheLimits;
  readonly #thresholds: Thresholds;
  readonly #byId = new TraceTable<CachedTrace>();
  /** By `seq`. */
  readonly #line = new Line<CachedTrace>();
  #round = 0;
  bytes = 0;

  constructor(limits: CacheLimits, thresholds: Thresholds) {
    this.#limits = limits;
    this.#thresholds = thresholds;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: TraceId): Kept | undefined {
    return this.#byId.get(id);
  }

  /** The oldest first. */
  all(): Iterable<Kept> {
    return this.#line;
  }

  add(seq: number, trace: Trace): void {
    // One that was forgotten to have been decided on, and began anew.
    const former = this.#byId.get(trace.id);
    if (former !== undefined) this.#remove(former);
    const cached = new CachedTrace(seq, trace, this.#round);
    this.#byId.set(cached);
    this.#line.push(cached);
    this.bytes += trace.bytes;
    this.#fit(cached);
  }

  /** Adds a span to a trace, and keeps up with what that takes. */
  addTo(kept: Kept, span: HeldSpan, now: number): Added {
    const cached = kept as CachedTrace;
    const { bytes } = cached.trace;
    const added = cached.trace.add(span, now);
    if (added !== "duplicate") {
      cached.summary = undefined;
      cached.sharesSince = this.#round;
    }
    this.#resize(cached, bytes);
    return added;
  }

  /**
   * Has traces let go of the batches of which they are a part, each when it has been here for a whole round. Where many are kept most
   * of them have left by then, and nothing had to be copied.
   */
  endRound(): void {
    const sharing: CachedTrace[] = [];
    for (const cached of this.#line) {
      if (cached.sharesSince !== undefined && cached.sharesSince < this.#round)
        sharing.push(cached);
    }
    this.#round += 1;
    for (const cached of sharing) {
      // Others may have needed its room.
      if (this.#byId.get(cached.trace.id) !== cached) continue;
      const { bytes } = cached.trace;
      cached.trace.partWithOthers();
      cached.sharesSince = undefined;
      this.#resize(cached, bytes);
    }
  }

  summary(kept: Kept): TraceSummary {
    const cached = kept as CachedTrace;
    const { trace, seq, summary = summarize(trace, seq, this.#thresholds) } = cached;
    // What is open depends on whether its process lives.
    if (trace.openCount === 0) cached.summary = summary;
    return summary;
  }

  /** @param bytes what it took before it changed */
  #resize(changed: CachedTrace, bytes: number): void {
    this.bytes += changed.trace.bytes - bytes;
    this.#fit(changed);
  }

  /** @param changed one that has become larger */
  #fit(changed: CachedTrace): void {
    const { maxTraces, maxBytes } = this.#limits;
    // Nothing else has to go for what does not fit in any case.
    if (changed.trace.bytes > maxBytes) this.#remove(changed);
    while (this.size > maxTraces || this.bytes > maxBytes) {
      const oldest = this.#line.first;
      if (oldest === undefined) return;
      this.#remove(oldest);
    }
  }

  #remove(cached: CachedTrace): void {
    if (!this.#byId.delete(cached)) return;
    Line.remove(cached);
    this.bytes -= cached.trace.bytes;
  }
}
