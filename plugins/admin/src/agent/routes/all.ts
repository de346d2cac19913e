import type { EventStreams } from "../events.ts";
import { openApi } from "../openapi.ts";
import type { Route, RouteWorld } from "../route.ts";
import { aboutRoutes } from "./about.ts";
import { changeRoutes } from "./change.ts";
import { healthRoutes } from "./health.ts";
import { metricsRoutes } from "./metrics.ts";
import { processRoutes } from "./process.ts";
import { reporterRoutes } from "./reporters.ts";
import { tellRoutes } from "./tell.ts";
import { traceRoutes } from "./traces.ts";

/** Everything that there is, and the document that says so. */
export function allRoutes(world: RouteWorld, streams: EventStreams): readonly Route[] {
  const routes: Route[] = [
    ...aboutRoutes(world, () => all),
    ...healthRoutes(world),
    ...processRoutes(world),
    ...metricsRoutes(world),
    ...reporterRoutes(world),
    ...tellRoutes(world),
    ...traceRoutes(world),
    ...changeRoutes(world),
    {
      method: "GET",
      path: "/events",
      summary: "What happens, as server-sent events: `process`, `operation`, `task`",
      stream: (reply) => streams.add(reply),
    },
  ];
  const all: readonly Route[] = [
    ...routes,
    {
      method: "GET",
      path: "/openapi.json",
      summary: "This document",
      answer: () => ({ text: JSON.stringify(openApi(all)), type: "application/json" }),
    },
  ];
  return all;
}
