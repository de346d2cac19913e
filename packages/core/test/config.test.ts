import { createServer, connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import type { Client, ElpisError } from "@elpis/api";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ConfigClient } from "../src/config/config-client.ts";
import { connect, createLogger, type Hub } from "../src/index.ts";
import { deferred, joinHub, joinThroughValve, startHub, tempDir } from "./support/hub-kit.ts";

interface Peer {
  readonly client: Client;
  readonly config: ConfigClient;
  readonly lines: string[];
}

async function peer(hub: Hub, name: string): Promise<Peer> {
  return withConfig(await joinHub(hub, name));
}

function withConfig(client: Client): Peer {
  const lines: string[] = [];
  const log = createLogger({ write: (line) => lines.push(line) });
  return { client, config: new ConfigClient(client, log), lines };
}

async function two(): Promise<{ hub: Hub; left: Peer; right: Peer }> {
  const hub = await startHub();
  return { hub, left: await peer(hub, "left"), right: await peer(hub, "right") };
}

/** A peer whose connection can be broken; the hub stays as it is. */
async function joinOverCuttable(hub: Hub, name: string): Promise<{ client: Client; cut(): void }> {
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = dial(hub.path);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    near.pipe(far);
    far.pipe(near);
  });
  const path = join(tempDir(), "relay.sock");
  await new Promise<void>((resolve) => relay.listen(path, resolve));
  const client = await connect({ path, secret: hub.secret, location: { name } });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  onTestFinished(async () => {
    await client.close();
    cut();
    relay.close();
  });
  return { client, cut };
}

const failure = (promise: Promise<unknown>): Promise<ElpisError> =>
  promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: ElpisError) => error,
  );

describe("the shared config", () => {
  test("is one for all peers", async () => {
    const { left, right } = await two();
    expect(await right.config.get("flag")).toBeUndefined();
    await left.config.set("flag", { on: true, since: new Date(7) });
    expect(await right.config.get("flag")).toEqual({ on: true, since: new Date(7) });
    await right.config.set("flag", null);
    expect(await left.config.get("flag")).toBeNull();
    expect([await left.config.delete("flag"), await right.config.delete("flag")]).toEqual([
      true,
      false,
    ]);
    expect(await right.config.get("flag")).toBeUndefined();
  });

  test.each([[0], [false], [""], [null], [undefined], [[]], [new Uint8Array(5000)]])(
    "keeps %j as it is",
    async (value) => {
      const { left, right } = await two();
      await left.config.set("__proto__", value);
      const back = await right.config.get("__proto__");
      if (value instanceof Uint8Array) expect(back).toEqual(Buffer.from(value));
      else expect(back).toEqual(value);
      expect((await right.config.list()).has("__proto__")).toBe(true);
    },
  );

  test("lists by prefix, in order, also what does not fit into one message", async () => {
    const { left, right } = await two();
    const large = "x".repeat(100_000);
    for (let n = 0; n < 15; n++) await left.config.set(`large.${n % 10}${n}`, large);
    for (const key of ["b", "a.2", "a.1", "a.1.x"]) await left.config.set(key, key);
    expect([...(await right.config.list("a."))]).toEqual([
      ["a.1", "a.1"],
      ["a.1.x", "a.1.x"],
      ["a.2", "a.2"],
    ]);
    const all = await right.config.list();
    expect(all.size).toBe(19);
    expect(all.get("large.414")).toBe(large);
    expect((await right.config.list("none")).size).toBe(0);
  });

  test("refuses with its own codes, here and at the hub", async () => {
    const { left } = await two();
    const large = new Uint8Array(256 * 1024 + 1);
    expect((await failure(left.config.set("", 1))).code).toBe("ELPIS_CONFIG_BAD_KEY");
    expect((await failure(left.config.get("a".repeat(256)))).code).toBe("ELPIS_CONFIG_BAD_KEY");
    expect(() => left.config.watch("", () => {})).toThrow("key");
    expect(() => left.config.watch("a", "no" as never)).toThrow("listener");
    expect(await failure(left.config.set("a", large))).toMatchObject({
      code: "ELPIS_CONFIG_TOO_LARGE",
      details: { key: "a", limit: 256 * 1024 },
    });
    expect((await failure(left.config.set("a", () => {}))).code).toBe(
      "ELPIS_PROTOCOL_NOT_PACKABLE",
    );
    const raw = (topic: string, input: unknown) =>
      failure(left.client.request(`elpis.hub.config.${topic}`, input));
    for (const [topic, input] of [
      ["set", undefined],
      ["set", { key: "a", value: "not packed" }],
      ["set", { key: ["a"], value: new Uint8Array(1) }],
      ["get", undefined],
      ["get", { key: "a" }],
      ["delete", 7],
    ] as const) {
      const { code } = (await raw(topic, input)).details.remote as { code: string };
      expect(code).toMatch(/^ELPIS_CONFIG_BAD_(KEY|VALUE)$/);
    }
    const listed = await left.client.request("elpis.hub.config.list", { prefix: 7, after: {} });
    expect(listed).toEqual({ entries: [], more: false });
  });

  test("a value that was not packed properly is an error for its readers alone", async () => {
    const { left, right } = await two();
    const heard: unknown[] = [];
    right.config.watch("a", (value) => heard.push(value));
    await vi.waitFor(() => expect(heard).toEqual([undefined]));
    const value = new Uint8Array([0xc1]);
    await left.client.request("elpis.hub.config.set", { key: "a", value });
    expect((await failure(right.config.get("a"))).code).toBe("ELPIS_CONFIG_BAD_VALUE");
    await vi.waitFor(() => expect(right.lines.join()).toContain("watcher of config"));
    await left.config.set("a", "good");
    await vi.waitFor(() => expect(heard).toEqual([undefined, "good"]));
  });

  test("stays what it is whatever a reader does with its copy", async () => {
    const { left, right } = await two();
    const heard: Array<{ list: Uint8Array }> = [];
    for (let n = 0; n < 2; n++) {
      right.config.watch("a", (value) => {
        const copy = value as { list: Uint8Array } | undefined;
        if (copy === undefined) return;
        heard.push({ list: Uint8Array.from(copy.list) });
        copy.list.fill(9);
      });
    }
    await left.config.set("a", { list: new Uint8Array([1, 2]) });
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    expect(heard.map(({ list }) => [...list])).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});

describe("watching", () => {
  test("tells the present value, then each change, then that it is gone", async () => {
    const { left, right } = await two();
    await left.config.set("a", 1);
    const heard: unknown[] = [];
    const off = right.config.watch("a", (value, key) => heard.push([key, value]));
    await vi.waitFor(() => expect(heard).toEqual([["a", 1]]));
    await left.config.set("b", "other");
    await left.config.set("a", 2);
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    await left.config.set("a", 2);
    await vi.waitFor(() => expect(heard).toHaveLength(3));
    await left.config.delete("a");
    await vi.waitFor(() => expect(heard).toHaveLength(4));
    expect(heard.slice(1).map((each) => (each as unknown[])[1])).toEqual([2, 2, undefined]);
    off();
    await left.config.set("a", 3);
    await right.config.get("a");
    expect(heard).toHaveLength(4);
  });

  test("tells undefined when there is nothing yet", async () => {
    const { left, right } = await two();
    const heard: unknown[] = [];
    right.config.watch("a", (value) => heard.push(value));
    await vi.waitFor(() => expect(heard).toEqual([undefined]));
    await left.config.set("a", 0);
    await vi.waitFor(() => expect(heard).toEqual([undefined, 0]));
  });

  test("shares a stream for each key, and a later one is told what is known", async () => {
    const { hub, left, right } = await two();
    await left.config.set("a", "first");
    const heard: unknown[] = [];
    const offs = [right.config.watch("a", (value) => heard.push(["one", value]))];
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    offs.push(right.config.watch("a", (value) => heard.push(["two", value])));
    expect(heard).toHaveLength(1);
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    expect(right.config.watches).toBe(1);
    expect(heard[1]).toEqual(["two", "first"]);
    offs[0]?.();
    offs[0]?.();
    await left.config.set("a", "next");
    await vi.waitFor(() => expect(heard[2]).toEqual(["two", "next"]));
    offs[1]?.();
    expect(right.config.watches).toBe(0);
    await vi.waitFor(() => expect(hub.stats().openCalls).toBe(0));
  });

  test("a listener that takes its time misses what lies between, never the last", async () => {
    const { left, right } = await two();
    const gate = deferred();
    const [slow, quick]: [unknown[], unknown[]] = [[], []];
    right.config.watch("a", async (value) => {
      slow.push(value);
      if (slow.length === 1) await gate.promise;
    });
    right.config.watch("a", (value) => quick.push(value));
    await vi.waitFor(() => expect(quick).toEqual([undefined]));
    for (let n = 1; n <= 20; n++) await left.config.set("a", n);
    await vi.waitFor(() => expect(quick.at(-1)).toBe(20));
    expect(slow).toEqual([undefined]);
    gate.resolve();
    await vi.waitFor(() => expect(slow).toEqual([undefined, 20]));
  });

  test("one that does not read costs the hub one value, not one for each change", async () => {
    const { hub, left } = await two();
    const { client } = await peer(hub, "lazy");
    const watch = client.stream("elpis.hub.config.watch", "a", { window: 1 });
    const items = watch[Symbol.asyncIterator]();
    expect((await items.next()).value).toEqual({ version: 0, value: null });
    for (let n = 1; n <= 500; n++) await left.config.set("a", "x".repeat(10_000));
    const versions = [await items.next(), await items.next()].map((item) => item.value.version);
    expect(versions.at(-1)).toBe(500);
    watch.cancel();
  });

  test("a peer that does not read has one value waiting for it at the hub", async () => {
    const { hub, left } = await two();
    const { client, shut } = await joinThroughValve(hub, "stuck");
    const stuck = withConfig(client);
    const heard: unknown[] = [];
    stuck.config.watch("a", (value) => heard.push(value));
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    shut("from hub");
    for (let n = 0; n < 50; n++) await left.config.set("a", `${n}`.padEnd(200_000));
    const waiting = hub.stats().peers.find(({ id }) => id === client.location.id)?.queuedBytes;
    expect(waiting).toBeLessThan(500_000);
  });

  test("a thousand that come and go leave nothing", async () => {
    const { hub, left, right } = await two();
    for (let round = 0; round < 1000; round++) {
      const off = right.config.watch(`key.${round % 7}`, () => {});
      if (round % 20 === 0) await right.config.get("a");
      off();
    }
    expect(right.config.watches).toBe(0);
    await vi.waitFor(() => expect(hub.stats().openCalls).toBe(0));
    await left.config.set("key.1", 1);
    expect(await right.config.get("key.1")).toBe(1);
  });

  test("a listener that throws is told in the log; others go on", async () => {
    const { left, right } = await two();
    const heard: unknown[] = [];
    right.config.watch("a", () => {
      throw new Error("thrown here");
    });
    right.config.watch("a", (value) => heard.push(value));
    await vi.waitFor(() => expect(heard).toEqual([undefined]));
    await left.config.set("a", 1);
    await vi.waitFor(() => expect(heard).toEqual([undefined, 1]));
    expect(right.lines.filter((line) => line.includes("thrown here"))).toHaveLength(2);
  });
});

describe("watching when the hub is started again", () => {
  test("tells that a value is gone, then the new one; nothing of keys that had none", async () => {
    const hub = await startHub();
    const [left, right] = [await peer(hub, "left"), await peer(hub, "right")];
    await left.config.set("a", "before");
    const heard: unknown[] = [];
    for (const key of ["a", "none"]) {
      right.config.watch(key, (value) => heard.push([key, value]));
    }
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    await hub.close();
    const next = await startHub({ dir: hub.dir });
    await vi.waitFor(() => expect(heard.slice(2)).toEqual([["a", undefined]]), 5000);
    const late = await peer(next, "late");
    await late.config.set("none", 1);
    await late.config.set("a", "after");
    await vi.waitFor(() => expect(heard).toHaveLength(5));
    expect(heard.slice(3)).toEqual([
      ["none", 1],
      ["a", "after"],
    ]);
    expect(right.config.watches).toBe(2);
  });

  test("a connection that broke and is back tells only what is new", async () => {
    const hub = await startHub();
    const left = await peer(hub, "left");
    const { client, cut } = await joinOverCuttable(hub, "right");
    const right = withConfig(client);
    await left.config.set("same", { deep: [1] });
    await left.config.set("other", 1);
    const heard: unknown[] = [];
    for (const key of ["same", "other"]) {
      right.config.watch(key, (value) => heard.push([key, value]));
    }
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    const back = new Promise<void>((resolve) => {
      client.onConnection(({ type }) => type === "back" && resolve());
    });
    cut();
    await left.config.set("same", { deep: [1] });
    await left.config.set("other", 2);
    await back;
    await vi.waitFor(() => expect(heard.slice(2)).toEqual([["other", 2]]));
    await left.config.set("same", { deep: [2] });
    await vi.waitFor(() => expect(heard.slice(3)).toEqual([["same", { deep: [2] }]]));
  });
});
