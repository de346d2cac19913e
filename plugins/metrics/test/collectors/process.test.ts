import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { createStore, type HistogramPoint, type Point } from "@elpis/telemetry";
import { waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { CATALOG, Catalog } from "../../src/catalog/catalog.ts";
import type { Collector, Sample } from "../../src/collectors/collector.ts";
import { COLLECTOR_NAMES } from "../../src/collectors/names.ts";
import { resourceSamples } from "../../src/collectors/process/resources.ts";
import { MetricsRegistry } from "../../src/front/registry.ts";
import { measure } from "../../src/process/collect.ts";
import { install, Kit } from "../../src/process/kit.ts";

interface Measured {
  readonly points: (...names: string[]) => Promise<readonly Point[]>;
  readonly registry: MetricsRegistry;
}

async function begin(isForSystem = false): Promise<Measured> {
  const problems: Error[] = [];
  const store = createStore({ onProblem: (error) => problems.push(error) });
  const registry = new MetricsRegistry({ store, tags: {} });
  const options = {};
  onTestFinished(
    await measure({ registry, options, isForSystem, hub: undefined, supervision: undefined }),
  );
  return {
    registry,
    points: async (...names) => {
      await store.observe();
      expect(problems).toEqual([]);
      return store.readPoints(names.length > 0 ? { names } : undefined);
    },
  };
}

async function serve(handler: http.RequestListener): Promise<number> {
  const server = http.createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.closeAllConnections());
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("the catalog", () => {
  it("has every name once, and knows all that is measured here", async () => {
    const names = CATALOG.flatMap(({ entries }) => entries.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
    const { points } = await begin(true);
    const catalog = new Catalog();
    for (const { name, unit, kind, group } of await points()) {
      expect(catalog.find(name), name).toMatchObject({ unit, kind, group });
    }
  });

  it("knows every collector by name", () => {
    expect(new Set(COLLECTOR_NAMES).size).toBe(18);
  });
});

describe("what is measured of a process", () => {
  it("is there from the second read on", async () => {
    const { points } = await begin();
    // Something to do, so that rates are not those of no time at all.
    const until = process.cpuUsage().user + 5000;
    while (process.cpuUsage().user < until);
    await points();
    const found = new Map((await points()).map((point) => [point.name, point]));
    const value = (name: string): number =>
      (found.get(name) as { value?: number })?.value ?? Number.NaN;
    expect(value("process.memory.usage")).toBeGreaterThan(1e6);
    expect(value("process.cpu.utilization")).toBeGreaterThan(0);
    expect(value("process.uptime")).toBeGreaterThan(0);
    expect(value("node.v8.old_space.space_size")).toBeGreaterThan(0);
    expect(value("node.v8.heap_size_limit")).toBeGreaterThan(0);
    expect(value("nodejs.eventloop.utilization")).toBeLessThanOrEqual(1);
    if (process.platform === "linux")
      expect(value("process.open_file_descriptors")).toBeGreaterThan(2);
  });

  it("knows garbage collections by kind", async () => {
    const { points } = await begin();
    let kept: unknown[] = [];
    const minor = await waitFor(
      async () => {
        for (let at = 0; at < 1e5; at++) kept.push({ at });
        kept = [];
        const all = await points("v8js.gc.duration");
        return all.find(({ tags }) => tags["v8js.gc.type"] === "minor") as
          | HistogramPoint
          | undefined;
      },
      { what: "a collection" },
    );
    expect(minor.count).toBeGreaterThan(0);
    expect(minor.max).toBeLessThan(5);
  });

  it("tells requests to the system from handles", () => {
    const types = ["TCPSocketWrap", "Timeout", "FSReqCallback", "GetAddrInfoReqWrap", "Timeout"];
    const samples = resourceSamples(types);
    expect(samples.slice(0, 2)).toEqual([
      ["nodejs.active.requests", 2],
      ["nodejs.active.handles", 3],
    ]);
    expect(samples).toContainEqual(["nodejs.active.resources", 2, { type: "Timeout" }]);
  });
});

describe("HTTP", () => {
  it("is measured where it is served and where it is asked, by status", async () => {
    const { points, registry } = await begin();
    const port = await serve((request, response) => {
      response.statusCode = Number(request.url?.slice(1));
      response.end("hi");
    });
    for (const status of [200, 204, 404, 500]) {
      await (await fetch(`http://127.0.0.1:${port}/${status}`)).text();
    }
    const name = "http.server.request.duration";
    const served = await waitFor(
      async () => {
        const found = (await points(name)) as HistogramPoint[];
        return found.length === 4 && found;
      },
      { what: "four outcomes" },
    );
    expect(served.map(({ tags, count }) => [tags["http.response.status_code"], count])).toEqual([
      [200, 1],
      [204, 1],
      [404, 1],
      [500, 1],
    ]);
    const classes = await points("http.server.responses");
    expect(classes.map((point) => [point.tags.class, (point as { value: number }).value])).toEqual([
      ["2xx", 2],
      ["4xx", 1],
      ["5xx", 1],
    ]);
    expect(registry.getFastCompass("http", "middleware.http.request").getCount("success")).toBe(2);
    expect(registry.getFastCompass("http", "middleware.http.request").getCount("error")).toBe(2);
    expect(await points("http.server.active_requests")).toMatchObject([{ value: 0 }]);
    const asked = (await points("http.client.request.duration")) as HistogramPoint[];
    expect(
      asked.map(({ tags }) => [tags["server.address"], tags["http.response.status_code"]]),
    ).toEqual([200, 204, 404, 500].map((status) => ["127.0.0.1", status]));
  });

  it("counts who did not wait as aborted, and nobody as open after it", async () => {
    const { points } = await begin();
    const port = await serve(() => {});
    const request = http.get({ port, host: "127.0.0.1", agent: false }).on("error", () => {});
    const open = async (): Promise<number> =>
      ((await points("http.server.active_requests"))[0] as { value?: number })?.value ?? 0;
    await waitFor(async () => (await open()) === 1, { what: "a request" });
    request.destroy();
    await waitFor(async () => (await open()) === 0, { what: "its end" });
    expect(await points("http.server.responses")).toMatchObject([
      { tags: { class: "aborted" }, value: 1 },
    ]);
    expect(await points("http.client.active_requests")).toMatchObject([{ value: 0 }]);
  });

  it("has one series for all methods that are none", async () => {
    const { points } = await begin();
    const port = await serve((_, response) => response.end());
    for (const method of ["PURGE", "LOCK", "MKCOL"]) {
      const request = http.request({ port, host: "127.0.0.1", method, agent: false }).end();
      const [answer] = (await once(request, "response")) as [http.IncomingMessage];
      answer.resume();
      await once(answer, "end");
    }
    const found = await waitFor(
      async () => {
        const all = (await points("http.server.request.duration")) as HistogramPoint[];
        return all[0]?.count === 3 && all;
      },
      { what: "three requests" },
    );
    expect(found).toHaveLength(1);
    expect(found[0]?.tags["http.request.method"]).toBe("_OTHER");
  });
});

describe("a collector", () => {
  it("is asked once at the start, and what comes up later is told from the next time on", async () => {
    const store = createStore();
    const reads: Sample[][] = [
      [["system.load.1min", 1]],
      [
        ["system.load.1min", 2],
        ["system.load.5min", 3],
        ["no.such.name", 4],
      ],
      [
        ["system.load.1min", 5],
        ["system.load.5min", 6],
      ],
    ];
    let isClosed = false;
    const collector: Collector = {
      read: () => reads.shift() ?? [],
      close: () => {
        isClosed = true;
      },
    };
    const off = await install(new Kit(store), collector, "normal");
    const values = async (): Promise<unknown> => {
      await store.observe();
      const points = store.readPoints({ groups: ["system"] });
      return points.map((point) => [point.name, (point as { value: number }).value]);
    };
    expect(await values()).toEqual([["system.load.1min", 2]]);
    expect(await values()).toEqual([
      ["system.load.1min", 5],
      ["system.load.5min", 6],
    ]);
    off();
    expect(isClosed).toBe(true);
  });
});
