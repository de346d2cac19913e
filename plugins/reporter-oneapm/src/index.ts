import {
  type Duration,
  defineReporter,
  object,
  parseDuration,
  type ReporterFactory,
  type StandardSchema,
} from "@elpis/api";

/** What the bridge to OneAPM's agent is told; the agent itself is set up by its `oneapm.js`. */
export interface OneApmOptions {
  /** Whether closing the reporter ends the agent, after it has sent what it has. @default true */
  readonly shutdown?: boolean;
  /** How long that may take; the host waits for no more than two seconds. @default "1.5s" */
  readonly shutdownTimeout?: Duration;
}

const flat = object<Omit<OneApmOptions, "shutdownTimeout">>({ shutdown: "boolean?" });

const schema: StandardSchema<OneApmOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: async (value) => {
      if (typeof value !== "object" || value === null) return flat["~standard"].validate(value);
      const { shutdownTimeout, ...rest } = value as OneApmOptions;
      const issues = [...((await flat["~standard"].validate(rest)).issues ?? [])];
      if (shutdownTimeout !== undefined && parseDuration(shutdownTimeout) === undefined) {
        issues.push({ path: ["shutdownTimeout"], message: 'expected a time span such as "1.5s"' });
      }
      return issues.length > 0 ? { issues } : { value: value as OneApmOptions };
    },
  },
};

/**
 * Hands errors to the agent of OneAPM. Metrics, spans and events are not reported: the agent has no call for them.
 *
 * @throws ELPIS_ONEAPM_MISSING, ELPIS_ONEAPM_OFF while it is opened
 * @example plugins: [oneapm()]
 */
export const oneapm: ReporterFactory<OneApmOptions> = defineReporter<OneApmOptions>({
  name: "oneapm",
  options: schema,
  open: async (options) => (await import("./reporter.ts")).oneApmReporter(options),
});
