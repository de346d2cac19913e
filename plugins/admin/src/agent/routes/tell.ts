import type { Client } from "@elpis/api";
import { endpoints } from "@elpis/telemetry";
import { ask, orNoPlugin } from "../master.ts";
import { type Answered, type Asked, PAGE_QUERY, type Route, type RouteWorld } from "../route.ts";

/** What happened: errors, tasks. */
export function tellRoutes({ hub }: RouteWorld): Route[] {
  return [
    {
      method: "GET",
      path: "/error",
      summary: "The newest errors of all processes, also of those that have died",
      query: PAGE_QUERY,
      statuses: { 400: "the query makes no sense" },
      answer: ({ query }) => shown(hub, "/error", query),
    },
    {
      method: "GET",
      path: "/tasks",
      summary: "All tasks",
      statuses: { 404: "there is no plugin @elpis/schedule" },
      answer: async () => ({
        data: await orNoPlugin("@elpis/schedule", ask(hub, "elpis.tasks.list")),
      }),
    },
    {
      method: "GET",
      path: "/tasks/:name",
      summary: "The newest runs of a task",
      statuses: { 404: "there is no plugin @elpis/schedule, or no such task" },
      answer: async ({ params }) => ({
        data: await orNoPlugin(
          "@elpis/schedule",
          ask(hub, "elpis.tasks.history", { task: params.name }),
        ),
      }),
    },
  ];
}

async function shown(hub: Client, path: string, query: Asked["query"]): Promise<Answered> {
  const { value, partial, absent } = await endpoints(hub).ask(path, query);
  const message = absent.length > 0 ? `no answer from ${absent.join(", ")}` : "";
  return { data: value, message, more: { partial, absent } };
}
