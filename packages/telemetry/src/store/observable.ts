import type { Attributes } from "../attributes.ts";
import type { Drops } from "./drops.ts";
import type { Instrument } from "./instrument.ts";
import type { InstrumentInfo, Observable, ObservableCallback } from "./instruments.ts";
import type { NumberSeries } from "./series.ts";

/** An observable instrument. */
export class ObservableHandle implements Observable {
  readonly info: InstrumentInfo;
  /** Each with an object that stands for it as a callback of this observable. */
  readonly callbacks: Map<ObservableCallback, object> = new Map();
  /** Undefined when it was refused. */
  readonly #instrument: Instrument<NumberSeries> | undefined;
  readonly #drops: Drops;
  /** What was observed of the series for all that are too many, in this round. */
  #overflow: number | undefined;
  #round = 0;

  constructor(
    info: InstrumentInfo,
    instrument: Instrument<NumberSeries> | undefined,
    drops: Drops,
  ) {
    this.info = info;
    this.#instrument = instrument;
    this.#drops = drops;
  }

  addCallback(callback: ObservableCallback): void {
    if (!this.callbacks.has(callback)) this.callbacks.set(callback, {});
  }

  removeCallback(callback: ObservableCallback): void {
    this.callbacks.delete(callback);
  }

  /** Takes one observation of a round. */
  take(round: number, value: number, attributes: Attributes | undefined): void {
    const isCounter = this.info.kind === "counter";
    if (!Number.isFinite(value) || (isCounter && value < 0)) return this.#drops.addValue(value);
    if (this.#instrument === undefined) return this.#drops.add("instrument-limit");
    if (this.#round !== round) {
      this.#round = round;
      this.#overflow = undefined;
    }
    const series = this.#instrument.series(attributes);
    series.round = round;
    // Several come to the overflow series: of sums it is their sum.
    if (series !== this.#instrument.overflow || this.info.kind === "gauge") series.observe(value);
    else this.#overflow = (this.#overflow ?? 0) + value;
  }

  /** @param isComplete all that there is was observed: other series are no more */
  endRound(round: number, isComplete: boolean): void {
    if (this.#overflow !== undefined && this.#round === round) {
      this.#instrument?.overflow?.observe(this.#overflow);
      this.#overflow = undefined;
    }
    if (isComplete) this.#instrument?.keepOnly(round);
  }
}
