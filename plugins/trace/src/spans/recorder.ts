import type { Logger } from "@elpis/api";
import { errorToData, hasCode } from "@elpis/api";
import type { SpanBatch } from "../topics.ts";
import { Packer } from "../wire/pack.ts";
import { Clock, monotonic } from "./clock.ts";
import type { Contexts } from "./contexts.ts";
import type { Discretion } from "./discretion.ts";
import type { LiveSpan, SpanSink } from "./live-span.ts";
import { OpenSpans } from "./open-spans.ts";
import { Outbox } from "./outbox.ts";

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
  readonly discretion: Discretion;
  readonly contexts: Contexts;
  /** Hands a batch to whoever keeps traces; resolves when they have it. */
  readonly send: (batch: SpanBatch, timeoutMs: number) => Promise<unknown>;
}

/** Notes which spans of this process are open and tells whoever keeps traces of those that are over. */
export class Recorder implements SpanSink {
  readonly clock: Clock = new Clock();
  readonly #log: Logger;
  readonly #discretion: Discretion;
  readonly #contexts: Contexts;
  readonly #deliver: RecorderParts["send"];
  readonly #outbox: Outbox;
  readonly #open = new OpenSpans(MAX_OPEN);
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isSoon = false;
  #isClosed = false;
  #hasWarned = false;

  constructor({ log, discretion, contexts, send }: RecorderParts) {
    this.#log = log;
    this.#discretion = discretion;
    this.#contexts = contexts;
    this.#deliver = send;
    this.#outbox = new Outbox(new Packer(discretion.rewriteOf));
  }

  began(span: LiveSpan): void {
    this.#contexts.hold();
    if (!this.#open.add(span)) this.#warnOfOpen();
    else if (this.#timer === undefined) this.#want();
  }

  ended(span: LiveSpan): void {
    this.#contexts.release();
    this.#open.over(span);
    this.#discretion.finish(span);
    this.#outbox.add(span);
    if (!this.#outbox.isFull) {
      if (this.#timer === undefined) this.#want();
      return;
    }
    if (this.#isSoon) return;
    this.#isSoon = true;
    setImmediate(() => {
      this.#isSoon = false;
      this.#tellOpen();
      void this.#send();
    });
  }

  /** Tells what there is, within a bound. */
  async shutdown(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const until = monotonic() + FAREWELL_MS;
    while (this.#outbox.counts.waiting > 0 && monotonic() < until) {
      if (!(await this.#sendOne(Math.max(1, Math.ceil(until - monotonic()))))) break;
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
    for (const span of this.#open.tellable(monotonic() - OPEN_MS)) {
      this.#outbox.tellOpen(this.#discretion.open(span));
    }
    if (this.#open.hasYoung) this.#want();
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
        this.#log.warn("spans were lost", { count: batch.spans.count, error: errorToData(error) });
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
