import type { Store } from "@elpis/telemetry";
import { badMetric, metricConflict } from "../errors.ts";
import { BucketCounter, type BucketOptions } from "./bucket-counter.ts";
import { Counter } from "./counter.ts";
import { type CompassOptions, FastCompass } from "./fast-compass.ts";
import { figuresOf } from "./figures.ts";
import type { Gauge } from "./gauge.ts";
import { Histogram } from "./histogram.ts";
import { attachToStore, observeGauge, toNumber } from "./in-store.ts";
import { intervalOf, type LevelName } from "./level.ts";
import { Meter } from "./meter.ts";
import { type CountingMetric, kindOf, type Metric } from "./metric.ts";
import { type MetricName, type MetricTags, toMetricName } from "./metric-name.ts";
import { cleanTags, type Figure, type MetricObject } from "./metric-object.ts";
import type { MetricSet } from "./metric-set.ts";
import { Timer } from "./timer.ts";

/** Which metrics are wanted, and how. */
export interface CollectOptions {
  /** Only those of this group. @default all */
  readonly group?: string;
  /** The few figures that others can be reckoned from. @default false */
  readonly compact?: boolean;
  /** Put to the tags of each. @default the name of the application, as `appName` */
  readonly tags?: MetricTags;
}

/** A metric that is registered. */
export interface Registered {
  readonly group: string;
  readonly name: MetricName;
  readonly metric: Metric;
}

interface Entry extends Registered {
  readonly off: () => void;
}

/** How a registry is made. */
export interface RegistryOptions {
  readonly store: Store;
  readonly tags: MetricTags;
  /** Longest interval of a metric, in seconds. @default 60 */
  readonly reporterSeconds?: number;
  /** Monotonic, in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** A name more than that is a mistake: names are for kinds of things. What is over it counts, but cannot be found again. */
const MAX_METRICS = 10_000;

/** The metrics of a process, by group and name. What they count is counted in the store of the process. */
export class MetricsRegistry {
  /** All instruments of the process; another door to the same. */
  readonly store: Store;
  readonly #options: RegistryOptions;
  readonly #groups = new Map<string, Map<string, Entry>>();
  #size = 0;

  constructor(options: RegistryOptions) {
    this.store = options.store;
    this.#options = options;
  }

  /**
   * The counter of that name; goes up and down, and over all processes it is the sum of those that live.
   *
   * @throws ELPIS_METRICS_CONFLICT, ELPIS_METRICS_BAD_METRIC, ELPIS_TELEMETRY_CONFLICT
   */
  getCounter(group: string, name: string | MetricName): Counter {
    return this.#get(group, name, "counter", (options) => new Counter(options)) as Counter;
  }
  /** @throws as {@link getCounter} */
  getBucketCounter(group: string, name: string | MetricName): BucketCounter {
    const make = (options: BucketOptions): CountingMetric => new BucketCounter(options);
    return this.#get(group, name, "bucketCounter", make) as BucketCounter;
  }
  /** @throws as {@link getCounter} */
  getMeter(group: string, name: string | MetricName): Meter {
    return this.#get(group, name, "meter", (options) => new Meter(options)) as Meter;
  }
  /** @throws as {@link getCounter} */
  getHistogram(group: string, name: string | MetricName): Histogram {
    return this.#get(group, name, "histogram", () => new Histogram()) as Histogram;
  }
  /** @throws as {@link getCounter} */
  getTimer(group: string, name: string | MetricName): Timer {
    return this.#get(group, name, "timer", (options) => new Timer(options)) as Timer;
  }
  /** @throws as {@link getCounter} */
  getFastCompass(
    group: string,
    name: string | MetricName,
    options: Pick<CompassOptions, "maxCategories"> = {},
  ): FastCompass {
    const make = (common: BucketOptions): CountingMetric =>
      new FastCompass({ ...common, ...options });
    return this.#get(group, name, "fastCompass", make) as FastCompass;
  }

  /**
   * Registers a metric, or all of a set: their names are put behind `name`.
   *
   * @throws ELPIS_METRICS_CONFLICT when there is another one of that name, ELPIS_METRICS_BAD_METRIC, ELPIS_TELEMETRY_CONFLICT
   */
  register(group: string, name: string | MetricName, metric: Metric | MetricSet): void {
    if (isSet(metric)) {
      const prefix = typeof name === "string" && name === "" ? undefined : toMetricName(name);
      for (const [own, gauge] of metric.getMetrics()) {
        this.register(group, prefix === undefined ? own : joined(prefix, own), gauge);
      }
      return;
    }
    const full = toMetricName(name);
    const kind = kindOf(metric);
    if (kind === undefined) throw badMetric(name, "it has neither a kind nor getValue()");
    const known = this.#find(group, full);
    if (known?.metric === metric) return;
    if (known !== undefined) {
      throw metricConflict(group, String(full), kindOf(known.metric) ?? "gauge", `new ${kind}`);
    }
    this.#add(group, full, metric);
  }

  /** Forgets a metric; what it has counted stays. Does nothing when there is none. */
  unregister(group: string, name: string | MetricName): void {
    const key = String(toMetricName(name));
    const entry = this.#groups.get(group)?.get(key);
    if (entry === undefined) return;
    entry.off();
    this.#groups.get(group)?.delete(key);
    this.#size -= 1;
  }

  /** Groups that have metrics. */
  getGroups(): readonly string[] {
    return [...this.#groups.keys()];
  }

  /** All that is registered, or those for which `filter` is true. */
  getMetrics(filter: (one: Registered) => boolean = () => true): readonly Registered[] {
    return [...this.#groups.values()].flatMap((entries) => [...entries.values()]).filter(filter);
  }

  /** The figures of the metrics of this process, as they are now. Gauges that fail, or have no number, are left out. */
  async collect(options: CollectOptions = {}): Promise<readonly MetricObject[]> {
    const { group, compact = false } = options;
    const wanted = this.getMetrics((one) => group === undefined || one.group === group);
    const found = await Promise.all(
      wanted.map(async (one) => this.#objects(one, await figures(one.metric, compact), options)),
    );
    return found.flat();
  }

  #objects(
    { name }: Registered,
    all: readonly Figure[],
    options: CollectOptions,
  ): readonly MetricObject[] {
    const common = {
      timestamp: Date.now(),
      level: name.level.toUpperCase() as LevelName,
      tags: cleanTags({ ...(options.tags ?? this.#options.tags), ...name.tags }),
      interval: this.#intervalOf(name),
    };
    return all.map(([suffix, type, value]) => ({
      metric: suffix === "" ? name.key : `${name.key}.${suffix}`,
      ...{ value, type, ...common },
    }));
  }

  #get(
    group: string,
    name: string | MetricName,
    kind: CountingMetric["kind"],
    make: (options: BucketOptions) => CountingMetric,
  ): CountingMetric {
    const full = toMetricName(name);
    const known = this.#find(group, full);
    if (known === undefined) {
      const { now } = this.#options;
      const intervalMs = this.#intervalOf(full) * 1000;
      const metric = make({ intervalMs, ...(now !== undefined && { now }) });
      this.#add(group, full, metric);
      return metric;
    }
    const has = kindOf(known.metric) ?? "gauge";
    if (has !== kind) throw metricConflict(group, String(full), has, kind);
    return known.metric as CountingMetric;
  }

  #intervalOf({ level }: MetricName): number {
    return intervalOf(level, this.#options.reporterSeconds);
  }

  #find(group: string, name: MetricName): Entry | undefined {
    return this.#groups.get(group)?.get(String(name));
  }

  #add(group: string, name: MetricName, metric: Metric): void {
    const { store } = this;
    let off = (): void => {};
    if (kindOf(metric) === "gauge") {
      off = observeGauge(store, group, name, () => (metric as Gauge).getValue());
    } else attachToStore(store, group, name, metric as CountingMetric);
    if (this.#size >= MAX_METRICS) {
      store.countDrop("instrument-limit");
      return;
    }
    const entries = this.#groups.get(group) ?? new Map<string, Entry>();
    this.#groups.set(group, entries);
    entries.set(String(name), { group, name, metric, off });
    this.#size += 1;
  }
}

function isSet(metric: Metric | MetricSet): metric is MetricSet {
  return typeof (metric as Partial<MetricSet>).getMetrics === "function";
}

function joined(prefix: MetricName, own: MetricName): MetricName {
  return prefix.resolve(own.key).tagged(own.tags).atLevel(own.level);
}

async function figures(metric: Metric, isCompact: boolean): Promise<readonly Figure[]> {
  if (kindOf(metric) !== "gauge") return figuresOf(metric as CountingMetric, isCompact);
  try {
    const value = toNumber(await (metric as Gauge).getValue());
    // The name of a gauge is that of its one figure.
    return Number.isFinite(value) ? [["", "GAUGE", value]] : [];
  } catch {
    return [];
  }
}
