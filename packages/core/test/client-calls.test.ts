import type { Balance, Client, DroppedEvents, Overflow } from "@elpis/api";
import { BodyCodec, Kind, MAX_LISTENS } from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import { hashOf } from "../src/client/call-options.ts";
import { connect, createLogger, type Hub } from "../src/index.ts";
import { joinHub, joinThroughValve, settled, startHub } from "./support/hub-kit.ts";

const code = (value: string): unknown => expect.objectContaining({ code: value });
const BAD_ARGUMENT = code("ELPIS_HUB_BAD_ARGUMENT");

/** Peers that answer "who" with their index. */
async function crowd(hub: Hub, size: number, weights: readonly number[] = []): Promise<Client[]> {
  const peers = await Promise.all(Array.from({ length: size }, (_, n) => joinHub(hub, "w", n)));
  for (const [n, peer] of peers.entries()) {
    peer.handle("who", () => n, { weight: weights[n] ?? 1 });
  }
  await Promise.all(peers.map(settled));
  return peers;
}

async function ask(client: Client, times: number, balance: Balance): Promise<number[]> {
  const answers: number[] = [];
  for (let n = 0; n < times; n++) answers.push(await client.request("who", n, { balance }));
  return answers;
}

describe("the choice among several", () => {
  test("by a key is the same for equal keys, also for other clients", async () => {
    const hub = await startHub();
    const peers = await crowd(hub, 4);
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    const keys = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? `key-${n}` : n));
    const chosen = new Map<string | number, number>();
    for (const hash of keys) {
      const first = await a.request("who", 1, { balance: { hash } });
      expect(await b.request("who", 1, { balance: { hash } })).toBe(first);
      chosen.set(hash, first);
    }
    expect(new Set(chosen.values()).size).toBe(4);
    await peers[3]?.close();
    for (const [hash, first] of chosen) {
      const now = await a.request("who", 1, { balance: { hash } });
      if (first !== 3) expect(now).toBe(first);
    }
  });

  test("by weight follows what was said with handle", async () => {
    const hub = await startHub();
    await crowd(hub, 2, [1, 3]);
    const answers = await ask(await joinHub(hub, "a"), 40, "weighted");
    expect(answers.filter((n) => n === 1)).toHaveLength(30);
  });

  test("in turn, or at random, leaves nobody out", async () => {
    const hub = await startHub();
    await crowd(hub, 3);
    const a = await joinHub(hub, "a");
    expect(new Set(await ask(a, 3, "round-robin")).size).toBe(3);
    expect(new Set(await ask(a, 60, "random")).size).toBe(3);
    expect(new Set(await ask(a, 3, "least-busy")).size).toBeGreaterThan(0);
  });

  test("one that there is not is refused, and so is a key or weight that is none", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    for (const balance of ["fair", {}, { hash: {} }, 7, null]) {
      const call = a.request("who", 1, { balance: balance as unknown as Balance });
      await expect(call, String(balance)).rejects.toThrow(BAD_ARGUMENT);
    }
    for (const weight of [0, 1.5, 65_536, Number.NaN]) {
      expect(() => a.handle("who", () => 1, { weight })).toThrow(BAD_ARGUMENT);
    }
    expect(() => a.on("x", () => {}, { overflow: "lose" as Overflow })).toThrow(BAD_ARGUMENT);
    const absent = "maybe" as "wait";
    await expect(a.request("who", 1, { absent })).rejects.toThrow(BAD_ARGUMENT);
    await expect(a.emit("x", 1, { absent })).rejects.toThrow(BAD_ARGUMENT);
  });

  test("the number of a key is FNV-1a over its UTF-8 text", () => {
    expect(hashOf("")).toBe(0x811c9dc5);
    expect(hashOf("a")).toBe(0xe40c292c);
    expect(hashOf("foobar")).toBe(0xbf9cf968);
    expect(hashOf(42)).toBe(hashOf("42"));
    expect(hashOf("ü")).not.toBe(hashOf("u"));
  });
});

describe("a call for somebody who is not there", () => {
  test("waits until there is somebody, if it may", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    await expect(a.request("who", 1)).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
    const wait = { absent: "wait" } as const;
    const calls = [
      a.request("who", 1, wait),
      a.request("who", 2, { ...wait, idempotent: true }),
      a.consume("task", 3, wait),
    ];
    const late = a.request("never", 1, { ...wait, timeoutMs: 30 });
    await expect(late).rejects.toThrow(code("ELPIS_HUB_DEADLINE"));
    const tasks: unknown[] = [];
    b.handle("who", (n) => n);
    b.on("task", (task) => tasks.push(task));
    expect(await Promise.all(calls)).toEqual([1, 2, undefined]);
    expect(tasks).toEqual([3]);
    await expect.poll(() => hub.stats().openCalls).toBe(0);
  });
});

describe("what became of an event", () => {
  test("is told when asked for", async () => {
    const hub = await startHub();
    const [a, b, c] = [await joinHub(hub, "a"), await joinHub(hub, "b"), await joinHub(hub, "c")];
    const heard: unknown[] = [];
    for (const peer of [a, b, c]) peer.on("news", (news) => heard.push(news));
    await Promise.all([settled(b), settled(c)]);
    const report = { report: true } as const;
    expect(await a.emit("news", 1, report)).toEqual({ accepted: 2, dropped: 0 });
    const to = { id: b.location.id };
    expect(await a.emit("news", 2, { ...report, to })).toEqual({ accepted: 1, dropped: 0 });
    expect(await a.emit("nothing", 3, report)).toEqual({ accepted: 0, dropped: 0 });
    expect(await a.emit("nothing", 3)).toBeUndefined();
    await expect.poll(() => heard.length).toBe(3);
  });

  test("that nobody hears: dropped, told, or kept", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    expect(await a.emit("news", 0, { absent: "drop" })).toBeUndefined();
    const failing = a.emit("news", 0, { absent: "fail" });
    await expect(failing).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
    const tooLate = a.emit("news", 0, { absent: "wait", timeoutMs: 30 });
    await expect(tooLate).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
    const kept = a.emit("news", 1, { absent: "wait" });
    const counted = a.emit("news", 2, { absent: "wait", report: true });
    await settled(a);
    const heard: unknown[] = [];
    b.on("news", (news) => heard.push(news));
    expect(await kept).toBeUndefined();
    expect(await counted).toEqual({ accepted: 1, dropped: 0 });
    await expect.poll(() => heard).toEqual([1, 2]);
    expect(await a.emit("news", 3, { absent: "fail" })).toBeUndefined();
  });
});

describe("a handler", () => {
  test("that ends and begins anew in one turn is never away", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    let off = b.handle("who", () => 0);
    await settled(b);
    const calls: Promise<number>[] = [];
    for (let round = 1; round <= 50; round++) {
      for (let n = 0; n < 10; n++) calls.push(a.request("who", null));
      await settled(a);
      off();
      off = b.handle("who", () => round);
    }
    const answers = await Promise.all(calls);
    expect(answers).toHaveLength(500);
    off();
    await settled(b);
    await expect(a.request("who", null)).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
    off();
  });

  test("may take the place of another at the bound of what is listened to", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const offs = Array.from({ length: MAX_LISTENS }, (_, n) => a.on(`t${n}`, () => {}));
    expect(() => a.on("more", () => {})).toThrow(BAD_ARGUMENT);
    offs[0]?.();
    a.on("more", () => {});
    await settled(a);
    expect(a.connected).toBe(true);
  });
});

describe("events that are lost", () => {
  /** A sender, and a receiver that has stopped reading, at a hub where little may wait. */
  async function stuck(
    overflow?: Overflow,
  ): Promise<{ sender: Client; receiver: Client; send(times: number): Promise<void> }> {
    const hub = await startHub({ limits: { maxPeerQueueBytes: 200_000 } });
    const { path, secret } = hub;
    const sender = await connect({ path, secret, log: createLogger({ level: "silent" }) });
    const { client: receiver, shut } = await joinThroughValve(hub, "receiver");
    receiver.on("news", () => {}, overflow === undefined ? {} : { overflow });
    await settled(receiver);
    shut("from hub");
    const send = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n++) {
        await sender.emit("news", Buffer.alloc(50_000, n));
        await settled(sender);
      }
    };
    return { sender, receiver, send };
  }

  test("are told to their sender: which topic, who did not get them, how many", async () => {
    const { sender, receiver, send } = await stuck();
    const told: DroppedEvents[] = [];
    sender.onDropped(() => {
      throw new Error("a listener of the application");
    });
    const off = sender.onDropped((dropped) => told.push(dropped));
    await send(100);
    const report = await sender.emit("news", Buffer.alloc(50_000), { report: true });
    expect(report).toEqual({ accepted: 0, dropped: 1 });
    // Lost for want of room is not the same as heard by nobody.
    await sender.emit("news", Buffer.alloc(50_000), { absent: "fail" });
    await expect.poll(() => told.length).toBeGreaterThan(0);
    expect(told[0]).toMatchObject({ topic: "news", to: { name: "receiver" } });
    expect(told[0]?.to.id).toBe(receiver.location.id);
    off();
    await Promise.all([receiver.close(), sender.close()]);
  });

  test("end the connection of a receiver that wants it so; it comes back", async () => {
    const { receiver, send, sender } = await stuck("disconnect");
    const former = receiver.location.id;
    await send(100);
    await expect
      .poll(async () => (await sender.peers({ id: former })).length, { timeout: 5000 })
      .toBe(0);
    await Promise.all([receiver.close(), sender.close()]);
  });
});

test("a payload that does not read harms nobody but its call", async () => {
  const hub = await startHub({ log: createLogger({ level: "silent" }) });
  const liar = await joinHub(hub, "liar");
  const heard: unknown[] = [];
  hub.client.on("news", (news) => heard.push(news));
  hub.client.handle("who", (input) => input);
  await liar.emit("news", "first");
  const events = [[0xc1], [0x91], Array<number>(2000).fill(0x91), [0xdf, 255, 255, 255, 255]];
  for (const body of events) {
    const frame = Buffer.concat([
      Buffer.from(new BodyCodec().frame(undefined, Kind.event, 0, 0, 0, 0)).subarray(0, 32),
      Buffer.from(body),
    ]);
    frame.writeUInt32LE(frame.length, 0);
    (liar as unknown as { send(frame: Buffer): void }).send(frame);
  }
  await liar.emit("news", "last");
  await expect.poll(() => heard).toEqual(["first", "last"]);
  expect((hub.client as unknown as { badEvents: number }).badEvents).toBe(events.length);
  expect(await liar.request("who", 7)).toBe(7);
});
