import { type ReporterStatus, type ReporterTest, redact } from "@elpis/api";
import { orNoPlugin } from "../master.ts";
import type { Route, RouteWorld } from "../route.ts";

const PLUGIN = "@elpis/metrics";
const ASK_MS = 5000;
/** A sample may take as long as a backend that is slow. */
const TEST_MS = 15_000;

/** Those who pass on what was measured. They run where points are merged: here, or in the master. */
export function reporterRoutes({ hub }: RouteWorld): Route[] {
  return [
    {
      method: "GET",
      path: "/reporters",
      summary: "How the reporters are",
      statuses: { 404: `there is no plugin ${PLUGIN}` },
      answer: async () => {
        const asked = hub.request("elpis.reporters.list", {}, { timeoutMs: ASK_MS });
        const all = (await orNoPlugin(PLUGIN, asked)) as readonly ReporterStatus[];
        return { data: redact(all) };
      },
    },
    {
      method: "POST",
      path: "/reporters/:name/test",
      summary: "Sends a sample to a reporter, and says what came back",
      statuses: {
        401: "no token",
        404: `there is no plugin ${PLUGIN}, or no such reporter`,
        502: "the sample was not taken",
      },
      answer: async ({ params }) => {
        const call = { timeoutMs: TEST_MS };
        const asked = hub.request("elpis.reporters.test", { name: params.name }, call);
        const test = (await orNoPlugin(PLUGIN, asked)) as ReporterTest;
        const { ok, reason = "" } = test;
        return { data: redact(test), status: ok ? 200 : 502, message: String(redact(reason)) };
      },
    },
  ];
}
