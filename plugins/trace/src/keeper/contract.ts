import type { PointSource, TraceStats } from "@elpis/api";

/** Who told something, as the hub has it; a `Location` is one. */
export type Source = Required<PointSource> & { readonly pid: number };

/** A point in time, on both clocks. */
export interface Moment {
  /** Monotonic, in milliseconds: what is waited for goes by it. */
  readonly now: number;
  /** In milliseconds since 1970: what is shown goes by it. */
  readonly time: number;
}

/** What is counted besides what everybody may ask for. */
export interface MoreStats extends TraceStats {
  /** Spans of traces that were kept. */
  readonly spansKept: number;
  /** Spans that were told again. */
  readonly duplicates: number;
  /** Spans that were none: left out, and not among those that came. */
  readonly malformed: number;
  /** Spans that failed and came after their trace was let go. */
  readonly lateFailures: number;
  /** Traces that were decided on before their time, because there were too many. */
  readonly early: number;
  /** Spans that were handed over to a successor. */
  readonly handedOver: number;
}
