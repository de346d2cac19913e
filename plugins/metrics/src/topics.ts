import type { ReporterStatus, ReporterTest, Request } from "@elpis/api";
import type { Delta, DeltaAnswer, InstrumentInfo, Point, ReadOptions } from "@elpis/telemetry";

/** A question for points; all parts may be left out. */
export interface PointsQuery extends ReadOptions {
  /** Leave out the buckets of histograms, which are most of what there is. @default false */
  readonly noBuckets?: boolean;
  /** How many to leave out first, for those who ask page by page. @default 0 */
  readonly offset?: number;
  /** How many at most. @default as many as fit into one message */
  readonly limit?: number;
}

/** A page of points. */
export interface PointsPage {
  readonly points: readonly Point[];
  /** How many there are in all. */
  readonly total: number;
}

/** One name. */
export type MetricInfo = Pick<
  InstrumentInfo,
  "name" | "kind" | "unit" | "description" | "group" | "level"
>;

/** What may be asked of an application that has picked this plugin. */
export interface MetricsTopics {
  /** What was merged over all processes. */
  readonly "elpis.metrics.points": Request<PointsQuery, PointsPage>;
  /** All names, or those of one group. */
  readonly "elpis.metrics.list": Request<{ readonly group?: string }, readonly MetricInfo[]>;
  /** All groups, and how many names each has. */
  readonly "elpis.metrics.groups": Request<
    Record<string, never>,
    ReadonlyArray<{ readonly group: string; readonly names: number }>
  >;
  /** How the reporters are. */
  readonly "elpis.reporters.list": Request<Record<string, never>, readonly ReporterStatus[]>;
  /** Sends a sample to one of them. */
  readonly "elpis.reporters.test": Request<{ readonly name: string }, ReporterTest>;
  /** Where sums are kept; answered by the master. */
  readonly "elpis.metrics.place": Request<Record<string, never>, Place>;
  /** What one process has to tell. */
  readonly "elpis.telemetry.delta": Request<Delta, DeltaAnswer>;
}

/** Where sums are kept, and by whom they are merged. */
export interface Place {
  /** Folder; undefined: nowhere. */
  readonly dir?: string;
  readonly keeper: "agent" | "master";
}
