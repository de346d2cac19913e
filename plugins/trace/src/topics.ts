import type { PointSource, Request, SpanRecord, TraceTopics } from "@elpis/api";
import type { PackedSpans } from "./wire/layout.ts";

/** A span that is over, on its way to whoever keeps traces: the hub says whose it is. */
export type SentSpan = Omit<SpanRecord, "source">;

/** A span that has been open for a while. */
export type OpenSpan = Pick<
  SentSpan,
  "traceId" | "spanId" | "parentSpanId" | "name" | "kind" | "start" | "tags"
>;

/** What a process tells at a time. */
export interface SpanBatch {
  /** Rises with each batch of a process; one that is told again has the same. */
  readonly seq: number;
  readonly spans: readonly SentSpan[] | PackedSpans;
  /** Told once each: what would be known of them if their process were killed now. */
  readonly open: readonly OpenSpan[];
  /** Spans that were lost since the batch before, because too many waited. */
  readonly lost: number;
}

/** What another keeper had when this one took over. */
export interface RelayedBatch {
  readonly relayed: ReadonlyArray<{
    readonly source: Required<PointSource> & { readonly pid: number };
    readonly batch: { readonly spans: readonly SentSpan[]; readonly open: readonly OpenSpan[] };
  }>;
}

/** What this plugin says on the hub. */
export interface OwnTopics extends TraceTopics {
  /** Answered by whoever keeps traces, when it has them. */
  readonly "elpis.trace.spans": Request<SpanBatch | RelayedBatch, null>;
}
