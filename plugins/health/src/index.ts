import {
  type Client,
  definePlugin,
  type PluginFactory,
  type PluginHost,
  readiness,
} from "@elpis/api";
import { defineIndicator, endpoints, indicators } from "@elpis/telemetry";
import { HEALTH_GROUP, monitorOf } from "./monitor/monitor.ts";
import { schema } from "./options.ts";
import { HEALTH_TOPIC, type HealthTopics, healthEndpoint, reportHealth } from "./report.ts";
import type { HealthOptions, HealthValue } from "./types.ts";

export { type Checks, checks } from "./monitor/monitor.ts";
export type { HealthTopics } from "./report.ts";
export type {
  Address,
  CheckContext,
  CheckDetails,
  CheckFunction,
  CheckOptions,
  CheckResult,
  CheckTarget,
  HealthIndicator,
  HealthOptions,
  HealthProbe,
  HealthReport,
  HealthStatus,
  HealthValue,
  IndicatorHealth,
  ProcessHealth,
} from "./types.ts";

/**
 * Looks at what the processes of an application need, and says how it is: `/health`, `elpis health`, the topic
 * `elpis.health`. What is not known is not well.
 *
 * @example plugins: [health({ indicators: { db: { postgres: "db:5432" } }, readiness: true })]
 */
export const health: PluginFactory<HealthOptions> = definePlugin<HealthOptions>({
  name: "health",
  roles: ["agent", "worker"],
  wants: [readiness],
  options: schema,
  setup(host, options) {
    const { hub, location } = host;
    const monitor = monitorOf(hub);
    host.onClose(() => monitor.close());
    const self = indicators(hub).add(
      defineIndicator({ group: HEALTH_GROUP, name: "process", scope: "process", collect: isThere }),
    );
    host.onClose(() => self.remove());
    for (const [name, one] of Object.entries(options.indicators ?? {})) monitor.add(name, one);
    const gate = host.find(readiness);
    // Whoever asks how all are asks the agent: it stays.
    if (options.readiness === true && location.role === "worker" && gate !== undefined) {
      monitor.guard(gate, (isWell, why) => {
        if (isWell) host.log.warn("is well again, and takes work");
        else host.log.warn(`takes no work until it is well: ${why.join("; ")}`);
      });
    }
    if (location.role === "agent") serve(host, options);
  },
});

function isThere(): HealthValue {
  return { status: "up", critical: true, probes: ["liveness", "readiness", "startup"] };
}

function serve(host: PluginHost, { timeout }: HealthOptions): void {
  const { hub } = host;
  host.onClose(endpoints(hub).add(healthEndpoint(hub, timeout)));
  const client = hub as unknown as Client<HealthTopics>;
  host.onClose(client.handle(HEALTH_TOPIC, (input) => reportHealth(hub, input?.probe)));
}
