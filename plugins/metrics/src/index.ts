import {
  application,
  definePlugin,
  hubFigures,
  type PluginFactory,
  reporters,
  supervision,
} from "@elpis/api";
import { metricsReader, metricsStore } from "@elpis/telemetry";
import { type MetricsOptions, schema } from "./options.ts";

export { metricsOf } from "./attach.ts";
export type {
  CollectorName,
  MasterCollector,
  ProcessCollector,
  SystemCollector,
} from "./collectors/names.ts";
export type { CollectOptions, MetricsRegistry, Registered } from "./front/registry.ts";
export type { MetricsOptions } from "./options.ts";
export type { MetricInfo, MetricsTopics, PointsPage, PointsQuery } from "./topics.ts";

/**
 * Measures the machine and every process, and merges what the instruments of all processes count.
 *
 * @example plugins: [metrics({ intervalMs: 10_000, collectors: { pressure: false } })]
 */
export const metrics: PluginFactory<MetricsOptions> = definePlugin<MetricsOptions>({
  name: "metrics",
  roles: ["master", "agent", "worker"],
  wants: [application, hubFigures, supervision],
  provides: [metricsReader, metricsStore, reporters],
  options: schema,
  async setup(host, options) {
    const { setup } = await import("./process/setup.ts");
    await setup(host, options);
  },
});
