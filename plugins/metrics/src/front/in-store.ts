import {
  type Attributes,
  ExponentialHistogram,
  type InstrumentOptions,
  type Observable,
  type ObservableCallback,
  type Store,
} from "@elpis/telemetry";
import type { DistributionKeeper } from "./histogram.ts";
import type { CountingMetric } from "./metric.ts";
import type { MetricName } from "./metric-name.ts";
import { histogramOf } from "./snapshot.ts";

/** What an instrument of a metric says of itself. */
function optionsOf(group: string, { level }: MetricName, unit?: "ms"): InstrumentOptions {
  return { group, level, ...(unit !== undefined && { unit }) };
}

/** Makes a metric count in the store of the process as well. @throws ELPIS_TELEMETRY_CONFLICT */
export function attachToStore(
  store: Store,
  group: string,
  name: MetricName,
  metric: CountingMetric,
): void {
  const options = (unit?: "ms"): InstrumentOptions => optionsOf(group, name, unit);
  const { key, tags } = name;
  switch (metric.kind) {
    case "counter":
      return metric.attach(store.upDownCounter(key, options()).bind(tags));
    case "bucketCounter":
    case "meter":
      return metric.attach(store.counter(key, options()).bind(tags));
    case "histogram":
      return metric.attach(keeperIn(store, key, tags, options()));
    case "timer":
      return metric.attach(keeperIn(store, key, tags, options("ms")));
    case "fastCompass": {
      const histogram = store.histogram(key, options("ms"));
      const onIgnored = (): void => store.countDrop("attribute");
      return metric.attach((category) => histogram.bind({ ...tags, category }), onIgnored);
    }
  }
}

function keeperIn(
  store: Store,
  key: string,
  tags: Attributes,
  options: InstrumentOptions,
): DistributionKeeper {
  const histogram = store.histogram(key, options);
  const bound = histogram.bind(tags);
  const filter = { names: [histogram.info.name] };
  return {
    record: (value) => bound.record(value),
    read: () => {
      for (const point of store.readPoints(filter)) {
        if (point.kind === "histogram" && isSame(point.tags, tags)) return histogramOf(point);
      }
      return new ExponentialHistogram();
    },
  };
}

function isSame(a: Attributes, b: Attributes): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => String(a[name]) === String(b[name]))
  );
}

/** Has a gauge asked when values are wanted. @returns what ends it */
export function observeGauge(
  store: Store,
  group: string,
  name: MetricName,
  getValue: () => unknown,
): () => void {
  const observable: Observable = store.observableGauge(name.key, optionsOf(group, name));
  const callback: ObservableCallback = (observer) => {
    const take = (value: unknown): void => observer.observe(toNumber(value), name.tags);
    const value = getValue();
    if (!(value instanceof Promise)) return take(value);
    return value.then(take);
  };
  observable.addCallback(callback);
  return () => observable.removeCallback(callback);
}

/** What is no number is counted as dropped. */
export function toNumber(value: unknown): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" ? value : Number.NaN;
}
