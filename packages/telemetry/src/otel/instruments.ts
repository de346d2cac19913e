import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  Histogram,
  MetricAttributes,
  Observable,
  ObservableCallback,
  UpDownCounter,
} from "@opentelemetry/api";
import type { Attributes } from "../attributes.ts";
import type * as Own from "../store/instruments.ts";

/** Their attributes as ours: what cannot be a tag is dropped and counted by the store. */
const own = (attributes: MetricAttributes | undefined): Attributes | undefined =>
  attributes as Attributes | undefined;

/** A counter or an up-down counter of ours under their interface. */
export class OtelAdder implements Counter, UpDownCounter {
  readonly #instrument: Pick<Own.Counter, "add">;

  constructor(instrument: Pick<Own.Counter, "add">) {
    this.#instrument = instrument;
  }

  add(value: number, attributes?: MetricAttributes): void {
    this.#instrument.add(value, own(attributes));
  }
}

/** A gauge or a histogram of ours under their interface. */
export class OtelRecorder implements Gauge, Histogram {
  readonly #instrument: Pick<Own.Histogram, "record">;

  constructor(instrument: Pick<Own.Histogram, "record">) {
    this.#instrument = instrument;
  }

  record(value: number, attributes?: MetricAttributes): void {
    this.#instrument.record(value, own(attributes));
  }
}

/** An observable of ours under their interface. */
export class OtelObservable implements Observable {
  /** Undefined when there is none: its callbacks are not called then. */
  readonly inner: Own.Observable | undefined;
  readonly #callbacks = new Map<ObservableCallback, Own.ObservableCallback>();

  constructor(inner: Own.Observable | undefined) {
    this.inner = inner;
  }

  addCallback(callback: ObservableCallback): void {
    if (this.#callbacks.has(callback)) return;
    const inner: Own.ObservableCallback = ({ observe }) =>
      callback({ observe: (value, attributes) => observe(value, own(attributes)) });
    this.#callbacks.set(callback, inner);
    this.inner?.addCallback(inner);
  }

  removeCallback(callback: ObservableCallback): void {
    const inner = this.#callbacks.get(callback);
    if (inner === undefined) return;
    this.#callbacks.delete(callback);
    this.inner?.removeCallback(inner);
  }
}

/** A batch callback of theirs as one of ours. */
export function ownBatch(callback: BatchObservableCallback): Own.BatchObservableCallback {
  return ({ observe }) =>
    callback({
      observe: (observable, value, attributes) => {
        const { inner } = observable as OtelObservable;
        // Ours counts what is not one of its own.
        observe(inner as Own.Observable, value, own(attributes));
      },
    });
}
