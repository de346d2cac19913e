import { createServer as createHttp } from "node:http";
import { createServer } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Batch, Point, Report, Reporter } from "@elpis/api";
import { waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFalcon } from "../src/index.ts";
import type { OpenFalconOptions } from "../src/options.ts";
import { type FalconServer, startAgent, startRpc, startTransfer } from "./falcon/servers.ts";
import { Store } from "./falcon/store.ts";
import { batchOf, call, context, counter, gauge, histogram, T0, upDown } from "./points.ts";

interface Door {
  readonly server: FalconServer;
  readonly store: Store;
  readonly reporter: Reporter;
}

type Kind = "agent" | "transfer" | "rpc";
const KINDS: Kind[] = ["agent", "transfer", "rpc"];
const START = { agent: startAgent, transfer: startTransfer, rpc: startRpc };

function addressOf(kind: Kind, port: number): OpenFalconOptions {
  if (kind === "agent") return { agent: `http://127.0.0.1:${port}/v1/push` };
  if (kind === "transfer") return { transfer: `http://127.0.0.1:${port}/api/push` };
  return { transfer: `tcp://127.0.0.1:${port}` };
}

async function open(kind: Kind, more: OpenFalconOptions = {}): Promise<Door> {
  const store = new Store();
  const server = await START[kind](store);
  const options = { ...addressOf(kind, server.port), ...more };
  return { server, store, reporter: await openFalcon.definition.open(options, context()) };
}

const send = (reporter: Reporter, batch: Batch): Promise<Report | undefined> =>
  reporter.report(batch, call()) as Promise<Report | undefined>;

/** One of each kind, and what is hard to send. */
const NASTY: Point[] = [
  counter({ value: 41.7 }),
  gauge({ name: "load", value: 0.25 }),
  upDown({ name: "queue", value: -7 }),
  histogram([0, 1, 2, 3, 400], { name: "took" }),
  counter({ name: "hello world", tags: { path: "a,b c=d", 城市: "北京", "k=/": "😀" } }),
  counter({ name: `long${".part".repeat(60)}`, tags: { value: "v".repeat(500) } }),
  histogram([5], { name: "h".repeat(300), tags: { value: "名".repeat(300) } }),
  gauge({ name: "kernel.hostname", tags: { endpoint: "other", app: "own" } }),
  gauge({ name: "tiny", value: 5e-324 }),
  gauge({ name: "low", value: -1e299, tags: { quoted: `"it's" > \t\r\n\u001A\u00A0` } }),
];
const NASTY_ITEMS = 24;

describe.each(KINDS)("a server by the rules of Open-Falcon: %s", (kind) => {
  it("keeps and finds every item of every kind", async () => {
    const { reporter, store } = await open(kind, { endpoint: "web-1" });
    expect(await send(reporter, batchOf(NASTY))).toBeUndefined();
    expect(store.lost).toEqual([]);
    expect(store.series.size).toBe(NASTY_ITEMS);
    const [point] = store.series.get("web-1/orders/app=shop,process=web") ?? [];
    expect(point).toEqual({ timestamp: T0 / 1000, value: 41, type: "COUNTER", step: 60 });
    expect(store.values("web-1/took.count/app=shop,process=web")).toEqual([5]);
    expect(store.values("web-1/took.max/app=shop,process=web")).toEqual([400]);
  });

  it("gets one point for each step", async () => {
    const { reporter, store } = await open(kind);
    const name = "shop-01/orders/app=shop,process=web";
    for (let step = 0; step < 5; step++) {
      const time = T0 + step * 60_000 + 3;
      const points = [
        counter({ time, value: step }),
        histogram([step + 1, 1], { time, name: "took" }),
      ];
      expect(await send(reporter, batchOf(points, time))).toBeUndefined();
    }
    expect(store.values(name)).toEqual([0, 1, 2, 3, 4]);
    expect(store.series.get(name)?.map(({ timestamp }) => timestamp - T0 / 1000)).toEqual([
      ...[0, 60, 120, 180, 240],
    ]);
    expect(store.lost).toEqual([]);
  });

  it("never gets two points of a series in one step, nor an older one", async () => {
    const { reporter, store } = await open(kind);
    await send(reporter, batchOf([counter({ time: T0 + 60_000, value: 1 })]));
    const same = await send(
      reporter,
      batchOf([counter({ time: T0 + 119_000, value: 2 }), gauge({ name: "g" })]),
    );
    expect(same).toMatchObject({
      rejected: 1,
      reason: expect.stringContaining("in this step already"),
    });
    const older = await send(reporter, batchOf([counter({ time: T0 + 1, value: 3 })]));
    expect(older).toMatchObject({ rejected: 1, reason: expect.stringContaining("later point") });
    const twice = [120_000, 120_001].map((ms) => gauge({ name: "twice", time: T0 + ms }));
    expect(await send(reporter, batchOf(twice))).toMatchObject({ rejected: 1 });
    expect(store.values("shop-01/g/app=shop,process=web")).toEqual([0.5]);
    expect(store.lost).toEqual([]);
  });

  it("gets what a process goes on with that has started again", async () => {
    const { reporter, store } = await open(kind);
    for (let epoch = 0; epoch < 3; epoch++) {
      const time = T0 + epoch * 60_000;
      const source = { app: "shop", name: "web", index: 0, epoch };
      expect(
        await send(reporter, batchOf([counter({ time, start: time - 1, source, value: epoch })])),
      ).toBeUndefined();
    }
    expect(store.values("shop-01/orders/app=shop,index=0,process=web")).toEqual([0, 1, 2]);
  });

  it("takes a sample twice in a step", async () => {
    const { reporter, store } = await open(kind);
    const sample = gauge({ name: "elpis.reporter.test", value: 1 });
    for (let no = 0; no < 2; no++) {
      expect(await send(reporter, batchOf([sample]))).toBeUndefined();
    }
    expect(store.pushes).toBe(2);
  });

  it("gets quantiles of each step, also of a histogram that loses an item", async () => {
    const { reporter, store } = await open(kind);
    const start = T0 - 1000;
    const values = [5, 5, 5];
    for (let step = 0; step < 3; step++) {
      const time = T0 + step * 60_000;
      values.push(10 ** step * 10);
      const points = [
        counter({ name: "took.count", time }),
        histogram(values, { name: "took", start, time }),
      ];
      expect(await send(reporter, batchOf(points, time))).toMatchObject({ rejected: 1 });
    }
    // Of the third step alone, whose only value it is.
    expect(store.values("shop-01/took.min/app=shop,process=web").at(-1)).toBe(1000);
  });

  it("never gets a point from the future", async () => {
    const { reporter, store } = await open(kind);
    const time = Date.now() + 3_600_000;
    expect(await send(reporter, batchOf([gauge({ time })], time))).toBeUndefined();
    expect(store.lost).toEqual([]);
    const [points] = [...store.series.values()];
    expect((points?.[0]?.timestamp ?? Number.NaN) * 1000).toBeLessThanOrEqual(Date.now());
  });

  it("gets a point in its step, also when one clock is a little ahead", async () => {
    const { reporter, store } = await open(kind, { stepSeconds: 30 });
    const time = Date.now() + 150;
    const began = performance.now();
    expect(await send(reporter, batchOf([gauge({ time })], time))).toBeUndefined();
    expect(performance.now() - began).toBeGreaterThan(140);
    expect(store.lost).toEqual([]);
    const [points] = [...store.series.values()];
    expect(points?.[0]?.timestamp).toBe(Math.floor(time / 30_000) * 30);
  });

  it("counts what cannot be sent, and sends the rest", async () => {
    const { reporter, store } = await open(kind);
    const points = [
      gauge({ name: "good" }),
      gauge({ name: "nan", value: Number.NaN }),
      counter({ name: "below", value: -1 }),
      counter({ name: "delta", temporality: "delta" }),
      counter({ name: "huge", value: 1e20 }),
      histogram([1], { name: "same" }),
      counter({ name: "same.count" }),
    ];
    const report = await send(reporter, batchOf(points));
    expect(report?.rejected).toBe(5);
    expect(report?.reason).toContain("another series has the same name");
    expect(store.lost).toEqual([]);
    expect(store.values("shop-01/good/app=shop,process=web")).toEqual([0.5]);
  });

  it("is not asked when there is nothing to send", async () => {
    const { reporter, server } = await open(kind);
    expect(await send(reporter, batchOf([]))).toBeUndefined();
    expect(await send(reporter, batchOf([gauge({ value: Number.NaN })]))).toMatchObject({
      rejected: 1,
    });
    expect(server.requests).toBe(0);
  });

  it("is given up after three seconds, and not asked again for the same step", async () => {
    const { reporter, server, store } = await open(kind);
    server.manners.silent = true;
    const batch = batchOf([counter()]);
    const began = performance.now();
    const collecting = setInterval(collectGarbage, 200);
    onTestFinished(() => clearInterval(collecting));
    await expect(send(reporter, batch)).rejects.toMatchObject({
      name: "TimeoutError",
      message: expect.stringContaining("no answer in time"),
    });
    expect(performance.now() - began).toBeGreaterThan(2900);
    expect(performance.now() - began).toBeLessThan(5000);
    server.manners.silent = false;
    const { pushes } = store;
    expect(await send(reporter, batch)).toMatchObject({ rejected: 1 });
    expect(store.pushes).toBe(pushes);
  });

  it("is let go of when the call is aborted", async () => {
    const { reporter, server } = await open(kind);
    await expect(
      reporter.report(batchOf([counter()]), call(AbortSignal.abort())),
    ).rejects.toThrow();
    expect(server.requests).toBe(0);
    server.manners.silent = true;
    const abort = new AbortController();
    const report = reporter.report(batchOf([counter({ name: "other" })]), call(abort.signal));
    const began = performance.now();
    abort.abort();
    await expect(report).rejects.toMatchObject({ name: "TimeoutError" });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it("is tried again when nobody listens, with the same points", async () => {
    const { reporter, store } = await open(kind, addressOf(kind, await closedPort()));
    const batch = batchOf([counter()]);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(send(reporter, batch)).rejects.toMatchObject({
        code: "ECONNREFUSED",
        message: "the server cannot be reached: ECONNREFUSED",
      });
    }
    expect(store.pushes).toBe(0);
  });

  it("wants totals at whole multiples of the step", async () => {
    const { reporter } = await open(kind, { stepSeconds: 30 });
    expect(reporter.wants).toMatchObject({
      signals: ["metrics"],
      temporality: "cumulative",
      intervalMs: 30_000,
      aligned: true,
      retry: "refused",
    });
    await reporter.close?.();
    await reporter.close?.();
  });
});

describe("what a server says", () => {
  it("is believed when a transfer counts invalid items", async () => {
    for (const kind of ["transfer", "rpc"] as const) {
      const { reporter, server } = await open(kind);
      const data = { Message: "ok", Total: 2, Invalid: 1, Latency: 0 };
      server.manners.body = JSON.stringify(
        kind === "rpc" ? { id: 1, result: data, error: null } : { data },
      );
      const report = await send(reporter, batchOf([counter(), gauge({ name: "g" })]));
      expect(report).toEqual({ rejected: 1, reason: "the transfer calls 1 items invalid" });
    }
  });

  it("is asked for again where it means: later", async () => {
    for (const kind of ["agent", "transfer"] as const) {
      const { reporter, server, store } = await open(kind);
      const batch = batchOf([counter()]);
      server.manners.status = 503;
      await expect(send(reporter, batch)).rejects.toMatchObject({
        code: "ELPIS_REPORTER_RETRY_LATER",
      });
      delete server.manners.status;
      expect(await send(reporter, batch)).toBeUndefined();
      expect(store.series.size).toBe(1);
    }
  });

  it.each<[Kind, string]>([
    ["agent", "<!DOCTYPE html><html></html>"],
    ["transfer", "success"],
    ["transfer", "{}"],
    ["rpc", "not JSON"],
    ["rpc", "null"],
    ["rpc", JSON.stringify({ id: 9, result: { Total: 1, Invalid: 0 }, error: null })],
    ["rpc", JSON.stringify({ id: 1, result: null, error: "rpc: can't find service" })],
  ])("is no success when it is somebody else's answer: %s %s", async (kind, body) => {
    const { reporter, server } = await open(kind);
    server.manners.body = body;
    await expect(send(reporter, batchOf([counter()]))).rejects.toMatchObject({
      code: "ELPIS_REPORTER_REJECTED",
    });
  });

  it("is not waited for when it comes in drops, nor kept when it is endless", async () => {
    for (const kind of ["agent", "transfer"] as const) {
      const dripping = createHttp((_, response) => {
        response.writeHead(200).write("{");
        const drip = setInterval(() => response.write(" "), 50);
        response.on("close", () => clearInterval(drip));
      }).listen(0);
      const endless = createHttp((_, response) => {
        const more = (): void => {
          while (response.write(" ".repeat(65_536)));
        };
        response.writeHead(200).on("drain", more);
        more();
      }).listen(0);
      const portOf = (server: typeof endless): number =>
        (server.address() as { port: number }).port;
      const first = await open(kind, addressOf(kind, portOf(dripping)));
      const began = performance.now();
      expect(await send(first.reporter, batchOf([counter()]))).toBeUndefined();
      expect(performance.now() - began).toBeLessThan(2500);
      const second = await open(kind, addressOf(kind, portOf(endless)));
      await Promise.resolve(send(second.reporter, batchOf([counter()]))).catch(() => {});
      for (const server of [dripping, endless]) {
        const connections = (): Promise<number> =>
          new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
        await waitFor(async () => (await connections()) === 0, { what: "the connection to end" });
        server.close();
      }
    }
  });

  it("is no success when it closes the connection", async () => {
    const closing = createServer((socket) => socket.on("error", () => {}).destroy()).listen(0);
    const { port } = closing.address() as { port: number };
    for (const kind of KINDS) {
      const { reporter } = await open(kind, addressOf(kind, port));
      await expect(send(reporter, batchOf([counter()]))).rejects.toMatchObject({
        code: "ELPIS_REPORTER_RETRY_LATER",
      });
      // A batch that the server cannot bear does not stand in the way for ever.
      const last = reporter.report(batchOf([counter()]), { ...call(), attempt: 10 });
      await expect(last).rejects.toMatchObject({ code: "ELPIS_REPORTER_REJECTED" });
    }
    closing.close();
  });
});

describe("a password in the address", () => {
  const PASSWORD = "hunter2%40";

  it("reaches the server in a header", async () => {
    const { server } = await open("agent");
    const agent = `http://me:${PASSWORD}@127.0.0.1:${server.port}/v1/push`;
    const reporter = await openFalcon.definition.open({ agent }, context());
    await reporter.report(batchOf([counter()]), call());
    expect(server.last.authorization).toBe(
      `Basic ${Buffer.from("me:hunter2@").toString("base64")}`,
    );
  });

  it("is in no error", async () => {
    const port = await closedPort();
    for (const address of [
      `http://me:${PASSWORD}@127.0.0.1:${port}/`,
      `http://me:${PASSWORD}@nowhere.invalid/`,
    ]) {
      const reporter = await openFalcon.definition.open({ agent: address }, context());
      const error = await Promise.resolve(reporter.report(batchOf([counter()]), call())).catch(
        (one) => one,
      );
      const said = JSON.stringify({
        ...error,
        message: error.message,
        stack: error.stack,
        cause: String(error.cause),
      });
      expect(said).toContain("cannot be");
      expect(said).not.toContain("hunter2");
    }
  });
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await waitFor(() => server.address(), { what: "a port" });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
