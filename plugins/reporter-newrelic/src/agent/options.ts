import { type Duration, object, parseDuration, type StandardSchema } from "@elpis/api";

/** What the bridge to New Relic's agent is told; the agent itself is set up by its own means. */
export interface NewRelicAgentOptions {
  /**
   * Tags that become a part of the name of a metric, since the agent knows none: `orders/process:web/shop:cn`. `app`, `process`
   * and `index` are whose it is. What differs in other tags only is added up. @default ["process", "index"]
   */
  readonly tags?: readonly string[];
  /** Before each name of a metric. @default "" */
  readonly prefix?: string;
  /** Whether closing the reporter ends the agent, after it has sent what it has. @default true */
  readonly shutdown?: boolean;
  /** How long that may take, in less than the two seconds that a reporter has; the agent itself would wait for ever. @default "1500ms" */
  readonly shutdownTimeout?: Duration;
}

const flat = object<NewRelicAgentOptions>({
  tags: "array?",
  prefix: "string?",
  shutdown: "boolean?",
  shutdownTimeout: "string?",
});

/** Checks the options before anything starts. */
export const agentSchema: StandardSchema<NewRelicAgentOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: async (value) => {
      if (typeof value !== "object" || value === null) return flat["~standard"].validate(value);
      const options = value as NewRelicAgentOptions;
      const { shutdownTimeout, tags } = options;
      const { shutdownTimeout: _, ...rest } = options;
      const issues = [...((await flat["~standard"].validate(rest)).issues ?? [])];
      if (shutdownTimeout !== undefined && parseDuration(shutdownTimeout) === undefined) {
        issues.push({
          path: ["shutdownTimeout"],
          message: 'expected a time span such as "1500ms"',
        });
      }
      if (Array.isArray(tags) && !tags.every((one) => typeof one === "string")) {
        issues.push({ path: ["tags"], message: "expected a list of names of tags" });
      }
      return issues.length > 0 ? { issues } : { value: options };
    },
  },
};
