import { type Client, redact, type TraceTopics } from "@elpis/api";
import { notFound } from "../../errors.ts";
import { orNoPlugin } from "../master.ts";
import type { Route, RouteWorld } from "../route.ts";
import { readTraceId, readTraceQuery, TRACE_QUERY } from "../trace-query.ts";

const PLUGIN = "@elpis/trace";
const CALL = { timeoutMs: 5000 } as const;
const NO_PLUGIN = `there is no plugin ${PLUGIN}`;

/** What went on, across processes. Traces are kept here, or in the master. */
export function traceRoutes({ hub }: RouteWorld): Route[] {
  const client = hub as unknown as Client<TraceTopics>;
  return [
    {
      method: "GET",
      path: "/trace",
      summary: "Traces that are kept",
      query: TRACE_QUERY,
      statuses: { 400: "the query makes no sense", 404: NO_PLUGIN },
      answer: async ({ query }) => {
        const asked = client.request("elpis.trace.list", readTraceQuery(query, Date.now()), CALL);
        return { data: redact(await orNoPlugin(PLUGIN, asked)) };
      },
    },
    {
      method: "GET",
      path: "/trace/stats",
      summary: "How many traces were kept and let go, and what was lost",
      statuses: { 404: NO_PLUGIN },
      answer: async () => ({
        data: await orNoPlugin(PLUGIN, client.request("elpis.trace.stats", {}, CALL)),
      }),
    },
    {
      method: "GET",
      path: "/trace/:id",
      summary: "One trace with its spans",
      statuses: {
        400: "the id has not 32 hexadecimal digits",
        404: `${NO_PLUGIN}, or no such trace`,
      },
      answer: async ({ params }) => {
        const traceId = readTraceId(params.id ?? "");
        const asked = client.request("elpis.trace.get", { traceId }, CALL);
        const found = await orNoPlugin(PLUGIN, asked);
        if (found === null) throw notFound("There is no such trace, or it is not kept any more.");
        return { data: redact(found) };
      },
    },
  ];
}
