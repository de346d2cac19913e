import type { PluginUse } from "@elpis/api";
import { metricsReader, metricsStore } from "@elpis/telemetry";
import { startTestHub, type TestHub, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { metrics, metricsOf } from "../src/index.ts";

const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };

async function start(plugins: readonly PluginUse[]): Promise<TestHub["hub"]> {
  const test = await startTestHub({ listen: false, plugins, log });
  onTestFinished(() => test.close());
  return test.hub;
}

describe("in one process without a supervisor", () => {
  it("the master merges, and gives store and reader to other plugins", async () => {
    const hub = await start([metrics({ intervalMs: 100, openTelemetry: false })]);
    metricsOf(hub.client).getMeter("shop", "orders").mark(3);
    hub.find(metricsStore)?.counter("more").add(4);
    const reader = hub.find(metricsReader);
    await waitFor(
      async () => ((await reader?.points()) ?? []).some(({ name }) => name === "more"),
      {
        what: "a report",
      },
    );
    const points = (await reader?.points({ filter: { names: ["orders", "more"] } })) ?? [];
    expect(points.map((point) => [point.name, (point as { value: number }).value])).toEqual(
      expect.arrayContaining([
        ["orders", 3],
        ["more", 4],
      ]),
    );
    await waitFor(
      async () => {
        const groups = (await hub.client.request("elpis.metrics.groups", {})) as {
          group: string;
        }[];
        const found = groups.map(({ group }) => group);
        return ["hub", "system", "node"].every((group) => found.includes(group));
      },
      { what: "what is measured by itself" },
    );
  });

  it("metricsOf says what to do where nobody keeps metrics, also after the end", async () => {
    const without = await start([]);
    const notPicked = expect.objectContaining({ code: "ELPIS_METRICS_NOT_PICKED" });
    expect(() => metricsOf(without.client)).toThrow(notPicked);
    const hub = await start([metrics({ collectors: false, openTelemetry: false })]);
    expect(metricsOf(hub.client)).toBe(metricsOf(hub.client));
    await hub.close();
    expect(() => metricsOf(hub.client)).toThrow(notPicked);
  });

  it("refuses wrong options before anything starts", async () => {
    const wrong = metrics({ intervalMs: 5 });
    await expect(start([wrong])).rejects.toThrow(
      expect.objectContaining({ code: "ELPIS_PLUGIN_OPTIONS" }),
    );
  });
});
