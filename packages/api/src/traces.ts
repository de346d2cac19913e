import type { SpanRecord } from "./reporting/signals.ts";
import type { Request } from "./topics.ts";

/**
 * How a trace is, from the worst on: `unfinished`: a span of it has begun and was never told to be over; `timeout`: a deadline
 * passed; `error`: a span failed; `slow`: it took longer than its threshold; `normal`.
 */
export type TraceStatus = "unfinished" | "timeout" | "error" | "slow" | "normal";

/** One trace in a list. */
export interface TraceSummary {
  readonly traceId: string;
  /** Rises with each trace that is kept: what came after a number is new. */
  readonly seq: number;
  /** That of its first span. */
  readonly name: string;
  /** The worst that is true. */
  readonly status: TraceStatus;
  /** All that is true, the worst first. */
  readonly statuses: readonly TraceStatus[];
  /** In milliseconds since 1970, with fractions. */
  readonly start: number;
  readonly durationMs: number;
  readonly spans: number;
  /** Spans that failed. */
  readonly errors: number;
  /** Whose spans it has, such as `web.0`, in order of their first. */
  readonly processes: readonly string[];
  /** Names of spans that have begun and were not told to be over. */
  readonly open: readonly string[];
}

/** A span of a trace, as it is shown. */
export interface TraceSpan extends SpanRecord {
  /** Whose it is, such as `web.0`. */
  readonly process: string;
  /** `open`: it was not told to be over. `unseen`: only others speak of it, as their parent. */
  readonly state: "over" | "open" | "unseen";
}

/** One trace, whole. */
export interface TraceDetails extends TraceSummary {
  /** The parent before its children, these by their start. */
  readonly tree: readonly TraceSpan[];
  /** Spans that were left out because it had too many. */
  readonly omitted: number;
}

/** Which traces; all parts may be left out. */
export interface TraceQuery {
  /** Part of the name, in any case. */
  readonly name?: string;
  /** Any of them. */
  readonly statuses?: readonly TraceStatus[];
  /** Durations in milliseconds. */
  readonly minMs?: number;
  readonly maxMs?: number;
  /** When it began, in milliseconds since 1970. */
  readonly since?: number;
  readonly until?: number;
  /** A span of it has all of these tags, as texts. */
  readonly tags?: Readonly<Record<string, string>>;
  /** A span of it is of a process of this name, or of this one: `web`, `web.0`. */
  readonly process?: string;
  /** Only those that were kept after this `seq`. */
  readonly after?: number;
  /** @default "desc", the newest first */
  readonly order?: "asc" | "desc";
  /** @default 0 */
  readonly offset?: number;
  /** From 1 to 1000. @default 100 */
  readonly limit?: number;
}

/** A page of traces. */
export interface TracePage {
  /** How many match. */
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  /** Of the first trace that this keeper has kept, or will keep: it begins anew with each, somewhere higher. */
  readonly firstSeq: number;
  /** Of the trace that was kept last; 0 when none was. */
  readonly lastSeq: number;
  readonly items: readonly TraceSummary[];
}

/** What whoever keeps traces counts, since it started. */
export interface TraceStats {
  /** Spans that came. */
  readonly spans: number;
  /** Traces that were decided on: kept and let go. */
  readonly kept: number;
  readonly letGo: number;
  /** Spans of traces that were let go. */
  readonly spansLetGo: number;
  /** Spans that came after their trace was decided on. */
  readonly late: number;
  /** Spans that were lost: at their senders, and here because too much was under way. */
  readonly lostAtSender: number;
  readonly lostHere: number;
  /** What is there now: traces that are not decided on, spans of them and their bytes, as estimated, and traces that are kept. */
  readonly pending: {
    readonly traces: number;
    readonly spans: number;
    /** Spans that have begun and are not over, as far as it was told of them. */
    readonly open: number;
    readonly bytes: number;
  };
  readonly cached: { readonly traces: number; readonly bytes: number };
}

/** What may be asked of an application with a plugin that keeps traces. */
export interface TraceTopics {
  readonly "elpis.trace.list": Request<TraceQuery, TracePage>;
  /** `null`: it is not there, or not any more. */
  readonly "elpis.trace.get": Request<{ readonly traceId: string }, TraceDetails | null>;
  readonly "elpis.trace.stats": Request<Record<string, never>, TraceStats>;
}
