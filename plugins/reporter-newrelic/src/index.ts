import { defineReporter, type ReporterFactory } from "@elpis/api";
import { agentSchema, type NewRelicAgentOptions } from "./agent/options.ts";
import { ingestSchema, type NewRelicOptions } from "./ingest/options.ts";

export type { NewRelicAgentOptions } from "./agent/options.ts";
export type { NewRelicOptions, NewRelicRegion, Percentile } from "./ingest/options.ts";

/**
 * Reports to New Relic over its Metric, Trace and Event APIs. Nothing is installed, and no module of the application is changed.
 *
 * @example plugins: [metrics(), newRelic({ apiKey: process.env.NEW_RELIC_LICENSE_KEY, region: "EU" })]
 */
export const newRelic: ReporterFactory<NewRelicOptions> = defineReporter<NewRelicOptions>({
  name: "newrelic",
  options: ingestSchema,
  open: async (options, context) =>
    (await import("./ingest/reporter.ts")).ingestReporter(options, context),
});

/**
 * Reports to New Relic by its own agent, the package `newrelic`, in the process that merges.
 *
 * @throws ELPIS_NEWRELIC_AGENT_MISSING, ELPIS_NEWRELIC_AGENT_NODE, ELPIS_NEWRELIC_AGENT_OFF while it is opened
 * @example plugins: [metrics(), newRelicAgent({ tags: ["process", "shop"] })]
 */
export const newRelicAgent: ReporterFactory<NewRelicAgentOptions> =
  defineReporter<NewRelicAgentOptions>({
    name: "newrelic-agent",
    options: agentSchema,
    open: async (options) => (await import("./agent/reporter.ts")).agentReporter(options),
  });
