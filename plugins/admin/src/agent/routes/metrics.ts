import { type Point, type Scope, toOpenMetrics, toPrometheus } from "@elpis/telemetry";
import { badInput, notFound } from "../../errors.ts";
import type { Answered, Asked, Route, RouteWorld } from "../route.ts";

const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const SCOPES: readonly string[] = ["name", "process", "app"] satisfies Scope[];
const QUERY = {
  group: "only the points of this group, also of one that is called `list` or `prometheus`",
  scope: "`name`: all processes of a name together (default); `process`: each by itself; `app`",
};

/** What was measured. */
export function metricsRoutes({ metrics }: RouteWorld): Route[] {
  const read = async ({ params, query }: Asked): Promise<readonly Point[]> => {
    if (metrics === undefined) {
      throw notFound("This application has no plugin @elpis/metrics; add it to its plugins.");
    }
    const group = params.group ?? query.group;
    const filter = group === undefined ? {} : { groups: [group] };
    const points = await metrics.points({ scope: scopeOf(query), filter });
    if (group !== undefined && points.length === 0) {
      throw notFound(`There is no group ${group.slice(0, 64)}.`);
    }
    return points;
  };
  const prometheus = async (asked: Asked): Promise<Answered> => ({
    text: toPrometheus(await read(asked)),
    type: PROMETHEUS,
  });
  const openMetrics = async (asked: Asked): Promise<Answered> => ({
    text: toOpenMetrics(await read(asked)),
    type: OPEN_METRICS,
  });
  const statuses = {
    400: "there is no such scope",
    404: "there is no plugin @elpis/metrics, or no such group",
  };
  return [
    {
      method: "GET",
      path: "/metrics",
      summary: "All points; as text for Prometheus or OpenMetrics where `accept` asks for that",
      query: QUERY,
      statuses,
      answer: async (asked) => {
        const { accept } = asked;
        if (accept.includes("application/openmetrics-text")) return openMetrics(asked);
        if (/text\/plain/.test(accept)) return prometheus(asked);
        return { data: await read(asked) };
      },
    },
    {
      method: "GET",
      path: "/metrics/list",
      summary: "All names, by group",
      statuses: { 404: statuses[404] },
      answer: async (asked) => ({ data: namesOf(await read({ ...asked, query: {} })) }),
    },
    {
      method: "GET",
      path: "/metrics/prometheus",
      summary: "All points, as text for Prometheus",
      query: QUERY,
      statuses,
      answer: prometheus,
    },
    {
      method: "GET",
      path: "/metrics/:group",
      summary: "The points of one group",
      query: { scope: QUERY.scope },
      statuses,
      answer: async (asked) => ({ data: await read(asked) }),
    },
  ];
}

/** Sums of a name never fall; those of one process begin anew when it is replaced. */
function scopeOf({ scope = "name" }: Asked["query"]): Scope {
  if (!SCOPES.includes(scope)) throw badInput(`scope is one of ${SCOPES.join(", ")}.`);
  return scope as Scope;
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
