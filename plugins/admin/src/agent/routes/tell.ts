import type { Client } from "@elpis/api";
import { endpoints } from "@elpis/telemetry";
import { notFound } from "../../errors.ts";
import { ask, orNoPlugin } from "../master.ts";
import { type Answered, type Asked, PAGE_QUERY, type Route, type RouteWorld } from "../route.ts";

/** What happened: errors, traces, tasks. */
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
      path: "/trace",
      summary: "Traces",
      query: PAGE_QUERY,
      statuses: { 404: "there is no plugin of traces" },
      answer: ({ query }) => trace(hub, "/trace", query),
    },
    {
      method: "GET",
      path: "/trace/:id",
      summary: "One trace",
      statuses: { 404: "there is no plugin of traces, or no such trace" },
      answer: ({ params, query }: Asked) => trace(hub, "/trace", { ...query, id: params.id ?? "" }),
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

async function trace(hub: Client, path: string, query: Asked["query"]): Promise<Answered> {
  const isThere = endpoints(hub).list.some((one) => one.path === path);
  if (!isThere) throw notFound("This application has no plugin @elpis/trace, which keeps traces.");
  const answered = await shown(hub, path, query);
  const isNothing = "data" in answered && (answered.data === undefined || answered.data === null);
  if (isNothing) throw notFound("There is no such trace, or it is not kept any more.");
  return answered;
}
