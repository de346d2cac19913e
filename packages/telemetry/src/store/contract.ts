import type { Off } from "@elpis/api";
import type { Tags } from "../attributes.ts";
import type { Delta } from "../delta/wire.ts";
import type { Level } from "../levels.ts";
import type { Point, PointFilter } from "../points/point.ts";
import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  GaugeOptions,
  Histogram,
  HistogramOptions,
  InstrumentOptions,
  Observable,
  ObservableCallback,
  UpDownCounter,
} from "./instruments.ts";

/** What a store holds at most; whatever is over it is counted, see {@link StoreStats.dropped}. */
export interface StoreLimits {
  /** Instruments. What further ones are told is dropped. @default 2000 */
  readonly instruments?: number;
  /** Series of one instrument; further ones share one overflow series. @default 2000 */
  readonly seriesPerInstrument?: number;
  /** Series of all instruments together; further ones share the overflow series of theirs. @default 20000 */
  readonly series?: number;
  /** Attributes of one series; further ones, in the order of their names, are dropped. @default 32 */
  readonly attributes?: number;
  /** Characters of an attribute's value; longer ones are cut, and end with a hash of the whole. @default 256 */
  readonly attributeChars?: number;
}

/** How a store is made. */
export interface StoreOptions {
  /** What is true of all its series, such as a version; for reporters. */
  readonly resource?: Tags;
  readonly limits?: StoreLimits;
  /** Milliseconds since 1970. @default Date.now */
  readonly wallTime?: () => number;
  /** Monotonic, in milliseconds. @default performance.now */
  readonly now?: () => number;
  /** Tells this store from all others, also from the one of the same process before its restart. @default random */
  readonly run?: string;
  /** How long the callbacks of observables may take together, in milliseconds. @default 1000 */
  readonly observeTimeoutMs?: number;
  /** Told of what is refused or fails, once for each cause: a logger, mostly. */
  readonly onProblem?: (error: Error) => void;
}

/** Why a store dropped something; each is counted. */
export type DropReason =
  /** a value that is not a finite number */
  | "non-finite"
  /** a negative value for a counter or a histogram */
  | "negative"
  /** a value for an instrument that was one too many */
  | "instrument-limit"
  /** a value for an instrument that conflicts with another of its name (OpenTelemetry only; others get the error) */
  | "conflict"
  /** a value that went to the overflow series: not lost, but its tags are */
  | "overflow"
  /** an attribute that is none, or was one too many */
  | "attribute"
  /** what a callback observed too late, or of an instrument that is not its own */
  | "observation"
  /** a callback that threw or took too long */
  | "callback"
  /** a link from a value to its trace, whose ids are none; the value itself counts */
  | "exemplar";

/** What a store holds and has dropped. */
export interface StoreStats {
  readonly instruments: number;
  readonly series: number;
  /** How often, since the store was made; also reported as the counter `elpis.telemetry.dropped`. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** All instruments of a process. One name is one instrument, whoever asks for it. */
export interface Store {
  /** Tells this store from all others. */
  readonly run: string;
  readonly resource: Tags;
  /** Since when its sums count, in milliseconds since 1970. */
  readonly startTime: number;

  /** @throws ELPIS_TELEMETRY_CONFLICT, ELPIS_TELEMETRY_BAD_INSTRUMENT */
  counter(name: string, options?: InstrumentOptions): Counter;
  /** @throws ELPIS_TELEMETRY_CONFLICT, ELPIS_TELEMETRY_BAD_INSTRUMENT */
  upDownCounter(name: string, options?: InstrumentOptions): UpDownCounter;
  /** @throws ELPIS_TELEMETRY_CONFLICT, ELPIS_TELEMETRY_BAD_INSTRUMENT */
  gauge(name: string, options?: GaugeOptions): Gauge;
  /** @throws ELPIS_TELEMETRY_CONFLICT, ELPIS_TELEMETRY_BAD_INSTRUMENT */
  histogram(name: string, options?: HistogramOptions): Histogram;

  /** A counter whose callbacks know its whole value. When that falls, it is taken to have begun anew. */
  observableCounter(
    name: string,
    options?: InstrumentOptions,
    callback?: ObservableCallback,
  ): Observable;
  observableUpDownCounter(
    name: string,
    options?: InstrumentOptions,
    callback?: ObservableCallback,
  ): Observable;
  observableGauge(name: string, options?: GaugeOptions, callback?: ObservableCallback): Observable;
  /** One callback for several observables. Ends with what it returns. */
  addBatchCallback(callback: BatchObservableCallback, observables: readonly Observable[]): Off;

  /**
   * Calls the callbacks of the observables, and waits for those that take their time. Never rejects: what fails is counted
   * and told to `onProblem`.
   *
   * @param levels only observables of these. @default all
   */
  observe(levels?: ReadonlySet<Level>): Promise<void>;
  /**
   * What has changed since the last call. There is one reader of this: whoever sends it on.
   *
   * @param levels only instruments of these. @default all
   * @param maxBytes about how much at most; the next call goes on. @default no bound
   */
  collect(levels?: ReadonlySet<Level>, maxBytes?: number): StoreChanges;
  /** The reader has lost what it knew: `collect` begins anew, with everything there is. */
  forgetCollected(): void;
  /** Its series as they are, for a process that has nobody to report to. Cumulative. Call `observe` first. */
  readPoints(filter?: PointFilter): readonly Point[];
  /** Counts something that whoever builds on this store had to drop. */
  countDrop(reason: DropReason): void;
  stats(): StoreStats;
}

/** What {@link Store.collect} gives. */
export interface StoreChanges
  extends Pick<Delta, "instruments" | "series" | "numbers" | "histograms" | "gone"> {
  /** There is more that has changed. */
  readonly isCut: boolean;
}
