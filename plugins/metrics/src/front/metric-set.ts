import type { Now } from "../collectors/collector.ts";
import { CachedGauge, type Gauge } from "./gauge.ts";
import type { MetricName } from "./metric-name.ts";

/** Several gauges that belong together. */
export interface MetricSet {
  getMetrics(): ReadonlyMap<MetricName, Gauge>;
}

/**
 * Gauges that are all read from one answer, which is asked for once for all of them.
 *
 * @example
 * new CachedMetricSet(() => pool.stats(), [
 *   [MetricName.build("pool.size"), (stats) => stats.size],
 *   [MetricName.build("pool.idle"), (stats) => stats.idle],
 * ]);
 */
export class CachedMetricSet<Answer> implements MetricSet {
  readonly #metrics: ReadonlyMap<MetricName, Gauge>;

  /**
   * @param ask gives the answer, or a promise of it; never asked again while a promise is pending
   * @param gauges how each one is read from it
   * @param ttlMs how long an answer counts, in milliseconds. @default 5000
   */
  constructor(
    ask: () => Answer | Promise<Answer>,
    gauges: Iterable<readonly [name: MetricName, read: (answer: Answer) => unknown]>,
    ttlMs?: number,
    now?: Now,
  ) {
    const answer = new CachedGauge(() => inOneFlight(ask), ttlMs, now);
    let pending: Promise<Answer> | undefined;
    const inOneFlight = (load: () => Answer | Promise<Answer>): Promise<Answer> => {
      pending ??= (async () => load())().finally(() => {
        pending = undefined;
      });
      return pending;
    };
    this.#metrics = new Map(
      [...gauges].map(([name, read]) => [
        name,
        { getValue: async () => read(await answer.getValue()) },
      ]),
    );
  }

  getMetrics(): ReadonlyMap<MetricName, Gauge> {
    return this.#metrics;
  }
}
