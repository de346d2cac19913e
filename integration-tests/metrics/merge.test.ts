import http from "node:http";
import type { HistogramPoint } from "@elpis/telemetry";
import { describe, expect, it } from "vitest";
import { freePort, waitFor } from "../process/support.ts";
import { startFamily, total } from "./support.ts";

const config = (port: number, scale: number, options = ""): string => `
  import { metrics } from "@elpis/metrics";
  export default {
    name: "merge", agent: "./agent.mjs",
    processes: { web: { entry: "./web.mjs", scale: ${scale}, ready: "listen", env: { PORT: "${port}" } } },
    plugins: [metrics({ intervalMs: 500${options} })],
  };`;

describe("what four workers count", () => {
  it("adds up; the p99 over all is that of the load, and not the mean of theirs", async () => {
    const port = await freePort();
    const family = await startFamily({
      "agent.mjs": "",
      "elpis.config.mjs": config(port, 4),
      "web.mjs": `import { createServer } from "node:http";
        import { hub } from "@elpis/core/process";
        import { metricsOf } from "@elpis/metrics";
        const { index } = hub.location;
        const orders = metricsOf(hub).getCounter("shop", "orders");
        for (let times = 0; times < 4; times++) orders.inc(5);
        metricsOf(hub).register("shop", "gauge", { getValue: async () => 100 });
        let count = 0;
        createServer((request, response) => {
          // One of four is slow.
          const ms = index === 0 ? 1000 + 10 * (count++ % 100) : 100;
          setTimeout(() => response.end("hi"), ms);
        }).listen(Number(process.env.PORT), "127.0.0.1");`,
    });
    const all = await waitFor("the counters of all", async () => {
      const points = await family.points();
      return total(points, "orders") === 80 && points;
    });
    expect(all.find(({ name }) => name === "gauge")).toMatchObject({ kind: "gauge", value: 100 });

    const measured: number[] = [];
    const load = Array.from({ length: 24 }, async () => {
      for (let times = 0; times < 16; times++) measured.push(await timeOf(port));
    });
    await Promise.all(load);
    measured.sort((a, b) => a - b);
    const p99 = measured[Math.ceil(measured.length * 0.99) - 1] as number;
    const name = "http.server.request.duration";
    const filter = { names: [name], processes: ["web"] };
    const [merged] = (await waitFor("all requests", async () => {
      const points = await family.points({ filter });
      return total(points, name) === measured.length && points;
    })) as HistogramPoint[];
    const seen = (merged as HistogramPoint).p99 * 1000;
    const each = (await family.points({ filter, scope: "process" })) as HistogramPoint[];
    expect(each).toHaveLength(4);
    const mean = (1000 * each.reduce((sum, one) => sum + one.p99, 0)) / each.length;
    expect(Math.abs(seen - p99) / p99, `${seen} at the reader, ${p99} measured`).toBeLessThan(0.02);
    expect(mean).toBeLessThan(p99 * 0.6);
    const responses = await family.points({ filter: { names: ["http.server.responses"] } });
    expect(responses).toMatchObject([{ tags: { class: "2xx" }, value: measured.length }]);
    const compass = await family.points({ filter: { names: ["middleware.http.request"] } });
    expect(compass).toMatchObject([{ tags: { category: "success" }, count: measured.length }]);
  });

  it("stays within the limits with a million values of a tag from each, and loses nothing", async () => {
    const port = await freePort();
    const family = await startFamily({
      "agent.mjs": "",
      "elpis.config.mjs": config(port, 4, ", collectors: false"),
      "web.mjs": `import { createServer } from "node:http";
        import { hub } from "@elpis/core/process";
        import { metricsOf } from "@elpis/metrics";
        const many = metricsOf(hub).store.counter("many");
        for (let at = 0; at < 1_000_000; at++) many.add(1, { id: hub.location.index + "-" + at });
        createServer().listen(Number(process.env.PORT), "127.0.0.1");`,
    });
    const points = await waitFor(
      "all of them",
      async () => {
        const found = await family.points({ filter: { names: ["many"] } });
        return total(found, "many") === 4_000_000 && found;
      },
      40_000,
    );
    const overflow = points.filter(({ tags }) => tags["otel.metric.overflow"] === true);
    expect(overflow).toHaveLength(1);
    expect(points.length - 1).toBeLessThanOrEqual(2000);
  });
});

function timeOf(port: number): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.get({ host: "127.0.0.1", port, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(performance.now() - startedAt));
    });
    request.on("error", reject);
  });
}
