import type { Client } from "@elpis/api";
import type { MetricsReader, Point } from "@elpis/telemetry";
import type { MetricsTopics } from "../topics.ts";

/** Reads in another process than the one that merges. */
export function remoteReader(hub: Client): MetricsReader {
  const client = hub as unknown as Client<MetricsTopics>;
  return {
    points: async (query = {}) => {
      const points: Point[] = [];
      for (;;) {
        const offset = points.length;
        const page = await client.request("elpis.metrics.points", { ...query, offset });
        points.push(...page.points);
        if (page.points.length === 0 || points.length >= page.total) return points;
      }
    },
  };
}
