import type { DeltaAnswer } from "../delta/wire.ts";
import type { Point, PointFilter, Scope, Temporality } from "../points/point.ts";
import type { AggregatorSnapshot } from "./snapshot-contract.ts";

/** Who a delta is from; a `Location` of the hub is one. */
export interface Source {
  readonly app: string;
  readonly name: string;
  readonly index: number;
  readonly epoch: number;
}

/** What an aggregator holds at most; whatever is over it is counted in {@link AggregatorStats}. */
export interface AggregatorLimits {
  /** Merged series of one instrument and name; further ones share one overflow series. @default 2000 */
  readonly seriesPerInstrument?: number;
  /** Series of one process; values of further ones are dropped. @default 24000 */
  readonly seriesPerProcess?: number;
  /** Series of all processes and all merged ones together; as above. @default 400000 */
  readonly series?: number;
  /** Names of processes; further ones count as `_other`. @default 256 */
  readonly names?: number;
  /** Processes, with those that are gone; the longest gone are forgotten first, new ones beyond it are refused. @default 1024 */
  readonly processes?: number;
}

/** How an aggregator is made. */
export interface AggregatorOptions {
  readonly limits?: AggregatorLimits;
  /** Gauges of a process that says nothing for so many of its intervals are stale. @default 3 */
  readonly staleIntervals?: number;
  /** How long the series of a process that is gone can still be read, in milliseconds. @default 300000 */
  readonly expireAfterMs?: number;
  /**
   * How long a sum is kept that no process has any more, in milliseconds. One that comes again begins at zero, with a new
   * `start`; the total of the application keeps what it had. @default 86400000, a day
   */
  readonly keepSumsMs?: number;
  /** How long the sums of a name are held back for processes that are expected, in milliseconds. @default 10000 */
  readonly settleMs?: number;
  /** Monotonic, in milliseconds. @default performance.now */
  readonly now?: () => number;
  /** Milliseconds since 1970. @default Date.now */
  readonly wallTime?: () => number;
  /** What an earlier aggregator has left behind, see {@link Aggregator.snapshot}. @default it begins with nothing */
  readonly restore?: unknown;
  /**
   * Called when a process has come or gone: the moment to keep a {@link Aggregator.snapshot}. Whoever does can be sure
   * that no sum falls with the same `start` after a crash.
   */
  readonly onMembers?: () => void;
}

/** What is read, and how. */
export interface ReadOptions {
  /** `process`: each process by itself. `name`: all of one name together. `app`: all of an application together. @default "name" */
  readonly scope?: Scope;
  readonly filter?: PointFilter;
}

/** What a reader reads. */
export interface ReaderOptions extends ReadOptions {
  /** `cumulative`: since `start`. `delta`: since the last read of this reader. @default "cumulative" */
  readonly temporality?: Temporality;
}

/** Reads again and again, as a reporter does. Delta points count from when the reader was made. */
export interface PointReader {
  /** Points as they are now; of deltas only those that are not zero. */
  read(): readonly Point[];
}

/** A process that an aggregator knows. */
export interface ProcessReport extends Source {
  /** `expected`: has not reported yet. `stale`: has said nothing for some intervals. */
  readonly state: "expected" | "live" | "stale" | "gone";
  /** Age of its last delta in milliseconds; undefined when there is none. */
  readonly ageMs: number | undefined;
  readonly series: number;
}

/** What an aggregator holds and has done. */
export interface AggregatorStats {
  readonly processes: number;
  /** Merged series of all names. */
  readonly series: number;
  readonly processSeries: number;
  /** Deltas taken, come again, refused because one before them is missing, and those that were no deltas. */
  readonly taken: number;
  readonly duplicates: number;
  readonly resyncs: number;
  readonly bad: number;
  /** Deltas that came after their process had been forgotten. */
  readonly late: number;
  /** Values that went to an overflow series, and those that were dropped for a limit. */
  readonly overflowed: number;
  readonly dropped: number;
  /** Values of sums that were lower than before, which no store of ours sends. */
  readonly fallen: number;
  /** Instruments of one name that another process has with another kind or unit. */
  readonly conflicts: number;
  /** Processes that died while no aggregator was there: what they did since the last snapshot is lost. */
  readonly lostProcesses: number;
}

/**
 * Merges what many processes report. Sums never fall at a reader, whoever dies or is started again; when an aggregator has
 * to begin with less than an earlier one knew, `start` of its points is later.
 */
export interface Aggregator {
  /**
   * Takes a delta.
   *
   * @throws ELPIS_TELEMETRY_BAD_DELTA when it is none; nothing of it is taken
   */
  take(source: Source, delta: unknown): DeltaAnswer;
  /** A process is there that will report: sums of its name are held back until it has, or for a while. */
  expect(source: Source): void;
  /** A process is no more. What it has counted stays in the sums; its gauges are left out. */
  gone(source: Source): void;
  /** Forgets what is over; call it now and then, such as with each read. */
  expire(): void;
  processes(): readonly ProcessReport[];
  /** Cumulative points, as they are now. */
  readPoints(options?: ReadOptions): readonly Point[];
  createReader(options?: ReaderOptions): PointReader;
  /**
   * What another aggregator needs to go on: plain data.
   *
   * @param isFinal nothing will be taken after it. @default false
   */
  snapshot(isFinal?: boolean): AggregatorSnapshot;
  stats(): AggregatorStats;
}
