import { join } from "node:path";
import type { Application, Client, PluginHost } from "@elpis/api";
import type { MetricsOptions } from "../options.ts";
import type { MetricsTopics, Place } from "../topics.ts";

const PLACE_MS = 5000;

/**
 * Who merges, and where sums are kept: the master knows, and tells the agent. Undefined in a worker, which needs not know.
 *
 * @throws ELPIS_HUB_DEADLINE when the master does not answer
 */
export async function findPlace(
  { hub, location }: PluginHost,
  app: Application | undefined,
  { keep = true }: MetricsOptions,
): Promise<Place | undefined> {
  const client = hub as unknown as Client<MetricsTopics>;
  if (location.role === "master") {
    const place: Place = {
      keeper: app?.hasAgent === true ? "agent" : "master",
      ...(keep && app !== undefined && { dir: join(app.runtimeDir, "metrics") }),
    };
    client.handle("elpis.metrics.place", () => place);
    return place;
  }
  if (location.role !== "agent") return undefined;
  return client.request(
    "elpis.metrics.place",
    {},
    { to: { role: "master" }, absent: "wait", timeoutMs: PLACE_MS, idempotent: true },
  );
}
