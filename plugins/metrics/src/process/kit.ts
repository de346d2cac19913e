import type {
  Counter,
  Histogram,
  InstrumentOptions,
  Level,
  Observable,
  Store,
  UpDownCounter,
} from "@elpis/telemetry";
import { Catalog, type Known } from "../catalog/catalog.ts";
import type { Collector, Sample } from "../collectors/collector.ts";

/** Makes the instruments of collectors, as the catalog says what they are. */
export class Kit {
  readonly store: Store;
  readonly #catalog = new Catalog();

  constructor(store: Store) {
    this.store = store;
  }

  counter(name: string, level: Level): Counter {
    return this.store.counter(name, optionsOf(this.#known(name), level));
  }
  upDownCounter(name: string, level: Level): UpDownCounter {
    return this.store.upDownCounter(name, optionsOf(this.#known(name), level));
  }
  histogram(name: string, level: Level): Histogram {
    return this.store.histogram(name, optionsOf(this.#known(name), level));
  }

  /** Undefined: the catalog does not have that name. */
  observable(name: string, level: Level): Observable | undefined {
    const known = this.#catalog.find(name);
    if (known === undefined) return undefined;
    const options = { ...optionsOf(known, level), ...(known.merge && { merge: known.merge }) };
    if (known.kind === "counter") return this.store.observableCounter(name, options);
    return this.store.observableGauge(name, options);
  }

  #known(name: string): Known {
    const known = this.#catalog.find(name);
    if (known === undefined) throw new TypeError(`the catalog has no ${name}`);
    return known;
  }
}

function optionsOf({ unit, description, group }: Known, level: Level): InstrumentOptions {
  return { unit, description, group, level };
}

/**
 * Has a collector asked when its values are wanted. It is asked once at once, for what rates are reckoned from.
 *
 * @returns what ends it
 */
export async function install(kit: Kit, collector: Collector, level: Level): Promise<() => void> {
  const observables = new Map<string, Observable>();
  let off = (): void => {};
  const learn = (samples: readonly Sample[]): boolean => {
    const before = observables.size;
    for (const [name] of samples) {
      if (observables.has(name)) continue;
      const observable = kit.observable(name, level);
      if (observable !== undefined) observables.set(name, observable);
    }
    return observables.size > before;
  };
  const observe = (): void => {
    off();
    off = kit.store.addBatchCallback(
      ({ observe: take }) => {
        const finish = (samples: readonly Sample[]): void => {
          for (const [name, value, tags] of samples) {
            const observable = observables.get(name);
            if (observable !== undefined) take(observable, value, tags);
          }
          // What has come up only now is observed from the next time on.
          if (learn(samples)) observe();
        };
        const samples = collector.read();
        return samples instanceof Promise ? samples.then(finish) : finish(samples);
      },
      [...observables.values()],
    );
  };
  learn(await collector.read());
  observe();
  return () => {
    off();
    collector.close?.();
  };
}
