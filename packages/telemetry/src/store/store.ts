import { randomBytes } from "node:crypto";
import type { Off } from "@elpis/api";
import type { Tags } from "../attributes.ts";
import { tooManyInstruments } from "../errors.ts";
import type { ExemplarClock } from "../exemplars/recorded.ts";
import type { Level } from "../levels.ts";
import { milliseconds, wholeNumbers } from "../options.ts";
import type { Point, PointFilter } from "../points/point.ts";
import { collect, forgetCollected } from "./collect.ts";
import type { DropReason, Store, StoreChanges, StoreOptions, StoreStats } from "./contract.ts";
import { Drops } from "./drops.ts";
import { type Handle, makeHandle, refuseHandle } from "./handle.ts";
import type { Adder, Recorder } from "./handles.ts";
import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  GaugeOptions,
  Histogram,
  HistogramOptions,
  InstrumentInfo,
  InstrumentOptions,
  Kind,
  Observable,
  ObservableCallback,
  UpDownCounter,
} from "./instruments.ts";
import { ObservableHandle } from "./observable.ts";
import { Observing } from "./observing.ts";
import { readSeries } from "./read.ts";
import { type AnyOptions, checkSame, toInfo } from "./registry.ts";
import { observeSelf } from "./self.ts";
import { SeriesTable } from "./series-table.ts";

const LIMITS = {
  instruments: 2000,
  seriesPerInstrument: 2000,
  series: 20_000,
  attributes: 32,
  attributeChars: 256,
};
const MAX_PROBLEMS = 100;

interface Known {
  readonly info: InstrumentInfo;
  readonly isObservable: boolean;
  readonly handle: Handle;
}

class TheStore implements Store {
  readonly run: string;
  readonly resource: Tags;
  readonly startTime: number;
  readonly #limits: typeof LIMITS;
  readonly #clock: ExemplarClock;
  readonly #drops = new Drops();
  readonly #table: SeriesTable;
  readonly #observing: Observing;
  readonly #known = new Map<string, Known>();
  readonly #report: (error: Error) => void;

  constructor(options: StoreOptions) {
    this.run = options.run ?? randomBytes(6).toString("base64url");
    this.resource = { ...options.resource };
    this.#clock = {
      now: options.now ?? (() => performance.now()),
      wallTime: options.wallTime ?? Date.now,
    };
    this.startTime = this.#clock.wallTime();
    this.#limits = wholeNumbers(LIMITS, options.limits);
    this.#table = new SeriesTable(this.#limits.series);
    this.#report = oncePerText(options.onProblem);
    const timeoutMs = milliseconds("observeTimeoutMs", options.observeTimeoutMs ?? 1000);
    this.#observing = new Observing(this.#drops, timeoutMs, this.#report);
  }

  counter(name: string, options: InstrumentOptions = {}): Counter {
    return this.#instrument("counter", name, options) as Adder;
  }
  upDownCounter(name: string, options: InstrumentOptions = {}): UpDownCounter {
    return this.#instrument("upDownCounter", name, options) as Adder;
  }
  gauge(name: string, options: GaugeOptions = {}): Gauge {
    return this.#instrument("gauge", name, options) as Recorder;
  }
  histogram(name: string, options: HistogramOptions = {}): Histogram {
    return this.#instrument("histogram", name, options) as Recorder;
  }
  observableCounter(
    name: string,
    options: InstrumentOptions = {},
    callback?: ObservableCallback,
  ): Observable {
    return this.#observable("counter", name, options, callback);
  }
  observableUpDownCounter(
    name: string,
    options: InstrumentOptions = {},
    callback?: ObservableCallback,
  ): Observable {
    return this.#observable("upDownCounter", name, options, callback);
  }
  observableGauge(
    name: string,
    options: GaugeOptions = {},
    callback?: ObservableCallback,
  ): Observable {
    return this.#observable("gauge", name, options, callback);
  }

  addBatchCallback(callback: BatchObservableCallback, observables: readonly Observable[]): Off {
    return this.#observing.addBatch(callback, observables);
  }

  observe(levels?: ReadonlySet<Level>): Promise<void> {
    return this.#observing.observe(levels);
  }

  collect(levels?: ReadonlySet<Level>, maxBytes = Number.POSITIVE_INFINITY): StoreChanges {
    return collect(this.#table, levels, maxBytes);
  }

  forgetCollected(): void {
    forgetCollected(this.#table);
  }

  readPoints(filter?: PointFilter): readonly Point[] {
    const time = this.#clock.wallTime();
    return readSeries(this.#table.entries(), filter, this.startTime, time);
  }

  countDrop(reason: DropReason): void {
    this.#drops.add(reason);
  }

  stats(): StoreStats {
    return {
      instruments: this.#known.size,
      series: this.#table.size,
      dropped: { ...this.#drops.counts },
    };
  }

  #observable(
    kind: Kind,
    name: string,
    options: AnyOptions,
    callback: ObservableCallback | undefined,
  ): Observable {
    const handle = this.#instrument(kind, name, options, true) as ObservableHandle;
    if (callback !== undefined) handle.addCallback(callback);
    return handle;
  }

  #instrument(kind: Kind, name: string, options: AnyOptions, isObservable = false): Handle {
    const info = toInfo(kind, name, options);
    const known = this.#known.get(info.name);
    if (known !== undefined) {
      checkSame(known, { info, isObservable }, options.unit !== undefined);
      return known.handle;
    }
    if (this.#known.size >= this.#limits.instruments) return this.#refuse(info, isObservable);
    const context = {
      ref: this.#known.size + 1,
      drops: this.#drops,
      table: this.#table,
      limits: this.#limits,
    };
    const handle = makeHandle(info, context, isObservable, this.#clock);
    if (handle instanceof ObservableHandle) this.#observing.add(handle);
    this.#known.set(info.name, { info, isObservable, handle });
    return handle;
  }

  #refuse(info: InstrumentInfo, isObservable: boolean): Handle {
    this.#report(tooManyInstruments(info.name, this.#limits.instruments));
    return refuseHandle(info, this.#drops, isObservable);
  }
}

/** Hands on an error when there was none with that text, so that a log does not fill with one. */
function oncePerText(onProblem: ((error: Error) => void) | undefined): (error: Error) => void {
  const told = new Set<string>();
  return (error) => {
    if (onProblem === undefined || told.has(error.message) || told.size >= MAX_PROBLEMS) return;
    told.add(error.message);
    try {
      onProblem(error);
    } catch {
      // Whoever is told of problems and has one of their own: nobody is left to be told.
    }
  };
}

/**
 * Makes the store of a process: all its instruments.
 *
 * @throws ELPIS_TELEMETRY_BAD_OPTION
 * @example
 * const store = createStore();
 * const requests = store.counter("http.requests", { unit: "{request}" });
 * requests.add(1, { method: "GET" });
 */
export function createStore(options: StoreOptions = {}): Store {
  const store = new TheStore(options);
  observeSelf(store);
  return store;
}
