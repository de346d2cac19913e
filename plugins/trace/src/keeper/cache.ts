import type { TraceSummary } from "@elpis/api";
import type { Thresholds } from "./slow.ts";
import { summarize } from "./summary.ts";
import type { Trace } from "./trace.ts";

/** A trace that can be looked at. */
export interface Kept {
  readonly seq: number;
  readonly trace: Trace;
  /** How it is, as long as nothing of it changes. */
  summary: TraceSummary | undefined;
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
  /** By `seq`. */
  readonly #byId = new Map<string, Kept>();
  bytes = 0;

  constructor(limits: CacheLimits, thresholds: Thresholds) {
    this.#limits = limits;
    this.#thresholds = thresholds;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(traceId: string): Kept | undefined {
    return this.#byId.get(traceId);
  }

  /** The oldest first. */
  all(): IterableIterator<Kept> {
    return this.#byId.values();
  }

  add(seq: number, trace: Trace): void {
    this.#byId.set(trace.id, { seq, trace, summary: undefined });
    this.bytes += trace.bytes;
    this.#fit(trace);
  }

  /** Has a trace changed, and keeps up with what it takes. */
  change<Result>(kept: Kept, task: (trace: Trace) => Result): Result {
    const { trace } = kept;
    const { bytes } = trace;
    const result = task(trace);
    this.bytes += trace.bytes - bytes;
    kept.summary = undefined;
    this.#fit(trace);
    return result;
  }

  summary(kept: Kept): TraceSummary {
    const { trace, seq, summary = summarize(trace, seq, this.#thresholds) } = kept;
    // What is open depends on whether its process lives.
    if (trace.open.size === 0) kept.summary = summary;
    return summary;
  }

  /** @param changed one that has become larger */
  #fit(changed: Trace): void {
    const { maxTraces, maxBytes } = this.#limits;
    // Nothing else has to go for what does not fit in any case.
    if (changed.bytes > maxBytes) this.#remove(changed);
    for (const { trace } of this.#byId.values()) {
      if (this.#byId.size <= maxTraces && this.bytes <= maxBytes) return;
      this.#remove(trace);
    }
  }

  #remove(trace: Trace): void {
    if (!this.#byId.delete(trace.id)) return;
    this.bytes -= trace.bytes;
  }
}
