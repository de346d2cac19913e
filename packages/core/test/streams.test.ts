import { createServer, connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { type Client, hasCode, type StreamContext } from "@elpis/api";
import { afterEach, describe, expect, test, vi } from "vitest";
import { connect, type Hub } from "../src/index.ts";
import { deferred, joinHub, settled, startHub, tempDir } from "./support/hub-kit.ts";

interface World {
  readonly hub: Hub;
  /** Serves. */
  readonly shop: Client;
  /** Opens. */
  readonly web: Client;
}

async function world(options: Parameters<typeof startHub>[0] = {}): Promise<World> {
  const hub = await startHub(options);
  const shop = await joinHub(hub, "shop");
  const web = await joinHub(hub, "web");
  return { hub, shop, web };
}

/** A number that grows as items are asked for, and whether the generator was closed. */
interface Tally {
  made: number;
  closed: number;
}

async function* count(tally: Tally, to = Number.POSITIVE_INFINITY): AsyncIterable<number> {
  try {
    for (let n = 0; n < to; n++) {
      tally.made++;
      yield n;
    }
  } finally {
    tally.closed++;
  }
}

async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

async function failureOf(stream: AsyncIterable<unknown>): Promise<unknown> {
  try {
    await collect(stream);
  } catch (error) {
    return error;
  }
  return undefined;
}

const closers: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A peer whose connection can be cut from outside, as when its process or the hub's is killed. */
async function joinToBeCut(
  hub: Hub,
  name: string,
): Promise<{ client: Client; cut(forGood?: boolean): void }> {
  const path = join(tempDir(), "way.sock");
  const sockets: Socket[] = [];
  const way = createServer((near) => {
    const far = dial(hub.path);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.pipe(far).pipe(near);
    sockets.push(near, far);
  });
  await new Promise<void>((resolve) => way.listen(path, resolve));
  const client = await connect({ path, secret: hub.secret, location: { name } });
  const cut = (forGood = true): void => {
    if (forGood) way.close();
    for (const socket of sockets.splice(0)) socket.destroy();
  };
  closers.push(() => {
    cut();
    return client.close();
  });
  return { client, cut };
}

/** Every table is empty again. */
async function isIdle({ hub, shop, web }: World): Promise<void> {
  await vi.waitFor(() => {
    for (const client of [shop, web, hub.client]) {
      expect((client as unknown as { openRequests: number }).openRequests).toBe(0);
    }
    expect(hub.stats().openCalls).toBe(0);
  });
}

describe("streams over a hub", () => {
  test("10^5 items arrive in order, then the end", async () => {
    const here = await world();
    const tally = { made: 0, closed: 0 };
    here.shop.serve("numbers", (to: number) => count(tally, to));
    await settled(here.shop);
    let expected = 0;
    for await (const item of here.web.stream("numbers", 100_000)) {
      if (item !== expected++) throw new Error(`${item} instead of ${expected - 1}`);
    }
    expect(expected).toBe(100_000);
    expect(tally).toEqual({ made: 100_000, closed: 1 });
    await isIdle(here);
  });

  test("whatever can be iterated over is served, one end of the hub to the other", async () => {
    const here = await world();
    here.shop.serve("list", () => ["a", "b"]);
    here.shop.serve("map", () => new Map([["k", 1]]));
    here.hub.client.serve("own", function* () {
      yield { deep: [1n, new Date(0)] };
    });
    await settled(here.shop);
    expect(await collect(here.web.stream("list", null))).toEqual(["a", "b"]);
    expect(await collect(here.web.stream("map", null))).toEqual([["k", 1]]);
    expect(await collect(here.hub.client.stream("list", null))).toEqual(["a", "b"]);
    expect(await collect(here.hub.client.stream("own", null))).toEqual([
      { deep: [1n, new Date(0)] },
    ]);
    await isIdle(here);
  });

  test("a slow consumer holds the producer back", async () => {
    const here = await world();
    const tally = { made: 0, closed: 0 };
    here.shop.serve("numbers", () => count(tally));
    await settled(here.shop);
    const stream = here.web.stream("numbers", null, { window: 20 });
    const reader = stream[Symbol.asyncIterator]();
    await vi.waitFor(() => expect(tally.made).toBe(20));
    // Whatever could still come has come.
    await settled(here.shop);
    await settled(here.web);
    expect(tally.made).toBe(20);
    for (let taken = 0; taken < 15; taken++) await reader.next();
    await vi.waitFor(() => expect(tally.made).toBeGreaterThan(20));
    await settled(here.shop);
    expect(tally.made).toBeLessThanOrEqual(20 + 15);
    stream.cancel();
    await isIdle(here);
    expect(tally.closed).toBe(1);
  });

  test("large items are held back by their bytes, and each gets through", async () => {
    const here = await world({ limits: { maxFrameBytes: 4 * 1024 * 1024 } });
    let made = 0;
    here.shop.serve("blobs", function* () {
      for (; made < 12; made++) yield new Uint8Array(made === 5 ? 3_000_000 : 400_000).fill(made);
    });
    await settled(here.shop);
    const stream = here.web.stream("blobs", null);
    await vi.waitFor(() => expect(made).toBe(2));
    await settled(here.shop);
    await settled(here.web);
    // Three of them are more than a megabyte: the third was begun, the fourth must wait.
    expect(made).toBe(2);
    const sizes = (await collect<Uint8Array>(stream)).map((blob) => blob.length);
    expect(sizes).toEqual(Array.from({ length: 12 }, (_, n) => (n === 5 ? 3_000_000 : 400_000)));
    await isIdle(here);
  });

  test("leaving the loop cancels: the generator's finally runs and its signal is aborted", async () => {
    const here = await world();
    const tally = { made: 0, closed: 0 };
    let signal: AbortSignal | undefined;
    here.shop.serve("numbers", (_, context) => {
      signal = context.signal;
      return count(tally);
    });
    await settled(here.shop);
    for await (const item of here.web.stream("numbers", null)) if (item === 3) break;
    await vi.waitFor(() => expect(tally.closed).toBe(1));
    expect(signal?.aborted).toBe(true);
    await isIdle(here);
  });

  test("cancel and an aborted signal end it at once with ELPIS_HUB_CANCELLED", async () => {
    const here = await world();
    const tally = { made: 0, closed: 0 };
    here.shop.serve("numbers", () => count(tally));
    await settled(here.shop);
    const stream = here.web.stream("numbers", null);
    stream.cancel("enough");
    expect(await failureOf(stream)).toMatchObject({ code: "ELPIS_HUB_CANCELLED", cause: "enough" });
    const abort = new AbortController();
    const other = here.web.stream("numbers", null, { signal: abort.signal });
    const failure = failureOf(other);
    await vi.waitFor(() => expect(tally.made).toBeGreaterThan(0));
    abort.abort("late");
    expect(await failure).toMatchObject({ code: "ELPIS_HUB_CANCELLED", cause: "late" });
    const early = here.web.stream("numbers", null, { signal: AbortSignal.abort("early") });
    expect(await failureOf(early)).toMatchObject({ cause: "early" });
    await isIdle(here);
  });

  test("upload: 10^4 items one way, their sum the other", async () => {
    const here = await world();
    here.shop.serve("sum", async function* (_: unknown, { incoming }: StreamContext<number>) {
      let sum = 0;
      for await (const item of incoming) sum += item;
      yield sum;
    });
    await settled(here.shop);
    const stream = here.web.stream("sum", null);
    for (let n = 0; n < 10_000; n++) await stream.send(n);
    stream.end();
    expect(await collect(stream)).toEqual([(10_000 * 9999) / 2]);
    await isIdle(here);
  });

  test("both ways at once; a server that does not read holds `send` back", async () => {
    const here = await world();
    const start = deferred();
    here.shop.serve(
      "echo",
      async function* (_: unknown, { incoming }: StreamContext<number>) {
        await start.promise;
        for await (const item of incoming) yield item * 2;
      },
      { window: 4 },
    );
    await settled(here.shop);
    const stream = here.web.stream("echo", null);
    let sent = 0;
    const upload = (async () => {
      for (let n = 0; n < 100; n++) {
        await stream.send(n);
        sent++;
      }
      stream.end();
    })();
    await settled(here.web);
    // Nobody has asked for anything yet.
    expect(sent).toBe(0);
    start.resolve();
    expect(await collect(stream)).toEqual(Array.from({ length: 100 }, (_, n) => n * 2));
    await upload;
    await isIdle(here);
  });

  test("a server may end without reading, and `send` fails then", async () => {
    const here = await world();
    here.shop.serve("deaf", () => ["only this"]);
    await settled(here.shop);
    const stream = here.web.stream("deaf", null);
    const sent = stream.send("lost");
    expect(await collect(stream)).toEqual(["only this"]);
    await expect(sent).rejects.toMatchObject({ code: "ELPIS_HUB_CANCELLED" });
    await expect(stream.send("later")).rejects.toMatchObject({ code: "ELPIS_HUB_CANCELLED" });
    await isIdle(here);
  });

  test("the error of the server comes behind its items, with its own code", async () => {
    const here = await world();
    here.shop.serve("broken", async function* () {
      yield 1;
      throw Object.assign(new Error("no more"), { code: "SHOP_CLOSED" });
    });
    here.shop.serve("wrong", (() => 5) as never);
    here.shop.serve("throws", () => {
      throw new Error("at once");
    });
    await settled(here.shop);
    const items: unknown[] = [];
    const failure = (async () => {
      for await (const item of here.web.stream("broken", null)) items.push(item);
    })();
    await expect(failure).rejects.toMatchObject({ code: "SHOP_CLOSED", message: "no more" });
    expect(items).toEqual([1]);
    expect(await failureOf(here.web.stream("wrong", null))).toMatchObject({
      code: "ELPIS_HUB_REMOTE",
      message: expect.stringContaining("iterate"),
    });
    expect(await failureOf(here.web.stream("throws", null))).toMatchObject({ message: "at once" });
    await isIdle(here);
  });

  test("what cannot be sent ends the stream, with a typed error on both sides", async () => {
    const here = await world();
    const tally = { made: 0, closed: 0 };
    here.shop.serve("large", async function* () {
      try {
        yield new Uint8Array(2 * 1024 * 1024);
      } finally {
        tally.closed++;
      }
    });
    here.shop.serve("odd", async function* () {
      try {
        yield () => {};
      } finally {
        tally.closed++;
      }
    });
    const uploads: unknown[] = [];
    here.shop.serve("upload", async function* (_: unknown, { incoming }: StreamContext<unknown>) {
      yield "begin";
      try {
        for await (const _item of incoming);
      } catch (error) {
        uploads.push(error);
      }
    });
    await settled(here.shop);
    expect(await failureOf(here.web.stream("large", null))).toMatchObject({
      code: "ELPIS_HUB_TOO_LARGE",
    });
    expect(await failureOf(here.web.stream("odd", null))).toMatchObject({
      code: "ELPIS_HUB_REMOTE",
      details: { remote: { code: "ELPIS_PROTOCOL_NOT_PACKABLE" } },
    });
    await vi.waitFor(() => expect(tally.closed).toBe(2));
    for (const [item, code] of [
      [new Uint8Array(2 * 1024 * 1024), "ELPIS_HUB_TOO_LARGE"],
      [() => {}, "ELPIS_PROTOCOL_NOT_PACKABLE"],
    ]) {
      const stream = here.web.stream("upload", null);
      await expect(stream.send(item)).rejects.toMatchObject({ code });
      expect(await failureOf(stream)).toMatchObject({ code });
    }
    await isIdle(here);
    for (const error of uploads) expect(error).toMatchObject({ code: "ELPIS_HUB_CANCELLED" });
    expect(await failureOf(here.web.stream("large", () => {}))).toMatchObject({
      code: "ELPIS_PROTOCOL_NOT_PACKABLE",
    });
  });

  test("nobody serves it: ELPIS_HUB_NO_RESPONDER, and a request is no stream", async () => {
    const here = await world();
    here.shop.handle("asked", () => 1);
    here.shop.serve("streamed", () => [1]);
    await settled(here.shop);
    expect(await failureOf(here.web.stream("nothing", null))).toMatchObject({
      code: "ELPIS_HUB_NO_RESPONDER",
    });
    expect(await failureOf(here.web.stream("asked", null))).toMatchObject({
      code: "ELPIS_HUB_NO_RESPONDER",
    });
    await expect(here.web.request("streamed", null)).rejects.toMatchObject({
      code: "ELPIS_HUB_NO_RESPONDER",
    });
    expect(() => here.shop.serve("asked", () => [])).toThrow(
      expect.objectContaining({ code: "ELPIS_HUB_DUPLICATE_HANDLER" }),
    );
    await isIdle(here);
  });

  test("a deadline is that of the whole stream", async () => {
    const here = await world();
    const tally = { made: 0, closed: 0 };
    here.shop.serve("slow", async function* (_: unknown, { signal }: StreamContext<unknown>) {
      try {
        yield 1;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      } finally {
        tally.closed++;
      }
    });
    await settled(here.shop);
    expect(await failureOf(here.web.stream("slow", null, { timeoutMs: 50 }))).toMatchObject({
      code: "ELPIS_HUB_DEADLINE",
    });
    await vi.waitFor(() => expect(tally.closed).toBe(1));
    await isIdle(here);
  });

  test("concurrency and queue bound how many run", async () => {
    const here = await world();
    const go = deferred();
    let running = 0;
    let most = 0;
    here.shop.serve(
      "turns",
      async function* () {
        most = Math.max(most, ++running);
        yield 1;
        await go.promise;
        running--;
      },
      { concurrency: 2, queue: 3 },
    );
    await settled(here.shop);
    const streams = Array.from({ length: 7 }, () => here.web.stream("turns", null));
    const results = streams.map(async (stream) => failureOf(stream));
    await settled(here.web);
    // The last of the line is not wanted any more: its place is free.
    (streams[4] as (typeof streams)[0]).cancel();
    go.resolve();
    const codes = (await Promise.all(results)).map((error) => (hasCode(error) ? error.code : "ok"));
    expect(codes.filter((code) => code === "ok")).toHaveLength(4);
    expect(codes.filter((code) => code === "ELPIS_HUB_OVERLOADED")).toHaveLength(2);
    expect(codes[4]).toBe("ELPIS_HUB_CANCELLED");
    expect(most).toBe(2);
    await isIdle(here);
  });

  test("a stream that fails and that nobody reads is no unhandled rejection", async () => {
    const here = await world();
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => {
      unhandled.push(error);
    };
    process.on("unhandledRejection", onUnhandled);
    const stream = here.web.stream("nothing", null);
    void stream.send(1);
    here.web.stream("nothing", () => {});
    await settled(here.web);
    await turn();
    await turn();
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
    expect(await failureOf(stream)).toMatchObject({ code: "ELPIS_HUB_NO_RESPONDER" });
  });

  test("it is read once, and its window is a number", async () => {
    const here = await world();
    here.shop.serve("list", () => [1]);
    await settled(here.shop);
    const stream = here.web.stream("list", null);
    await collect(stream);
    expect(() => stream[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ code: "ELPIS_HUB_BAD_ARGUMENT" }),
    );
    expect(() => here.web.stream("list", null, { window: 0 })).toThrow("window");
    expect(() => here.shop.serve("bad", () => [], { window: 1.5 })).toThrow("window");
  });

  test("the server is gone: the items that came, then ELPIS_HUB_PEER_LOST", async () => {
    const hub = await startHub();
    const { client: shop, cut } = await joinToBeCut(hub, "shop");
    const web = await joinHub(hub, "web");
    const tally = { made: 0, closed: 0 };
    let failure: unknown;
    shop.serve("numbers", () => count(tally));
    shop.serve("upload", async function* (_: unknown, { incoming }: StreamContext<unknown>) {
      yield "ready";
      failure = await failureOf(incoming);
    });
    await settled(shop);
    const stream = web.stream("numbers", null, { window: 10 });
    const upload = web.stream("upload", null);
    const uploaded = upload[Symbol.asyncIterator]();
    await uploaded.next();
    await vi.waitFor(() => expect(tally.made).toBe(10));
    await settled(web);
    cut();
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const item of stream) items.push(item);
    })();
    await expect(reading).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
    expect(items).toHaveLength(10);
    await expect(uploaded.next()).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
    await expect(upload.send(1)).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
    // The one who served knows too, although nobody told it.
    await vi.waitFor(() => expect(tally.closed).toBe(1));
    await vi.waitFor(() => expect(failure).toMatchObject({ code: "ELPIS_HUB_CLOSED" }));
  });

  test("the one who opened it is gone: the generator is closed; its own side fails at once", async () => {
    const hub = await startHub();
    const shop = await joinHub(hub, "shop");
    const { client: web, cut } = await joinToBeCut(hub, "web");
    const tally = { made: 0, closed: 0 };
    shop.serve("numbers", () => count(tally));
    await settled(shop);
    const stream = web.stream("numbers", null, { window: 10 });
    const sent = stream.send(1);
    await vi.waitFor(() => expect(tally.made).toBe(10));
    cut();
    expect(await failureOf(stream)).toMatchObject({ code: "ELPIS_HUB_CLOSED" });
    await expect(sent).rejects.toMatchObject({ code: "ELPIS_HUB_CLOSED" });
    await vi.waitFor(() => expect(tally.closed).toBe(1));
    await vi.waitFor(() => expect(hub.stats().openCalls).toBe(0));
  });

  test("while the hub is away a stream fails, or waits for it when it may", async () => {
    const hub = await startHub();
    const shop = await joinHub(hub, "shop");
    const { client: web, cut } = await joinToBeCut(hub, "web");
    shop.serve("numbers", (to: number) => count({ made: 0, closed: 0 }, to));
    shop.serve("sum", async function* (_: unknown, { incoming }: StreamContext<number>) {
      let sum = 0;
      for await (const item of incoming) sum += item;
      yield sum;
    });
    await settled(shop);
    const lost = deferred();
    web.onConnection(({ type }) => {
      if (type === "lost") lost.resolve();
    });
    cut(false);
    await lost.promise;
    expect(web.connected).toBe(false);
    const failing = web.stream("numbers", 3);
    const waiting = web.stream("numbers", 3, { absent: "wait" });
    const bounded = web.stream("numbers", 2, { absent: "wait", timeoutMs: 60_000 });
    const unwanted = web.stream("numbers", 1, { absent: "wait" });
    const upload = web.stream("sum", null, { absent: "wait" });
    for (let n = 0; n < 10; n++) void upload.send(n);
    upload.end();
    unwanted.cancel();
    expect(await failureOf(failing)).toMatchObject({ code: "ELPIS_HUB_CLOSED" });
    expect(await failureOf(unwanted)).toMatchObject({ code: "ELPIS_HUB_CANCELLED" });
    expect(await collect(waiting)).toEqual([0, 1, 2]);
    expect(await collect(bounded)).toEqual([0, 1]);
    expect(await collect(upload)).toEqual([45]);
    await vi.waitFor(() => expect(hub.stats().openCalls).toBe(0));
  });

  test("nobody serves it yet: it waits in the hub when it may", async () => {
    const here = await world();
    const stream = here.web.stream("later", null, { absent: "wait" });
    await settled(here.web);
    here.shop.serve("later", () => ["here"]);
    expect(await collect(stream)).toEqual(["here"]);
    await isIdle(here);
  });

  test("two hundred at once, each in order, and nothing is left over", async () => {
    const here = await world();
    const tally = { made: 0, closed: 0 };
    here.shop.serve("numbers", (to: number) => count(tally, to));
    await settled(here.shop);
    const streams = Array.from({ length: 200 }, (_, n) => here.web.stream("numbers", 300 + n));
    const lists = await Promise.all(streams.map((stream) => collect(stream)));
    for (const [n, list] of lists.entries()) {
      expect(list).toHaveLength(300 + n);
      expect(list.every((item, at) => item === at)).toBe(true);
    }
    expect(tally.closed).toBe(200);
    await isIdle(here);
  });
});
