import { redact } from "@elpis/api";
import { notFound } from "../../errors.ts";
import { ask, statusOf } from "../master.ts";
import type { Route, RouteWorld } from "../route.ts";

/** The processes. */
export function processRoutes({ hub }: RouteWorld): Route[] {
  return [
    {
      method: "GET",
      path: "/process",
      summary: "All processes",
      query: { name: "only those of that name" },
      answer: async ({ query }) => {
        const { processes } = await statusOf(hub);
        const { name } = query;
        if (name === undefined) return { data: processes };
        const found = processes.filter((one) => one.name === name);
        if (found.length === 0) throw notFound(`There is no process ${name.slice(0, 64)}.`);
        return { data: found };
      },
    },
    {
      method: "GET",
      path: "/process/:name",
      summary: "Everything about one process, such as `web.1`; `web` is its first",
      statuses: { 404: "there is none of that name" },
      answer: async ({ params }) => ({
        data: redact(await ask(hub, "elpis.show", { process: params.name })),
      }),
    },
  ];
}
