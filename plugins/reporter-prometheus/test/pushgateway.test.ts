import { type Batch, type GaugePoint, type Point, Reject } from "@elpis/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { groupUrl } from "../src/pushgateway/group-url.ts";
import { open } from "../src/pushgateway/open.ts";
import { httpServer } from "./support/http-server.ts";
import { ask, gateway, LOGIN } from "./support/programs.ts";
import { batchOf, call, POINTS } from "./support/samples.ts";

/** The samples of a text without those of the gateway itself. */
async function samples(url: string): Promise<string[]> {
  const text = await ask(`${url}/metrics`);
  return text.split("\n").filter((line) => /^(?:orders|open|load|times)/.test(line));
}

describe("a Pushgateway", () => {
  it("has what was put, and only that", async (context) => {
    const url = await gateway(context);
    const reporter = open({ url, basicAuth: LOGIN, job: "nightly/1", removeAtEnd: true });
    expect(await reporter.report(batchOf({ points: POINTS }), call())).toEqual({ rejected: 0 });
    const target = 'instance="h1",job="nightly/1"';
    expect((await samples(url)).sort()).toEqual(
      [
        `load{app="shop",${target},process="web"} 0.25`,
        `open{app="shop",${target},process="web"} -3`,
        `orders_total{app="shop",exported_process="mine",${target},paid="true",process="web",ratio="0.5",status="200"} 41.5`,
        `orders_total{app="shop",index="1",${target},process="api"} 2`,
        `times_seconds_bucket{app="shop",${target},process="web",le="+Inf"} 3`,
        `times_seconds_bucket{app="shop",${target},process="web",le="0.01"} 1`,
        `times_seconds_bucket{app="shop",${target},process="web",le="0.1"} 2`,
        `times_seconds_count{app="shop",${target},process="web"} 3`,
        `times_seconds_sum{app="shop",${target},process="web"} 0.8155`,
      ].sort(),
    );
    // The later value of a series, and nothing of what was there before.
    const [, , point] = POINTS;
    const points = [point, { ...point, value: 7 }] as typeof POINTS;
    expect(await reporter.report(batchOf({ points }), call())).toEqual({ rejected: 0 });
    expect(await samples(url)).toEqual([`open{app="shop",${target},process="web"} 7`]);
    // Nothing to say is no reason to delete.
    expect(await reporter.report(batchOf({}), call())).toEqual({ rejected: 0 });
    expect(await samples(url)).toHaveLength(1);
    await reporter.close?.();
    await reporter.close?.();
    expect(await samples(url)).toEqual([]);
  });

  it("loses nothing to a sample, nor to points that processes tell by themselves", async (context) => {
    const url = await gateway(context);
    const reporter = open({ url, basicAuth: LOGIN, removeAtEnd: true });
    const [, , merged] = POINTS as [Point, Point, Point];
    const value = async (): Promise<string[]> => {
      const text = await ask(`${url}/metrics`);
      return text
        .split("\n")
        .filter((line) => /^(?:open|elpis_reporter_test)\{/.test(line))
        .map((line) => line.replace(/,?(?:app|instance|job|process)="\w+"/g, "").replace("{,", "{"))
        .sort();
    };
    const told = (index: number, value: number): Point => ({
      ...(merged as GaugePoint),
      ...{ value, source: { app: "shop", name: "web", index, epoch: 1 } },
    });
    const report = (points: readonly Point[], more: Partial<Batch> = {}): unknown =>
      reporter.report(batchOf({ points, ...more }), call());
    await report([merged]);
    const sample = { ...merged, ...{ kind: "gauge", name: "elpis.reporter.test", value: 1 } };
    expect(await report([sample as Point])).toEqual({ rejected: 0 });
    expect(await value()).toEqual(["elpis_reporter_test{} 1", "open{} -3"]);
    await report([told(0, 5)]);
    await report([told(1, 6)]);
    expect(await value()).toEqual(['open{index="0"} 5', 'open{index="1"} 6', "open{} -3"]);
    await report([{ ...(merged as GaugePoint), value: 9 }]);
    await report([told(1, 7)]);
    expect(await value()).toEqual(['open{index="0"} 5', 'open{index="1"} 7', "open{} 9"]);
    // Nobody tells of them any longer.
    await report([merged], { time: batchOf({}).time + 600_001 });
    expect(await value()).toEqual(["open{} -3"]);
    await reporter.close?.();
    expect(await value()).toEqual([]);
  });

  it("is cleaned up after a request of which nobody knows whether it was taken", async () => {
    const server = await httpServer();
    onTestFinished(() => server.close());
    const reporter = open({ url: server.url, removeAtEnd: true });
    server.answers.push((response) => response.destroy());
    await expect(reporter.report(batchOf({ points: POINTS }), call())).rejects.toThrow();
    await reporter.close?.();
    expect(server.got.map(({ method }) => method)).toEqual(["PUT", "DELETE"]);
    // A gateway that is silent does not hold up the end longer than the host waits.
    await reporter.report(batchOf({ points: POINTS }), call());
    server.answers.push(() => {});
    const startedAt = performance.now();
    await reporter.close?.();
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it("keeps groups apart, whatever they are called", async (context) => {
    const url = await gateway(context);
    const values = ["..", "a/b", "ä ö?#%", "plain"];
    for (const shard of values) {
      const reporter = open({ url, basicAuth: LOGIN, grouping: { shard } });
      const points = POINTS.slice(2, 3).map((one) => ({ ...one, tags: { shard: "mine" } }));
      await reporter.report(batchOf({ points }), call());
      await reporter.close?.();
    }
    const lines = await samples(url);
    expect(lines).toHaveLength(values.length);
    for (const shard of values) {
      expect(lines.join("\n")).toContain(
        `exported_shard="mine",instance="h1",job="shop",process="web",shard="${shard}"`,
      );
    }
  });

  it("says why it takes nothing", async (context) => {
    const url = await gateway(context);
    const reporter = open({ url, basicAuth: { ...LOGIN, password: "wrong-password" } });
    const report = reporter.report(batchOf({ points: POINTS }), call());
    await expect(report).rejects.toBeInstanceOf(Reject);
  });
});

describe("the address of a group", () => {
  const url = (value: string): string =>
    groupUrl(new URL("http://a.example:9091/base/?x=1"), "nightly", { job: "no", shard: value })
      .href;

  it("has what is no plain text in base64", () => {
    expect(url("a-1.b")).toBe("http://a.example:9091/base/metrics/job/nightly/shard/a-1.b?x=1");
    expect(url("a/b")).toBe("http://a.example:9091/base/metrics/job/nightly/shard@base64/YS9i?x=1");
    expect(url("..")).toContain("shard@base64/Li4");
  });
});
