import { type Client, parseDuration, type Request } from "@elpis/api";
import { defineEndpoint, type Endpoint, endpoints } from "@elpis/telemetry";
import { aggregate, type KnownProcess } from "./aggregate.ts";
import { HEALTH_GROUP } from "./monitor/monitor.ts";
import type { HealthOptions, HealthProbe, HealthReport } from "./types.ts";

/** The agent answers it. */
export const HEALTH_TOPIC = "elpis.health";

/** What the agent answers about health. */
export interface HealthTopics {
  readonly "elpis.health": Request<{ readonly probe?: HealthProbe }, HealthReport>;
}

const PROBES: readonly unknown[] = ["liveness", "readiness", "startup"];

/** `/health`, of which the query `probe` picks one. */
export function healthEndpoint(
  hub: Client,
  timeout: HealthOptions["timeout"],
): Endpoint<unknown, HealthReport> {
  const timeoutMs = parseDuration(timeout) ?? 3000;
  return defineEndpoint<unknown, HealthReport>({
    group: HEALTH_GROUP,
    path: "/health",
    title: "how the application is",
    timeoutMs,
    gather: async (gathered, { probe }) => {
      const asked = PROBES.includes(probe) ? (probe as HealthProbe) : undefined;
      return aggregate({ gathered, processes: await statusOf(hub, timeoutMs), probe: asked });
    },
  });
}

/** Asks everybody now. Never rejects: that something cannot be known is an answer. */
export async function reportHealth(hub: Client, probe: unknown): Promise<HealthReport> {
  try {
    const query = typeof probe === "string" ? { probe } : {};
    return (await endpoints(hub).ask("/health", query)).value as HealthReport;
  } catch (error) {
    const reasons = [`nothing is known: ${(error as Error).message}`];
    return { status: "down", reasons, warnings: [], indicators: [], absent: [] };
  }
}

async function statusOf(
  hub: Client,
  timeoutMs: number,
): Promise<readonly KnownProcess[] | undefined> {
  try {
    const to = { role: "master" } as const;
    const status: unknown = await hub.request("elpis.status", {}, { to, timeoutMs });
    const { processes } = status as { processes?: unknown };
    return Array.isArray(processes) ? (processes as KnownProcess[]) : undefined;
  } catch {
    return undefined;
  }
}
