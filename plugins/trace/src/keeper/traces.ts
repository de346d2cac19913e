import type { TraceDetails, TracePage } from "@elpis/api";
import type { TraceId } from "../wire/ids.ts";
import type { PackedSpans } from "../wire/layout.ts";
import { unpack, unpackOwn } from "../wire/unpack.ts";
import { Cache } from "./cache.ts";
import type { Moment, MoreStats, Source } from "./contract.ts";
import { noCounts } from "./counts.ts";
import { type Decision, Decisions } from "./decisions.ts";
import { type HeldSpan, PlainSpan } from "./held.ts";
import { arePacked, readBatch, readOpen, readRelay, readSpan } from "./incoming.ts";
import type { KeeperOptions } from "./keeper-options.ts";
import { Members, type Process } from "./members.ts";
import { Pending, type Waiting } from "./pending.ts";
import { findTrace, listTraces } from "./read.ts";
import { isInShare } from "./share.ts";
import { Thresholds } from "./slow.ts";
import { isSlow, isUnfinished } from "./summary.ts";
import { Trace } from "./trace.ts";
import { dueFor, isBroken, type Reason } from "./waiting.ts";

const NONE: readonly never[] = [];

/** What {@link Traces} depends on. */
export interface TracesOptions extends KeeperOptions {
  /** Told of the spans of traces that are kept, when they are over, each once; the list itself may change afterwards. */
  readonly onKept: (spans: readonly HeldSpan[]) => void;
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
  readonly #counts = noCounts();

  constructor(options: TracesOptions) {
    this.#options = options;
    this.#thresholds = new Thresholds(options.slowMs, options.slowBy);
    this.#cache = new Cache(options.cache, this.#thresholds);
    this.#seq = options.seq ?? 0;
  }

  /**
   * Takes what a process tells.
   *
   * @param isOwn it is this process, of which no span can be wrong
   * @throws ELPIS_TRACE_BAD_BATCH when it is no batch; nothing of it is taken
   */
  take(source: Source, value: unknown, at: Moment, isOwn = false): void {
    const { seq, spans, open, lost } = readBatch(value);
    const process = this.#members.of(source);
    if (process.isRepeated(seq)) {
      const count = arePacked(spans) ? spans.count : spans.length;
      this.#counts.spans += count;
      this.#counts.duplicates += count;
      return;
    }
    this.#counts.lostAtSender += lost;
    if (isOwn && arePacked(spans)) {
      for (const span of unpackOwn(spans, process)) this.#takeSpan(span, at);
      this.#takeAll(process, NONE, open, at);
    } else this.#takeAll(process, spans, open, at);
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
    const { settleMs, openMs } = window;
    for (const waiting of this.#pending.heardOfBy(at.now - Math.min(settleMs, openMs))) {
      const reason = dueFor(waiting.trace, this.#members, window, at.now);
      if (reason !== undefined) this.#decide(waiting, reason, at);
    }
    this.#cache.endRound();
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
    if (arePacked(spans)) {
      for (const span of unpack(spans, process, onBad)) this.#takeSpan(span, at);
    } else {
      for (const value of spans) {
        const span = readSpan(value, process.point);
        if (span === undefined) onBad(1);
        else this.#takeSpan(new PlainSpan(span, process, false), at);
      }
    }
    for (const value of open) {
      const span = readOpen(value, process.point);
      if (span === undefined) onBad(1);
      else this.#takeOpen(new PlainSpan(span, process, true), at);
    }
  }

  #takeSpan(span: HeldSpan, at: Moment): void {
    const { trace: id } = span;
    this.#counts.spans += 1;
    let waiting = this.#pending.get(id);
    if (waiting === undefined) {
      const decision = this.#decisions.get(id);
      if (decision !== undefined) return this.#takeLate(decision, span, id, at);
      waiting = this.#begin(id, at);
    }
    const before = waiting.trace.omitted;
    const added = this.#pending.addTo(waiting, span, at.now);
    if (added === "duplicate") this.#counts.duplicates += 1;
    this.#counts.lostHere += waiting.trace.omitted - before;
    this.#makeRoom(at);
  }

  #takeOpen(span: HeldSpan, at: Moment): void {
    const { trace: id } = span;
    let waiting = this.#pending.get(id);
    if (waiting === undefined) {
      if (this.#decisions.get(id) !== undefined) {
        const kept = this.#cache.get(id);
        if (kept !== undefined) this.#cache.addTo(kept, span, at.now);
        return;
      }
      waiting = this.#begin(id, at);
    }
    this.#pending.addTo(waiting, span, at.now);
    this.#makeRoom(at);
  }

  /** A span of a trace that was decided on. */
  #takeLate(decision: Decision, span: HeldSpan, id: TraceId, at: Moment): void {
    const counts = this.#counts;
    if (decision === "letGo") {
      counts.late += 1;
      counts.spansLetGo += 1;
      if (span.isFailure) counts.lateFailures += 1;
      return;
    }
    const kept = this.#cache.get(id);
    if (kept !== undefined && this.#cache.addTo(kept, span, at.now) === "duplicate") {
      counts.duplicates += 1;
      return;
    }
    counts.late += 1;
    counts.spansKept += 1;
    this.#options.onKept([span]);
  }

  #begin(id: TraceId, at: Moment): Waiting {
    const { maxTraces, maxSpansPerTrace } = this.#options.window;
    if (this.#pending.size >= maxTraces) this.#press(at);
    return this.#pending.add(new Trace(id, at.now, maxSpansPerTrace));
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
    if (trace.over > 0) this.#options.onKept(trace.ended);
    this.#cache.add(this.#seq, trace);
  }

  #isKept(trace: Trace, reason: Reason): boolean {
    const { errors, slow, share } = this.#options.keep;
    if (isInShare(trace.id, share)) return true;
    if (errors && (trace.failures > 0 || this.#isBroken(trace))) return true;
    if (slow && isSlow(trace, this.#thresholds)) return true;
    // What was not waited for is open in most cases, and nothing has gone wrong with it.
    return errors && reason !== "pressed" && isUnfinished(trace);
  }
}
