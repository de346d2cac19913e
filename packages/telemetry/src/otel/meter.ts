import type { Off } from "@elpis/api";
import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
  ObservableCounter,
  ObservableGauge,
  ObservableUpDownCounter,
  UpDownCounter,
} from "@opentelemetry/api";
import type { Store } from "../store/contract.ts";
import type { HistogramOptions } from "../store/instruments.ts";
import { OtelAdder, OtelObservable, OtelRecorder, ownBatch } from "./instruments.ts";

interface Batch {
  readonly callback: BatchObservableCallback;
  readonly observables: readonly Observable[];
  readonly off: Off;
}

/** A meter whose instruments are those of the store. Nothing that it does throws into the code that is measured. */
export class OtelMeter implements Meter {
  readonly #store: Store;
  readonly #group: string;
  readonly #onProblem: (error: Error) => void;
  readonly #batches: Batch[] = [];

  constructor(store: Store, group: string, onProblem: (error: Error) => void) {
    this.#store = store;
    this.#group = group;
    this.#onProblem = onProblem;
  }

  createCounter(name: string, options?: MetricOptions): Counter {
    return new OtelAdder(
      this.#make(() => this.#store.counter(name, this.#own(options))) ?? this.#nobody,
    );
  }
  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounter {
    return new OtelAdder(
      this.#make(() => this.#store.upDownCounter(name, this.#own(options))) ?? this.#nobody,
    );
  }
  createGauge(name: string, options?: MetricOptions): Gauge {
    return new OtelRecorder(
      this.#make(() => this.#store.gauge(name, this.#own(options))) ?? this.#nobody,
    );
  }
  createHistogram(name: string, options?: MetricOptions): Histogram {
    return new OtelRecorder(
      this.#make(() => this.#store.histogram(name, this.#own(options))) ?? this.#nobody,
    );
  }
  createObservableCounter(name: string, options?: MetricOptions): ObservableCounter {
    return new OtelObservable(
      this.#make(() => this.#store.observableCounter(name, this.#own(options))),
    );
  }
  createObservableUpDownCounter(name: string, options?: MetricOptions): ObservableUpDownCounter {
    return new OtelObservable(
      this.#make(() => this.#store.observableUpDownCounter(name, this.#own(options))),
    );
  }
  createObservableGauge(name: string, options?: MetricOptions): ObservableGauge {
    return new OtelObservable(
      this.#make(() => this.#store.observableGauge(name, this.#own(options))),
    );
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    if (this.#find(callback, observables) !== undefined) return;
    const inner = observables.flatMap((one) => (one as OtelObservable).inner ?? []);
    const off = this.#store.addBatchCallback(ownBatch(callback), inner);
    this.#batches.push({ callback, observables: [...observables], off });
  }

  removeBatchObservableCallback(
    callback: BatchObservableCallback,
    observables: Observable[],
  ): void {
    const batch = this.#find(callback, observables);
    if (batch === undefined) return;
    this.#batches.splice(this.#batches.indexOf(batch), 1);
    batch.off();
  }

  /** The same callback with the same observables, in any order. */
  #find(callback: BatchObservableCallback, observables: Observable[]): Batch | undefined {
    const wanted = new Set(observables);
    return this.#batches.find((batch) => {
      const has = new Set(batch.observables);
      return (
        batch.callback === callback &&
        has.size === wanted.size &&
        [...wanted].every((one) => has.has(one))
      );
    });
  }

  #own({ unit, description, advice }: MetricOptions = {}): HistogramOptions {
    const bounds = advice?.explicitBucketBoundaries;
    return {
      group: this.#group,
      ...(unit !== undefined && { unit }),
      ...(description !== undefined && { description }),
      ...(bounds !== undefined && isUsable(bounds) && { bounds }),
    };
  }

  /** @returns undefined when it cannot be; somebody is told why */
  #make<Instrument>(make: () => Instrument): Instrument | undefined {
    try {
      return make();
    } catch (error) {
      this.#onProblem(error as Error);
      return undefined;
    }
  }

  /** What takes the place of an instrument that there cannot be. */
  readonly #nobody = {
    add: (): void => this.#store.countDrop("conflict"),
    record: (): void => this.#store.countDrop("conflict"),
  };
}

/** An advice is not worth an error. */
function isUsable(bounds: readonly number[]): boolean {
  return (
    bounds.length > 0 &&
    bounds.length <= 200 &&
    bounds.every(
      (bound, at) => Number.isFinite(bound) && bound > (bounds[at - 1] ?? Number.NEGATIVE_INFINITY),
    )
  );
}
