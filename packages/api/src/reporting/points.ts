/** What a tag may say. */
export type TagValue = string | number | boolean;

/** The tags of a series: attributes that were cleaned, in the order of their names. */
export type Tags = Readonly<Record<string, TagValue>>;

/** How soon somebody should know of it. */
export type Level = "critical" | "major" | "normal" | "minor" | "trivial";

/** The distribution of a histogram as OpenTelemetry has it: bucket `i` holds the values in (2^(i/2^scale), 2^((i+1)/2^scale)]. */
export interface ExponentialBuckets {
  readonly scale: number;
  /** Values from 0 to `zeroThreshold`. */
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  /** Number of the first bucket in `counts`. */
  readonly offset: number;
  readonly counts: readonly number[];
}

/** Whether a sum counts since `start`, or since the last time that somebody read it. */
export type Temporality = "cumulative" | "delta";

/** Over what values are merged. */
export type Scope = "process" | "name" | "app";

/** Whose a point is; parts that it was merged over are left out. */
export interface PointSource {
  readonly app?: string;
  /** Name of the process. */
  readonly name?: string;
  readonly index?: number;
  readonly epoch?: number;
}

/** Something that was going on when a value was recorded, such as a trace. */
export interface Exemplar {
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly tags: Tags;
}

/** What every point has. */
export interface PointBase {
  readonly name: string;
  /** As UCUM has it; empty when there is none. */
  readonly unit: string;
  readonly description: string;
  readonly group: string;
  readonly level: Level;
  readonly tags: Tags;
  readonly source: PointSource;
  /** Since when it counts, in milliseconds since 1970. */
  readonly start: number;
  /** When it was read, in milliseconds since 1970; never earlier than that of an earlier point. */
  readonly time: number;
}

/** How often, or how much, something has happened. */
export interface CounterPoint extends PointBase {
  readonly kind: "counter";
  readonly temporality: Temporality;
  readonly value: number;
  readonly exemplars?: readonly Exemplar[];
}

/** How much of something there is, as a sum of ups and downs. */
export interface UpDownCounterPoint extends PointBase {
  readonly kind: "upDownCounter";
  readonly value: number;
}

/** How something was at last. */
export interface GaugePoint extends PointBase {
  readonly kind: "gauge";
  readonly value: number;
}

/** How values are distributed. Quantiles are within 0.6 % of a value that was recorded. */
export interface HistogramPoint extends PointBase {
  readonly kind: "histogram";
  readonly temporality: Temporality;
  readonly count: number;
  readonly sum: number;
  /** Of a delta, as near as its buckets tell. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly buckets: ExponentialBuckets;
  /** Upper bounds that its instrument asks for. */
  readonly bounds?: readonly number[];
  readonly exemplars?: readonly Exemplar[];
}

/** One value of one series, for reporters and endpoints: plain data. */
export type Point = CounterPoint | UpDownCounterPoint | GaugePoint | HistogramPoint;

/** Which points are wanted; everything that is named has to fit. */
export interface PointFilter {
  readonly names?: readonly string[];
  readonly groups?: readonly string[];
  readonly levels?: readonly Level[];
  /** Names of processes. */
  readonly processes?: readonly string[];
  readonly apps?: readonly string[];
}
