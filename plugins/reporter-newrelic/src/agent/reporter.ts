import { parseDuration, Reject, type Reporter } from "@elpis/api";
import { type AgentApi, loadAgent, markEnded } from "./load.ts";
import { AgentMetrics } from "./metrics.ts";
import type { NewRelicAgentOptions } from "./options.ts";
import { handError, handEvent } from "./signals.ts";

const TAGS: readonly string[] = ["process", "index"];
/** The host gives a reporter two seconds to end. */
const SHUTDOWN_MS = 1500;

/** Reports to New Relic's agent in this process, which sends by itself, once a minute. */
export async function agentReporter(options: NewRelicAgentOptions): Promise<Reporter> {
  const api = await loadAgent();
  const { tags = TAGS, prefix = "" } = options;
  const metrics = new AgentMetrics(api, { tags, prefix });
  let closing: Promise<void> | undefined;
  return {
    wants: {
      signals: ["metrics", "errors", "events"],
      temporality: "delta",
      // The agent sends once a minute. Gauges that came more often would be averaged.
      intervalMs: 60_000,
      limits: { nameChars: 200, valueChars: 1024, tags: 50 },
      // It keeps and repeats by itself.
      retry: "never",
    },
    async report({ points, errors, events }, { signal }) {
      signal.throwIfAborted();
      if (closing !== undefined) throw new Reject("the agent has ended");
      const refused = metrics.hand(points);
      for (const error of errors) {
        if (!handError(api, error)) refused.push("the agent takes no errors");
      }
      for (const event of events) {
        if (!handEvent(api, event)) refused.push("the agent takes no events");
      }
      if (refused.length === 0) return;
      return { rejected: refused.length, reason: [...new Set(refused)].join("; ") };
    },
    close() {
      closing ??= options.shutdown === false ? Promise.resolve() : end(api, options);
      return closing;
    },
  };
}

/** Ends the agent. Its own timeout does not hold once it is connected: it would wait for a silent server for ever. */
export function end(api: AgentApi, { shutdownTimeout }: NewRelicAgentOptions): Promise<void> {
  const timeout = parseDuration(shutdownTimeout ?? SHUTDOWN_MS) ?? SHUTDOWN_MS;
  markEnded(api);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, timeout).unref();
    try {
      api.shutdown({ collectPendingData: true, timeout }, () => {
        clearTimeout(timer);
        resolve();
      });
    } catch (error) {
      clearTimeout(timer);
      reject(error);
    }
  });
}
