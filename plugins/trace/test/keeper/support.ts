import type { SpanRecord } from "@elpis/api";
import type { Moment, Source } from "../../src/keeper/contract.ts";
import { type KeepingOptions, keeperOptions } from "../../src/keeper/keeper-options.ts";
import { Traces } from "../../src/keeper/traces.ts";
import type { OpenSpan, SentSpan, SpanBatch } from "../../src/topics.ts";

/** Wall time at monotonic zero. */
export const EPOCH = 1_700_000_000_000;

/** A moment so many milliseconds after the beginning. */
export const at = (now: number): Moment => ({ now, time: EPOCH + now });

export const sourceOf = (name: string, index = 0, epoch = 1): Source => ({
  ...{ app: "shop", name, index, epoch },
  pid: 1000 + 100 * epoch + index,
});

export const WEB: Source = sourceOf("web");
export const WORKER: Source = sourceOf("worker");

export const traceId = (number: number): string => number.toString(16).padStart(32, "0");
export const spanId = (number: number): string => number.toString(16).padStart(16, "0");

/** What is told of a span besides what is usual. */
export type Told = Partial<Omit<SentSpan, "traceId" | "spanId" | "parentSpanId">>;

/** A span that is over: of a trace, by its number, with the number of its parent. */
export function span(trace: number, own: number, parent?: number, told: Told = {}): SentSpan {
  return {
    traceId: traceId(trace),
    spanId: spanId(own),
    ...(parent !== undefined && { parentSpanId: spanId(parent) }),
    name: `span ${own}`,
    kind: parent === undefined ? "server" : "internal",
    start: EPOCH + own,
    durationMs: 10,
    status: "unset",
    tags: {},
    events: [],
    links: [],
    ...told,
  };
}

/** The same while it is open. */
export function open(trace: number, own: number, parent?: number, told: Told = {}): OpenSpan {
  const { name, kind, start, tags, ...rest } = span(trace, own, parent, told);
  const { traceId, spanId, parentSpanId } = rest;
  return {
    ...{ traceId, spanId, name, kind, start, tags },
    ...(parentSpanId !== undefined && { parentSpanId }),
  };
}

/** What a span has that a message of the hub began. */
export const fromHub = (from: string, told: Told = {}): Told => ({
  kind: "server",
  ...told,
  tags: { "elpis.hub.from": from, ...told.tags },
});

export const failed = (type = "Error"): Told => ({ status: "error", tags: { "error.type": type } });

/** Traces, with what they have handed on. */
export class Kept {
  readonly spans: SpanRecord[] = [];
  readonly traces: Traces;
  #seq = 0;

  constructor(options: KeepingOptions = {}) {
    this.traces = new Traces({
      ...keeperOptions(options),
      onKept: (kept) =>
        void this.spans.push(...kept.map((span) => span.record(span.process.point))),
    });
  }

  /** A process tells of spans. */
  tell(source: Source, now: number, batch: Partial<SpanBatch>): void {
    this.#seq += 1;
    this.traces.take(source, { seq: this.#seq, spans: [], open: [], lost: 0, ...batch }, at(now));
  }

  /** What is kept of a trace. */
  get(trace: number): ReturnType<Traces["get"]> {
    return this.traces.get({ traceId: traceId(trace) });
  }

  /** How the traces are that are kept, by their names. */
  statuses(): Record<string, readonly string[]> {
    const { items } = this.traces.list({ limit: 1000, order: "asc" });
    return Object.fromEntries(items.map(({ name, statuses }) => [name, statuses]));
  }
}
