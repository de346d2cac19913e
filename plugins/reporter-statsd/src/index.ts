import { defineReporter, type ReporterFactory } from "@elpis/api";
import { type StatsdOptions, schema } from "./options.ts";

export type { StatsdOptions } from "./options.ts";

/**
 * Hands metrics to StatsD or DogStatsD, over UDP.
 *
 * @example
 * export default defineConfig({ plugins: [metrics(), statsd({ host: "127.0.0.1", dialect: "dogstatsd" })] });
 */
export const statsd: ReporterFactory<StatsdOptions> = defineReporter<StatsdOptions>({
  name: "statsd",
  options: schema,
  open: async (options) => {
    const { statsdReporter } = await import("./reporter.ts");
    return statsdReporter(options);
  },
});
