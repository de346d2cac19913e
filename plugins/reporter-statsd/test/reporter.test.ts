import { createSocket } from "node:dgram";
import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { formatIssue, type Report, type Reporter, type ReporterContext } from "@elpis/api";
import { waitFor } from "@elpis/testing";
import { describe, expect, it } from "vitest";
import { HostLookup } from "../src/host-lookup.ts";
import { statsd } from "../src/index.ts";
import { type StatsdOptions, schema } from "../src/options.ts";
import { sendPackets } from "../src/send.ts";
import { batchOf, call, counter, gauge, histogram, T0, upDown } from "./points.ts";
import { startServer } from "./server.ts";

const open = async (options: StatsdOptions): Promise<Reporter> =>
  statsd.definition.open(options, {} as ReporterContext);
const send = (reporter: Reporter, batch: ReturnType<typeof batchOf>): Promise<Report | undefined> =>
  reporter.report(batch, call()) as Promise<Report | undefined>;

describe("statsd", () => {
  it("sends every kind to a server that reads strictly", async () => {
    const server = await startServer("statsd");
    const reporter = await open({ port: server.port });
    const points = [
      counter(),
      gauge({ name: "load" }),
      upDown({ name: "queue" }),
      histogram([1, 3], { name: "took" }),
    ];
    expect(await send(reporter, batchOf(points))).toBeUndefined();
    expect(await send(reporter, batchOf(points))).toBeUndefined();
    await waitFor(() => server.packets.length === 2, { what: "both packets" });
    expect(server.bad).toEqual([]);
    expect(Object.fromEntries(server.counters)).toEqual({
      "shop.web.orders": 24,
      "shop.web.took.count": 4,
    });
    expect(Object.fromEntries(server.gauges)).toMatchObject({
      "shop.web.load": 0.5,
      "shop.web.queue": -3,
      "shop.web.took.p99": 3,
    });
  });

  it("sends tags and events to DogStatsD, by the name of a host", async () => {
    const server = await startServer("dogstatsd");
    const reporter = await open({
      host: "localhost",
      port: server.port,
      dialect: "dogstatsd",
      prefix: "el",
    });
    const event = { name: "deployed", time: T0, tags: { version: "1.2" }, source: { app: "shop" } };
    expect(
      await send(reporter, batchOf([gauge({ value: -5, tags: { k: "v" } })], [event])),
    ).toBeUndefined();
    await waitFor(() => server.packets.length === 1, { what: "the packet" });
    expect(server.bad).toEqual([]);
    expect([...server.gauges]).toEqual([["el.orders#app:shop,process:web,k:v", -5]]);
    expect(server.events).toEqual([
      `_e{8,11}:deployed|version=1.2|d:${T0 / 1000}|#app:shop,version:1.2`,
    ]);
    expect(reporter.wants.signals).toEqual(["metrics", "events"]);
  });

  it("sends what was given to the resource as tags to DogStatsD", async () => {
    const server = await startServer("dogstatsd");
    const reporter = await open({ port: server.port, dialect: "dogstatsd" });
    const resource = {
      ...{ "service.name": "shop", "host.name": "h", "service.instance.id": "h/shop" },
      "deployment.environment.name": "production",
    };
    const event = { name: "deployed", time: T0, tags: {}, source: { app: "shop" } };
    const batch = { ...batchOf([counter({ tags: { k: "v" } })], [event]), resource };
    expect(await send(reporter, batch)).toBeUndefined();
    await waitFor(() => server.packets.length === 1, { what: "the packet" });
    expect(server.bad).toEqual([]);
    expect([...server.counters.keys()]).toEqual([
      "orders#app:shop,process:web,deployment.environment.name:production,k:v",
    ]);
    expect(server.events[0]).toContain("|#app:shop,deployment.environment.name:production");
  });

  it("asks for the address of a host once, while nobody answers", async () => {
    let answer = (_: LookupAddress): void => {};
    let asked = 0;
    const lookup = new HostLookup("silent.example", () => {
      asked += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const packets = [{ text: "a:1|c", points: new Set([0]) }];
    for (let call = 0; call < 3; call++) {
      const over = new AbortController();
      const sent = sendPackets({ lookup, port: 1 }, packets, over.signal);
      over.abort();
      await expect(sent).rejects.toMatchObject({ name: "AbortError" });
    }
    expect(asked).toBe(1);
    const found = lookup.find();
    answer({ address: "127.0.0.1", family: 4 });
    await found;
    void lookup.find();
    expect(asked).toBe(2);
  });

  it("spreads thousands of values over small packets and some time, so that none is lost", async () => {
    const server = await startServer("statsd");
    const reporter = await open({ port: server.port });
    const points = Array.from({ length: 1000 }, (_, at) =>
      histogram([at + 1], { name: `took.${at}` }),
    );
    const began = performance.now();
    expect(await send(reporter, batchOf(points))).toBeUndefined();
    const tookMs = performance.now() - began;
    await waitFor(() => server.counters.size === 1000 && server.gauges.size === 8000, {
      what: "all",
    });
    expect(server.bad).toEqual([]);
    expect(server.packets.length).toBeGreaterThan(150);
    // Ten packets each ten milliseconds.
    expect(tookMs).toBeGreaterThan(server.packets.length * 0.9);
    expect(tookMs).toBeLessThan(10_000);
  });

  it("does nothing for an empty batch", async () => {
    const server = await startServer("statsd");
    const reporter = await open({ port: server.port });
    expect(await send(reporter, batchOf([]))).toBeUndefined();
    expect(await send(reporter, batchOf([gauge({ value: Number.NaN })]))).toMatchObject({
      rejected: 1,
    });
    expect(await send(reporter, batchOf([gauge()]))).toBeUndefined();
    await waitFor(() => server.packets.length === 1, { what: "the one packet" });
  });

  it("keeps a batch for later when nobody listens", async () => {
    const reporter = await open({ port: await closedPort() });
    await expect(send(reporter, batchOf([counter()]))).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
      message: "nobody takes packets there: ECONNREFUSED",
    });
  });

  it("keeps a batch for later when the host is not known", async () => {
    const reporter = await open({ host: "nowhere.invalid" });
    await expect(send(reporter, batchOf([counter()]))).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
  });

  it("counts what is left when the server goes away in the middle", async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const reporter = await open({ port: socket.address().port });
    const points = Array.from({ length: 3000 }, (_, at) => counter({ name: `orders.${at}` }));
    const report = send(reporter, batchOf(points));
    await once(socket, "message");
    socket.close();
    const { rejected = 0, reason } = (await report) ?? {};
    expect(reason).toContain("ECONNREFUSED");
    expect(rejected).toBeGreaterThan(0);
    expect(rejected).toBeLessThan(points.length);
  });

  it("stops when the call is aborted, before and in the middle", async () => {
    const server = await startServer("statsd");
    const reporter = await open({ port: server.port });
    const aborted = reporter.report(batchOf([counter()]), call(AbortSignal.abort()));
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    const abort = new AbortController();
    const points = Array.from({ length: 20_000 }, (_, at) => counter({ name: `orders.${at}` }));
    const report = reporter.report(batchOf(points), call(abort.signal));
    await waitFor(() => server.packets.length > 0, { what: "a packet" });
    abort.abort();
    await expect(report).rejects.toMatchObject({ name: "AbortError" });
    expect(server.counters.size).toBeLessThan(points.length);
  });

  it("may be closed twice, and leaves nothing open", async () => {
    const server = await startServer("statsd");
    const reporter = await open({ port: server.port });
    await send(reporter, batchOf([counter()]));
    await reporter.close?.();
    await reporter.close?.();
    const kinds = (): number =>
      process.getActiveResourcesInfo().filter((one) => one === "UDPWrap").length;
    // That of the server is still there.
    await waitFor(() => kinds() === 1, { what: "the socket to be closed" });
  });
});

describe("options of statsd", () => {
  it.each([{}, { host: "::1", port: 1, dialect: "dogstatsd", prefix: "a.b-c" }])(
    "takes %j",
    async (options) => {
      expect(await schema["~standard"].validate(options)).toEqual({ value: options });
    },
  );

  it.each<[object, string]>([
    [{ host: "" }, "options.host"],
    [{ host: "http://a" }, "options.host"],
    [{ port: 0 }, "options.port"],
    [{ port: 65_536 }, "options.port"],
    [{ dialect: "etsy" }, "options.dialect"],
    [{ prefix: "a b" }, "options.prefix"],
    [{ prefix: "a." }, "options.prefix"],
    [{ tags: {} }, "options.tags: unknown key"],
  ])("refuses %j", async (options, expected) => {
    const { issues = [] } = await schema["~standard"].validate(options);
    expect(issues.map((issue) => formatIssue(issue)).join()).toContain(expected);
  });

  it("does not repeat a host, which may be an address with a password", async () => {
    const { issues = [] } = await schema["~standard"].validate({ host: "udp://me:hunter2@host" });
    expect(JSON.stringify(issues)).not.toContain("hunter2");
    expect(issues).toHaveLength(1);
  });
});

async function closedPort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
