import type { Attributes } from "../attributes.ts";
import type { Level } from "../levels.ts";

/** What an instrument measures, and so how its values are merged. */
export type Kind = "counter" | "upDownCounter" | "gauge" | "histogram";

/** How one value is made of the gauges of several processes. */
export type GaugeMerge = "avg" | "sum" | "min" | "max" | "last";

/** What every instrument may say of itself. */
export interface InstrumentOptions {
  /** What one is, as UCUM has it: `ms`, `s`, `By`, `1`, `{request}`. @default whatever the instrument has already, or none */
  readonly unit?: string;
  /** One sentence for people. */
  readonly description?: string;
  /** What it belongs to, for those who look at one subject: `http`, `node`, `system`. */
  readonly group?: string;
  /** How soon somebody should know. @default "normal" */
  readonly level?: Level;
}

/** Options of a gauge. */
export interface GaugeOptions extends InstrumentOptions {
  /** How one value is made of those of several processes. @default "avg" */
  readonly merge?: GaugeMerge;
}

/** Options of a histogram. */
export interface HistogramOptions extends InstrumentOptions {
  /** Upper bounds for systems that want fixed ones, such as Prometheus; ascending. @default chosen by the unit */
  readonly bounds?: readonly number[];
}

/** What an instrument is, as it crosses processes and stands in points. */
export interface InstrumentInfo {
  readonly name: string;
  readonly kind: Kind;
  readonly unit: string;
  readonly description: string;
  readonly group: string;
  readonly level: Level;
  readonly merge: GaugeMerge;
  readonly bounds: readonly number[] | undefined;
}

/** One series of a counter or an up-down counter. */
export interface BoundCounter {
  /** Adds. What is not a finite number, or negative on a counter, is dropped and counted. */
  add(value: number): void;
}

/** One series of a gauge or a histogram. */
export interface BoundRecorder {
  /** Records. What is not a finite number, or negative on a histogram, is dropped and counted. */
  record(value: number): void;
}

/** A sum that only grows. */
export interface Counter {
  readonly info: InstrumentInfo;
  /** Adds to the series with these attributes. Negative and non-finite values are dropped and counted. */
  add(value: number, attributes?: Attributes): void;
  /** The series with these attributes: the fast way for what happens often. */
  bind(attributes?: Attributes): BoundCounter;
}

/** A sum that goes up and down, such as what is under way. Merged as the sum over the processes that live. */
export interface UpDownCounter {
  readonly info: InstrumentInfo;
  add(value: number, attributes?: Attributes): void;
  bind(attributes?: Attributes): BoundCounter;
}

/** A value of which the last one counts. */
export interface Gauge {
  readonly info: InstrumentInfo;
  record(value: number, attributes?: Attributes): void;
  bind(attributes?: Attributes): BoundRecorder;
}

/** Many values, of which the distribution counts. */
export interface Histogram {
  readonly info: InstrumentInfo;
  /** Records a value. Negative and non-finite ones are dropped and counted. */
  record(value: number, attributes?: Attributes): void;
  bind(attributes?: Attributes): BoundRecorder;
}

/** Takes what a callback has observed. */
export interface Observer {
  /** Of a counter: its whole value, not what came on top. */
  observe(value: number, attributes?: Attributes): void;
}

/** Takes what a callback of several observables has observed. */
export interface BatchObserver {
  observe(observable: Observable, value: number, attributes?: Attributes): void;
}

/** Called when values are wanted. Series that it leaves out are gone. */
export type ObservableCallback = (observer: Observer) => void | Promise<void>;

/** Called when values of any of its observables are wanted. */
export type BatchObservableCallback = (observer: BatchObserver) => void | Promise<void>;

/** An instrument that is asked instead of told. */
export interface Observable {
  readonly info: InstrumentInfo;
  /** Adds a callback, once. */
  addCallback(callback: ObservableCallback): void;
  removeCallback(callback: ObservableCallback): void;
}
