import type { TraceDetails, TracePage } from "@elpis/api";
import { isPacked } from "../wire/check.ts";
import type { PackedSpans } from "../wire/layout.ts";
import { unpack } from "../wire/unpack.ts";
import { Cache } from "./cache.ts";
import type { Moment, MoreStats, Source } from "./contract.ts";
import { type Decision, Decisions } from "./decisions.ts";
import { type HeldSpan, PlainSpan } from "./held.ts";
import { readBatch, readOpen, readRelay, readSpan } from "./incoming.ts";
import type { KeeperOptions } from "./keeper-options.ts";
import { Members, type Process } from "./members.ts";
import { Pending, type Waiting } from "./pending.ts";
import { findTrace, listTraces } from "./read.ts";
import { isInShare } from "./share.ts";
import { Thresholds } from "./slow.ts";
import { summarize } from "./summary.ts";
import { type Entry, Trace } from "./trace.ts";
import { dueFor, isBroken, type Reason } from "./waiting.ts";

/** What {@link Traces} depends on. */
export interface TracesOptions extends KeeperOptions {
  /** Told of the spans of traces that are kept, when they are over, each once. */
  readonly onKept: (spans: ReadonlyArray<Pick<Entry, "span" | "process">>) => void;
  /** What `seq` goes on from. @default 0 */
  readonly seq?: number;
}

/**
 * Gathers the spans of all processes, and decides which traces are kept. It has no clock: whoever calls it says what time it is,
 * and calls `decide` now and then.
 */
export class Traces {
  readonly #options: TracesOptions;
  readonly #thresholds: Thresholds;
  readonly #members = new Members();
  readonly #pending = new Pending();
  readonly #decisions = new Decisions();
  readonly #cache: Cache;
  readonly #isBroken = (trace: Trace): boolean => isBroken(trace, this.#members);
  #seq: number;
  #lastSeq = 0;
  readonly #counts = {
    spans: 0,
    kept: 0,
    letGo: 0,
    spansKept: 0,
    spansLetGo: 0,
    late: 0,
    lateFailures: 0,
    lostAtSender: 0,
    lostHere: 0,
    duplicates: 0,
    malformed: 0,
    early: 0,
    handedOver: 0,
  };

  constructor(options: TracesOptions) {
    this.#options = options;
    this.#thresholds = new Thresholds(options.slowMs, options.slowBy);
    this.#cache = new Cache(options.cache, this.#thresholds);
    this.#seq = options.seq ?? 0;
  }

  /** Takes what a process tells. @throws ELPIS_TRACE_BAD_BATCH when it is no batch; nothing of it is taken */
  take(source: Source, value: unknown, at: Moment): void {
    const { seq, spans, open, lost } = readBatch(value);
    const process = this.#members.of(source);
    if (process.isRepeated(seq)) {
      const count = isPacked(spans) ? spans.count : spans.length;
      this.#counts.spans += count;
      this.#counts.duplicates += count;
      return;
    }
    this.#counts.lostAtSender += lost;
    this.#takeAll(process, spans, open, at);
  }

  /**
   * Takes what another keeper had.
   *
   * @returns whose spans these are
   * @throws ELPIS_TRACE_BAD_BATCH when it is nothing like that; nothing of it is taken
   */
  takeRelayed(value: unknown, at: Moment): Source[] {
    const relayed = readRelay(value);
    for (const { source, spans, open } of relayed) {
      this.#takeAll(this.#members.of(source), spans, open, at);
    }
    return relayed.map(({ source }) => source);
  }

  /** A process has ended: what of it is open will never be over, unless that is under way already. */
  processGone(source: Source, at: Moment): void {
    this.#members.gone(source, at);
  }

  /** A process is there, or is there again. */
  processHere(source: Source): void {
    this.#members.here(source);
  }

  /** Decides on all traces that are due. */
  decide(at: Moment): void {
    const { window } = this.#options;
    for (const waiting of this.#pending.all()) {
      const reason = dueFor(waiting.trace, this.#members, window, at.now);
      if (reason !== undefined) this.#decide(waiting, reason, at);
    }
  }

  /** Decides on all traces, as they are: nothing is to come any more. */
  decideAll(at: Moment): void {
    for (const waiting of this.#pending.all()) this.#decide(waiting, "pressed", at);
  }

  /** Takes out all traces that are not decided on, for whoever goes on with them. */
  takeOut(): Trace[] {
    const traces: Trace[] = [];
    for (const waiting of this.#pending.all()) {
      this.#pending.remove(waiting);
      traces.push(waiting.trace);
    }
    return traces;
  }

  /** Counts the spans of what was taken out. */
  handedOver(handed: number, lost: number): void {
    this.#counts.handedOver += handed;
    this.#counts.lostHere += lost;
  }

  /** @throws ELPIS_TRACE_BAD_QUERY */
  list(query: unknown): TracePage {
    const firstSeq = (this.#options.seq ?? 0) + 1;
    return listTraces(this.#cache, query, { firstSeq, lastSeq: this.#lastSeq });
  }

  /** @throws ELPIS_TRACE_BAD_QUERY */
  get(query: unknown): TraceDetails | null {
    return findTrace(this.#cache, query);
  }

  stats(): MoreStats {
    const { size: traces, spans, open, bytes } = this.#pending;
    return {
      ...this.#counts,
      pending: { traces, spans, open, bytes },
      cached: { traces: this.#cache.size, bytes: this.#cache.bytes },
    };
  }

  #takeAll(
    process: Process,
    spans: readonly unknown[] | PackedSpans,
    open: readonly unknown[],
    at: Moment,
  ): void {
    const onBad = (count: number): void => {
      this.#counts.malformed += count;
    };
    if (isPacked(spans)) {
      for (const span of unpack(spans, onBad)) this.#takeSpan(process, span, at);
    } else {
      for (const value of spans) {
        const span = readSpan(value, process.point);
        if (span === undefined) onBad(1);
        else this.#takeSpan(process, new PlainSpan(span), at);
      }
    }
    for (const value of open) {
      const span = readOpen(value, process.point);
      if (span === undefined) onBad(1);
      else this.#takeOpen(process, new PlainSpan(span), at);
    }
  }

  #takeSpan(process: Process, span: HeldSpan, at: Moment): void {
    const { traceId } = span;
    this.#counts.spans += 1;
    const known = this.#pending.get(traceId);
    if (known === undefined) {
      const decision = this.#decisions.get(traceId);
      if (decision !== undefined) return this.#takeLate(decision, process, span, at);
    }
    const waiting = known ?? this.#begin(traceId, at);
    const before = waiting.trace.omitted;
    const added = this.#pending.change(waiting, (trace) => trace.addOver(span, process, at.now));
    if (added === "duplicate") this.#counts.duplicates += 1;
    this.#counts.lostHere += waiting.trace.omitted - before;
    this.#makeRoom(at);
  }

  #takeOpen(process: Process, span: HeldSpan, at: Moment): void {
    const { traceId } = span;
    const known = this.#pending.get(traceId);
    if (known === undefined && this.#decisions.get(traceId) !== undefined) {
      const kept = this.#cache.get(traceId);
      if (kept === undefined) return;
      this.#cache.change(kept, (trace) => trace.addOpen(span, process, at.now));
      return;
    }
    const waiting = known ?? this.#begin(traceId, at);
    this.#pending.change(waiting, (trace) => trace.addOpen(span, process, at.now));
    this.#makeRoom(at);
  }

  /** A span of a trace that was decided on. */
  #takeLate(decision: Decision, process: Process, span: HeldSpan, at: Moment): void {
    const counts = this.#counts;
    if (decision === "letGo") {
      counts.late += 1;
      counts.spansLetGo += 1;
      if (span.isFailure) counts.lateFailures += 1;
      return;
    }
    const kept = this.#cache.get(span.traceId);
    if (kept !== undefined) {
      span.partWithOthers();
      const added = this.#cache.change(kept, (trace) => trace.addOver(span, process, at.now));
      if (added === "duplicate") {
        counts.duplicates += 1;
        return;
      }
    }
    counts.late += 1;
    counts.spansKept += 1;
    this.#options.onKept([{ span, process }]);
  }

  #begin(traceId: string, at: Moment): Waiting {
    const { maxTraces, maxSpansPerTrace } = this.#options.window;
    if (this.#pending.size >= maxTraces) this.#press(at);
    return this.#pending.add(new Trace(traceId, at.now, maxSpansPerTrace));
  }

  #makeRoom(at: Moment): void {
    while (this.#pending.bytes > this.#options.window.maxBytes) this.#press(at);
  }

  #press(at: Moment): void {
    const oldest = this.#pending.oldest(this.#isBroken);
    if (oldest === undefined) return;
    this.#counts.early += 1;
    this.#decide(oldest, "pressed", at);
  }

  #decide(waiting: Waiting, reason: Reason, at: Moment): void {
    const { trace } = waiting;
    this.#pending.remove(waiting);
    trace.decidedAt = at.time;
    const isKept = this.#isKept(trace, reason);
    this.#decisions.set(trace.id, isKept ? "kept" : "letGo");
    const counts = this.#counts;
    if (!isKept) {
      counts.letGo += 1;
      counts.spansLetGo += trace.over;
      return;
    }
    counts.kept += 1;
    counts.spansKept += trace.over;
    this.#seq += 1;
    this.#lastSeq = this.#seq;
    const over = trace.entriesOver();
    if (over.length > 0) this.#options.onKept(over);
    trace.partWithOthers();
    this.#cache.add(this.#seq, trace);
  }

  #isKept(trace: Trace, reason: Reason): boolean {
    const { errors, slow, share } = this.#options.keep;
    if (isInShare(trace.id, share)) return true;
    if (errors && (trace.failures > 0 || this.#isBroken(trace))) return true;
    if (!errors && !slow) return false;
    const { statuses } = summarize(trace, 0, this.#thresholds);
    if (slow && statuses.includes("slow")) return true;
    // What was not waited for is open in most cases, and nothing has gone wrong with it.
    return errors && reason !== "pressed" && statuses.includes("unfinished");
  }
}
