import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BodyCodec, Kind, MAX_LISTENS } from "@elpis/protocol";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../src/hub/limits.ts";
import { Router } from "../../src/hub/router.ts";
import { connectTo, createHub, createLogger } from "../../src/index.ts";
import { joinInMemory } from "../../src/internal.ts";
import { FakePeer } from "../support/fake-peer.ts";
import { joinHub, joinThroughValve, settled, startHub, tempDir } from "../support/hub-kit.ts";

const code = (value: string): unknown => expect.objectContaining({ code: value });
const silent = createLogger({ level: "silent" });

describe("an error that makes no sense", () => {
  it.each([
    ["a code that is a number", { name: "E", message: "m", code: 42, details: 7, retryable: "no" }],
    ["no map at all", 42],
    ["nothing", null],
  ])("fails its call and nothing else: %s", async (_, body) => {
    const hub = await startHub();
    // The router passes on whatever a callee says; a socket peer can say anything.
    const liar = await joinHub(hub, "liar");
    liar.handle("lie", () => new Promise(() => {}));
    await settled(liar);
    const call = hub.client.request("lie", null);
    const failed = expect(call).rejects.toThrow(code("ELPIS_HUB_REMOTE"));
    await expect.poll(() => hub.stats().openCalls).toBe(1);
    (liar as unknown as { send(frame: Buffer): void }).send(
      Buffer.from(new BodyCodec().frame(body, Kind.fault, 0, 0, 0, 0)),
    );
    await failed;
    expect(await hub.client.peers()).toHaveLength(2);
  });
});

describe("a payload", () => {
  it("that its receiver changes stays what it was for the others", async () => {
    const hub = await startHub();
    const other = await joinInMemory(
      hub,
      { app: "test", role: "worker", name: "other", index: 0, pid: 1, epoch: 1 },
      silent,
    );
    const outside = await joinHub(hub, "outside");
    const seen: number[] = [];
    hub.client.on("bytes", (bytes: Uint8Array) => bytes.fill(0));
    for (const peer of [other, outside]) {
      peer.on("bytes", (bytes: unknown) => seen.push((bytes as Uint8Array)[0] as number));
    }
    const sender = await joinHub(hub, "sender");
    await Promise.all([settled(other), settled(outside)]);
    for (let n = 0; n < 50; n++) await sender.emit("bytes", Buffer.alloc(9000, 7));
    await expect.poll(() => seen.length).toBe(100);
    expect(new Set(seen)).toEqual(new Set([7]));
  });
});

describe("a watcher that throws", () => {
  it("harms neither the connection nor the other watchers", async () => {
    const hub = await startHub({ log: silent });
    const told: string[] = [];
    hub.client.watchPeers(() => {
      throw new Error("boom");
    });
    hub.client.watchPeers(({ type, peer }) => told.push(`${type} ${peer.name}`));
    const a = await joinHub(hub, "a");
    a.handle("who", (_, { from }) => from.name);
    await settled(a);
    const answers = await hub.client.map("who", null);
    expect([...answers]).toMatchObject([{ ok: true, value: "master" }]);
    await a.close();
    await expect.poll(() => told.at(-1)).toBe("left a");
    expect(told.filter((one) => one === "joined a")).toHaveLength(1);
  });
});

describe("a peer that asks and does not read", () => {
  it("is closed when too much waits, whatever it asked for", () => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const peer = new FakePeer(router);
    peer.queuedBytes = 2 * DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    peer.say(Kind.peers).flush();
    expect([peer.closedWith, peer.take()]).toEqual(["ELPIS_HUB_SLOW_PEER", []]);
  });
});

describe("a selector", () => {
  it("with a number that cannot be one is refused, each time", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.handle("x", () => 1);
    for (const id of [null, Number.NaN, "zzz", 2 ** 32 + 1, 1.5, -1]) {
      const to = { id: id as number };
      await expect(a.request("x", 1, { to })).rejects.toThrow(code("ELPIS_HUB_BAD_ARGUMENT"));
      await expect(a.emit("x", 1, { to })).rejects.toThrow(code("ELPIS_HUB_BAD_ARGUMENT"));
    }
    expect(await a.request("x", 1, { to: { name: "master" } })).toBe(1);
    const odd = { name: "master", colour: "red" };
    await expect(a.request("x", 1, { to: odd })).rejects.toThrow(code("ELPIS_HUB_BAD_ARGUMENT"));
  });

  it("that names the sender itself gets no event to it", () => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const peer = new FakePeer(router).listen("news").route(1, "news").flush();
    peer.take();
    peer.say(Kind.event, 1, 0, "me", { target: peer.id }).flush();
    // Its credit comes back, and with it the name of whom it was for.
    expect(peer.take().map(({ kind }) => kind)).toEqual([Kind.peer, Kind.credit]);
  });
});

describe("a folder that others may write to", () => {
  it("is not believed", async () => {
    const base = tempDir();
    const dir = join(base, "shop");
    mkdirSync(dir, { mode: 0o700 });
    writeFileSync(
      join(dir, "hub.json"),
      JSON.stringify({ name: "shop", pid: 1, path: "/x", secret: "s" }),
    );
    chmodSync(dir, 0o777);
    await expect(connectTo("shop", { base })).rejects.toThrow(code("ELPIS_HUB_UNSAFE_DIR"));
  });
});

describe("a peer that is being closed", () => {
  it("gets no more calls, though its connection is still open", async () => {
    const hub = await startHub();
    const { client, shut } = await joinThroughValve(hub, "peer");
    client.handle("y", () => "answer");
    await settled(client);
    // It does not hear that the hub closes, so that its end stays open.
    shut("from hub");
    (client as unknown as { send(frame: Buffer): void }).send(
      Buffer.from(new BodyCodec().frame(null, Kind.goodbye, 0, 0, 0, 0)),
    );
    await expect.poll(() => hub.stats().peers.length, { interval: 5 }).toBe(1);
    expect(hub.stats().closes).toEqual({});
    const call = hub.client.request("y", null, { timeoutMs: 200 });
    await expect(call).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
  });
});

describe("a client whose hub does not read", () => {
  it("closes all the same, and its calls fail at once", async () => {
    const hub = await startHub();
    const { client, shut } = await joinThroughValve(hub, "a");
    hub.client.handle("never", () => new Promise(() => {}));
    const call = client.request("never", null, { timeoutMs: 60_000 });
    const failed = expect(call).rejects.toThrow(code("ELPIS_HUB_CLOSED"));
    shut("to hub");
    shut("from hub");
    // More than every buffer on the way holds: what is sent cannot leave.
    const sent = Array.from({ length: 8 }, () => client.emit("x", Buffer.alloc(900_000)));
    const outcomes = Promise.allSettled(sent);
    const closing = client.close();
    await failed;
    await closing;
    expect((await outcomes).some(({ status }) => status === "rejected")).toBe(true);
  });
});

describe("what was told and cannot leave", () => {
  it("is not said to have left", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const sent = Array.from({ length: 40 }, () => a.emit("x", Buffer.alloc(900_000)));
    const outcomes = Promise.allSettled(sent);
    await hub.close();
    expect((await outcomes).some(({ status }) => status === "rejected")).toBe(true);
  });
});

describe("a hub that cannot put its socket there", () => {
  it("says so and leaves nothing", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "hub.sock"));
    await expect(createHub({ name: "test", dir })).rejects.toThrow(code("ELPIS_HUB_UNSAFE_DIR"));
    const left = readdirSync(dir).filter((file) => !file.startsWith("lock."));
    expect(left).toEqual(["hub.sock"]);
  });
});

describe("a hub that was closed", () => {
  it("adopts nobody", async () => {
    const hub = await startHub();
    await hub.close();
    const location = {
      app: "test",
      role: "worker",
      name: "w",
      index: 0,
      pid: 1,
      epoch: 1,
    } as const;
    await expect(async () => joinInMemory(hub, location)).rejects.toThrow(code("ELPIS_HUB_CLOSED"));
  });
});

describe("a client that listens to too much", () => {
  it("is told, and stays connected", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    for (let n = 0; n < MAX_LISTENS; n++) a.on(`topic-${n}`, () => {});
    expect(() => a.on("one-more", () => {})).toThrow(code("ELPIS_HUB_BAD_ARGUMENT"));
    expect(await a.peers()).toHaveLength(2);
  });
});

describe("a logger", () => {
  it("keeps its message whatever the fields are", () => {
    const lines: string[] = [];
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    for (const format of ["text", "json"] as const) {
      const log = createLogger({ format, write: (line) => lines.push(line) });
      log.info("kept", { cyclic });
      log.info("kept", { message: "other", level: "none" });
    }
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toMatch(/kept/);
    expect(JSON.parse(lines[3] as string)).toMatchObject({ message: "kept", level: "info" });
  });
});
