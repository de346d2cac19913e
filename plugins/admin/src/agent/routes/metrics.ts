import { type Point, type PointFilter, toOpenMetrics, toPrometheus } from "@elpis/telemetry";
import { notFound } from "../../errors.ts";
import type { Answered, Asked, Route, RouteWorld } from "../route.ts";

const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** What was measured. */
export function metricsRoutes({ metrics }: RouteWorld): Route[] {
  const read = async (filter: PointFilter = {}): Promise<readonly Point[]> => {
    if (metrics === undefined) {
      throw notFound("This application has no plugin @elpis/metrics; add it to its plugins.");
    }
    return await metrics.points({ scope: "process", filter });
  };
  const prometheus = async (): Promise<Answered> => ({
    text: toPrometheus(await read()),
    type: PROMETHEUS,
  });
  const openMetrics = async (): Promise<Answered> => ({
    text: toOpenMetrics(await read()),
    type: OPEN_METRICS,
  });
  const statuses = { 404: "there is no plugin @elpis/metrics, or no such group" };
  return [
    {
      method: "GET",
      path: "/metrics",
      summary: "All points; as text for Prometheus or OpenMetrics where `accept` asks for that",
      statuses,
      answer: async ({ accept }: Asked) => {
        if (accept.includes("application/openmetrics-text")) return openMetrics();
        if (/text\/plain/.test(accept)) return prometheus();
        return { data: await read() };
      },
    },
    {
      method: "GET",
      path: "/metrics/list",
      summary: "All names, by group",
      statuses,
      answer: async () => ({ data: namesOf(await read()) }),
    },
    {
      method: "GET",
      path: "/metrics/prometheus",
      summary: "All points, as text for Prometheus",
      statuses,
      answer: prometheus,
    },
    {
      method: "GET",
      path: "/metrics/:group",
      summary: "The points of one group",
      statuses,
      answer: async ({ params }) => {
        const group = params.group ?? "";
        const points = await read({ groups: [group] });
        if (points.length === 0) throw notFound(`There is no group ${group.slice(0, 64)}.`);
        return { data: points };
      },
    },
  ];
}

function namesOf(points: readonly Point[]): Record<string, unknown[]> {
  const groups: Record<string, unknown[]> = Object.create(null);
  const seen = new Set<string>();
  for (const { group, name, kind, unit, description, level } of points) {
    if (seen.has(`${group} ${name}`)) continue;
    seen.add(`${group} ${name}`);
    groups[group] ??= [];
    groups[group].push({ name, kind, unit, description, level });
  }
  return groups;
}
