import { expect, it } from "vitest";
import { freePort, waitFor } from "../process/support.ts";
import { ask } from "../support/http.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { startFamily } from "./support.ts";

const DURATION = "http_server_request_duration_seconds_bucket";
const idOf = (trace: number): string => String(trace).padStart(32, "0");

/** An application that traces: `/ms/trace/flags` is answered after a time, in a trace of that number. */
async function startTraced() {
  const web = await freePort();
  const admin = await freePort();
  await startFamily({
    "agent.mjs": "",
    "elpis.config.mjs": `import { admin } from "@elpis/admin";
      import { metrics } from "@elpis/metrics";
      export default { name: "traced", agent: "./agent.mjs",
        processes: { web: { entry: "./web.mjs", scale: 2, ready: "listen", env: { PORT: "${web}" } } },
        plugins: [metrics({ intervalMs: 500 }), admin({ port: ${admin} })] };`,
    "web.mjs": `import { AsyncLocalStorage } from "node:async_hooks";
      import { createServer } from "node:http";
      import { provideActiveTrace } from "@elpis/telemetry";
      const traces = new AsyncLocalStorage();
      provideActiveTrace(() => traces.getStore());
      createServer((request, response) => {
        const [, ms, trace, flags] = request.url.split("/");
        const own = { traceId: trace.padStart(32, "0"), spanId: trace.padStart(16, "0"), sampled: flags === "1" };
        traces.run(own, () => setTimeout(() => response.end("hi"), Number(ms)));
      }).listen(Number(process.env.PORT), "127.0.0.1");`,
  });
  return {
    admin,
    get: (ms: number, trace: number, isSampled = true) =>
      ask(`http://127.0.0.1:${web}/${ms}/${trace}/${Number(isSampled)}`),
    scrape: async (accept: string): Promise<string> =>
      (await ask(`http://127.0.0.1:${admin}/metrics`, { headers: { accept } })).text,
  };
}

it("who scrapes as OpenMetrics is told in which traces requests were slow", async () => {
  const { get, scrape } = await startTraced();
  await Promise.all([get(700, 2), get(720, 3, false)]);
  const openMetrics = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
  const text = await waitFor("a slow one and a quick one", async () => {
    // On a busy machine not all of them are quick.
    await get(0, 1);
    const scraped = await scrape(openMetrics);
    return scraped.includes(idOf(2)) && scraped.includes(idOf(1)) && scraped;
  });
  const [slow = ""] = text
    .split("\n")
    .filter((line) => line.startsWith(DURATION) && line.includes(idOf(2)));
  const [, le, value] = /le="([\d.]+)"\} \d+ # \{.*\} ([\d.]+) [\d.]+$/.exec(slow) ?? [];
  expect(Number(value), slow).toBeGreaterThan(0.69);
  expect(Number(value), slow).toBeLessThanOrEqual(Number(le));
  expect(slow).toContain(`# {trace_id="${idOf(2)}",span_id="${idOf(2).slice(16)}"}`);
  expect(text).not.toContain(idOf(3));
  // The older format has no place for it.
  expect(await scrape("text/plain")).not.toContain("trace_id");
});

it("a real Prometheus has each of them once", async (context) => {
  const app = await startTraced();
  const prometheus = await startPrometheus(app.admin, { all: "name" }, context);
  const since = Date.now() - 60_000;
  const series = `${DURATION}{process="web"}`;
  await Promise.all([app.get(700, 2), app.get(720, 3, false)]);
  const seen = () => prometheus.exemplars(series, since);
  await waitFor("its exemplar", async () => (await seen()).length > 0, 20_000);
  const before = Date.now();
  await app.get(705, 4);
  await waitFor("the next one", async () => (await seen()).length > 1, 20_000);
  // It has scraped them again and again by then.
  await prometheus.has(`${DURATION}{process="web",le="+Inf"}`, before, 3);
  const all = (await seen()).toSorted((a, b) => a.timestamp - b.timestamp);
  expect(all.map(({ labels }) => labels)).toEqual(
    [2, 4].map((trace) => ({ trace_id: idOf(trace), span_id: idOf(trace).slice(16) })),
  );
  for (const { value, timestamp } of all) {
    expect(value).toBeGreaterThan(0.69);
    expect(Math.abs(timestamp * 1000 - Date.now())).toBeLessThan(60_000);
  }
  expect(await prometheus.targets()).toMatchObject([{ health: "up", lastError: "" }]);
});
