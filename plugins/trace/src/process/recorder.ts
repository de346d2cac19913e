import type { Logger } from "@elpis/api";
import { errorToData, hasCode } from "@elpis/api";
import type { Context } from "@opentelemetry/api";
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { SpanBatch } from "../topics.ts";
import { Outbox } from "./outbox.ts";
import type { SpanMaker } from "./spans.ts";

/** How often what is over is told, in milliseconds. */
const FLUSH_MS = 200;
/** From when on a span that is open is told of. */
const OPEN_MS = 100;
const SEND_MS = 5000;
/** Open spans of which it is noted that they are. */
const MAX_OPEN = 20_000;
/** How long is waited after nobody has taken a batch. */
const AGAIN_MS = 500;
/** How long whoever leaves waits for what is still to be told. */
const FAREWELL_MS = 1000;

/** What records needs. */
export interface RecorderParts {
  readonly log: Logger;
  readonly maker: SpanMaker;
  /** Hands a batch to whoever keeps traces; resolves when they have it. */
  readonly send: (batch: SpanBatch, timeoutMs: number) => Promise<unknown>;
}

/** A span that is not over. */
interface OpenEntry {
  readonly span: ReadableSpan;
  /** When it was made, on the monotonic clock. */
  readonly since: number;
}

/** Notes which spans of this process are open and tells whoever keeps traces of those that are over. */
export class Recorder implements SpanProcessor {
  readonly #log: Logger;
  readonly #maker: SpanMaker;
  readonly #deliver: RecorderParts["send"];
  readonly #outbox = new Outbox();
  /** Open spans, the oldest first: those that were not told of, and those that were. */
  readonly #young = new Map<string, OpenEntry>();
  readonly #told = new Map<string, OpenEntry>();
  /** Of those that were not: whose child is over, and about to be told. */
  readonly #parents = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isSoon = false;
  #isClosed = false;
  #hasWarned = false;

  constructor({ log, maker, send }: RecorderParts) {
    this.#log = log;
    this.#maker = maker;
    this.#deliver = send;
  }

  onStart(span: Span, _parent: Context): void {
    // One that nobody ever ends would stay for ever; that so many are open says that they are of that kind.
    if (this.#young.size + this.#told.size >= MAX_OPEN) return this.#warnOfOpen();
    this.#young.set(span.spanContext().spanId, { span, since: performance.now() });
    this.#want();
  }

  onEnd(span: ReadableSpan): void {
    const { spanId } = span.spanContext();
    const since = (this.#young.get(spanId) ?? this.#told.get(spanId))?.since;
    if (!this.#young.delete(spanId)) this.#told.delete(spanId);
    this.#outbox.add(this.#maker.sent(span, since));
    const parent = span.parentSpanContext?.spanId;
    if (parent !== undefined && this.#young.has(parent)) this.#parents.add(parent);
    if (!this.#outbox.isFull) return this.#want();
    if (this.#isSoon) return;
    this.#isSoon = true;
    setImmediate(() => {
      this.#isSoon = false;
      this.#tellOpen();
      void this.#send();
    });
  }

  async forceFlush(): Promise<void> {
    await this.#send();
  }

  /** Tells what there is, within a bound. */
  async shutdown(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const until = performance.now() + FAREWELL_MS;
    while (this.#outbox.counts.waiting > 0 && performance.now() < until) {
      if (!(await this.#sendOne(Math.max(1, Math.ceil(until - performance.now()))))) break;
    }
  }

  #want(afterMs = FLUSH_MS): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tellOpen();
      void this.#send();
    }, afterMs);
    this.#timer.unref();
  }

  #warnOfOpen(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(`${MAX_OPEN} spans are open: of further ones it is only known when they end`);
  }

  /** So that it is known what this process was at, if it were killed now. */
  #tellOpen(): void {
    const before = performance.now() - OPEN_MS;
    for (const [spanId, { since }] of this.#young) {
      if (since > before) break;
      this.#tell(spanId);
    }
    // Whoever hears of a child is to know that there is more to come.
    for (const spanId of this.#parents) this.#tell(spanId);
    this.#parents.clear();
    if (this.#young.size > 0) this.#want();
  }

  #tell(spanId: string): void {
    const entry = this.#young.get(spanId);
    if (entry === undefined) return;
    this.#young.delete(spanId);
    this.#told.set(spanId, entry);
    this.#outbox.tellOpen(this.#maker.open(entry.span, entry.since));
    const parent = entry.span.parentSpanContext?.spanId;
    if (parent !== undefined) this.#tell(parent);
  }

  #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (!this.#isClosed && (await this.#sendOne(SEND_MS)));
  }

  /** Whether there may be more to be sent at once. */
  async #sendOne(timeoutMs: number): Promise<boolean> {
    const batch = this.#outbox.next();
    if (batch === undefined) return false;
    try {
      await this.#deliver(batch, timeoutMs);
      this.#outbox.taken(batch);
      return true;
    } catch (error) {
      if (isHopeless(error)) {
        this.#outbox.refused(batch);
        this.#log.warn("spans were lost", { count: batch.spans.length, error: errorToData(error) });
        return true;
      }
      this.#want(AGAIN_MS);
      return false;
    }
  }
}

/** It would be refused again. */
function isHopeless(error: unknown): boolean {
  return (
    hasCode(error, "ELPIS_HUB_TOO_LARGE") ||
    hasCode(error, "ELPIS_PROTOCOL_NOT_PACKABLE") ||
    hasCode(error, "ELPIS_HUB_BAD_PAYLOAD") ||
    hasCode(error, "ELPIS_TRACE_BAD_BATCH")
  );
}
