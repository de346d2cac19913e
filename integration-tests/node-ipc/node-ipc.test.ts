import { createHmac, randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { ElpisError, Location } from "@elpis/api";
import { describe, expect, it } from "vitest";
import { until } from "../support/wait.ts";
import { IpcClient, missing, type OpenHub, openHub } from "./support.ts";

const reason = missing();
if (reason !== undefined) console.log(`node-ipc: skipped, ${reason}`);

interface Reply {
  readonly call: number;
  readonly payload?: unknown;
  readonly error?: { readonly code?: string; readonly message: string };
}

/** A hub and a process that has joined it and can be asked. */
async function joined(
  options: Parameters<typeof openHub>[0] = {},
): Promise<OpenHub & { client: IpcClient; at: Location }> {
  const open = await openHub(options);
  const client = new IpcClient(open.dir);
  const at = await client.told<Location>("welcome");
  // What it said before its answer to this is known to the hub.
  await until("its handlers", () =>
    open.hub.client.request("guest.double", [0]).then(
      () => true,
      () => false,
    ),
  );
  return { ...open, client, at };
}

/** Lets the process send a message of node-ipc, as it stands. */
async function send({ hub }: OpenHub, name: string, data: object): Promise<void> {
  expect(await hub.client.request("guest.do", { name, json: JSON.stringify(data) })).toBe("done");
}

/** A connection that speaks no node-ipc. */
interface Line {
  readonly socket: Socket;
  /** What has come so far. */
  text(): string;
  /** All that has come, when it has ended. */
  readonly closed: Promise<string>;
}

async function dial({ dir }: OpenHub): Promise<Line> {
  const socket = connect(join(dir, "node-ipc", "elpis.hub"));
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, closed, text: () => text };
}

const frame = (type: unknown, data?: unknown): string => `${JSON.stringify({ type, data })}\f`;

/** Joins over bare bytes, and listens. */
async function joinBare(open: OpenHub, topics: readonly string[]): Promise<Line> {
  const line = await dial(open);
  const nonce = randomBytes(32);
  line.socket.write(frame("elpis.hello", { nonce: nonce.toString("hex"), pid: 1 }));
  const other = await until("the challenge", () => /"nonce":"([0-9a-f]+)"/.exec(line.text())?.[1]);
  const proof = createHmac("sha256", open.hub.secret)
    .update("elpis node-ipc 1 peer\0")
    .update(nonce)
    .update(Buffer.from(other, "hex"))
    .digest("hex");
  line.socket.write(frame("elpis.join", { proof }));
  await until("the welcome", () => line.text().includes("elpis.welcome"));
  for (const topic of topics) line.socket.write(frame("elpis.listen", { topic }));
  return line;
}

describe.skipIf(reason !== undefined)("a process that speaks node-ipc", () => {
  it("is a peer with a name, a role and a process id of its own", async () => {
    const { hub, dir, client, at, stats } = await joined();
    const { pid } = client.child;
    const own = { app: "test", role: "worker", name: "guest", index: 3, pid, epoch: 1 };
    expect(at).toEqual({ id: expect.any(Number), ...own });
    expect(await hub.client.peers({ name: "guest" })).toEqual([{ ...at, ready: true }]);
    expect(await stats()).toMatchObject({ joined: 1, halfOpen: 0, closes: {} });
    expect(statSync(join(dir, "node-ipc")).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "node-ipc", "elpis.hub")).mode & 0o777).toBe(0o600);
  });

  it("is asked, with values that JSON cannot say", async () => {
    const { hub } = await joined();
    const values = [
      1.5,
      "text",
      null,
      true,
      new Date(5),
      2n ** 60n,
      { $bytes: [{ $$x: 1 }] },
      undefined,
    ];
    expect(await hub.client.request("guest.double", values)).toEqual(
      values.map((one) => [one, one]),
    );
    const [[bytes]] = (await hub.client.request("guest.double", [randomBytes(9)])) as [
      [Uint8Array],
    ];
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect(bytes).toHaveLength(9);
  });

  it("fails with an error of its own", async () => {
    const { hub } = await joined();
    await expect(hub.client.request("guest.do", { task: "throw" })).rejects.toMatchObject({
      name: "RangeError",
      message: "no",
      code: "GUEST_NO",
      details: { at: 1 },
    });
  });

  it("asks, maps, hands over, cancels and hears what became of it", async () => {
    const open = await joined();
    const { hub, client } = open;
    hub.client.handle("add", ({ a, b }: { a: number; b: number }) => a + b);
    hub.client.handle("fail", () => {
      throw Object.assign(new Error("broken"), { code: "MINE" });
    });
    let aborted = false;
    hub.client.handle("wait", (_, { signal }) => {
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          resolve(null);
        });
      });
    });
    const consumed: unknown[] = [];
    hub.client.on("task", (payload) => consumed.push(payload));
    const reply = (call: number): Promise<Reply> =>
      client.told<Reply>("reply", (one) => one.call === call);

    await send(open, "elpis.request", { call: 1, topic: "add", payload: { a: 1, b: 2 } });
    expect(await reply(1)).toEqual({ call: 1, payload: 3 });
    await send(open, "elpis.request", { call: 2, topic: "fail", payload: null });
    expect((await reply(2)).error).toMatchObject({ code: "MINE", message: "broken" });
    await send(open, "elpis.map", { call: 3, topic: "add", payload: { a: 2, b: 2 } });
    expect((await reply(3)).payload).toMatchObject([
      { ok: true, value: 4, from: { role: "master" } },
    ]);
    await send(open, "elpis.consume", { call: 4, topic: "task", payload: { $date: 7 } });
    await reply(4);
    expect(consumed).toEqual([new Date(7)]);
    await send(open, "elpis.request", { call: 5, topic: "nobody", payload: 1 });
    expect((await reply(5)).error?.code).toBe("ELPIS_HUB_NO_RESPONDER");
    await send(open, "elpis.request", {
      call: 6,
      topic: "wait",
      payload: 1,
      to: { role: "master" },
    });
    await send(open, "elpis.cancel", { call: 6 });
    expect((await reply(6)).error?.code).toBe("ELPIS_HUB_CANCELLED");
    await until("the handler to be told", () => aborted);
    await send(open, "elpis.request", { call: 7, topic: "wait", payload: 1, timeoutMs: 20 });
    expect((await reply(7)).error?.code).toBe("ELPIS_HUB_DEADLINE");
    await send(open, "elpis.request", { call: 8, topic: "add", payload: 1, to: { colour: "red" } });
    expect((await reply(8)).error?.code).toBe("ELPIS_HUB_BAD_ARGUMENT");
    await send(open, "elpis.request", { call: 9, topic: "add", payload: { $what: 1 } });
    expect((await reply(9)).error?.code).toBe("ELPIS_NODE_IPC_VALUE");
  });

  it("hears events and tells them", async () => {
    const open = await joined();
    const { hub, client, at, stats } = open;
    const heard: unknown[] = [];
    hub.client.on("told", (payload, { from }) => heard.push([payload, from.name]));
    await hub.client.emit("news", { at: new Date(9) });
    await client.told("event", (one: object) => {
      expect(one).toMatchObject({
        topic: "news",
        payload: { at: { $date: 9 } },
        from: { role: "master" },
      });
      return true;
    });
    await send(open, "elpis.emit", { topic: "told", payload: 1 });
    await send(open, "elpis.emit", { topic: "told", payload: 2, to: { role: "master" }, call: 1 });
    await client.told("reply", (one: Reply) => one.call === 1);
    expect(heard).toEqual([1, 2].map((payload) => [payload, at.name]));
    await send(open, "elpis.unlisten", { topic: "news" });
    await send(open, "elpis.emit", { topic: "", payload: 3 });
    await until("the refusal", async () => (await stats()).refusedEvents === 1);
  });

  it("is told when nobody waits for its answer any more", async () => {
    const open = await joined();
    const { hub, client, stats } = open;
    const late = hub.client.request("guest.never", 1, { timeoutMs: 30 });
    await expect(late).rejects.toMatchObject({ code: "ELPIS_HUB_DEADLINE" });
    const { call } = await client.told<{ call: number }>("cancel");
    await send(open, "elpis.reply", { call, payload: "late" });
    await until("the late answer", async () => (await stats()).lateReplies === 1);
  });

  it("that is killed fails its calls at once, and is gone", async () => {
    const { hub, client, stats } = await joined();
    const call = hub.client.request("guest.never", 1, { timeoutMs: 60_000 });
    await client.told("call", (one: { topic: string }) => one.topic === "guest.never");
    client.child.kill("SIGKILL");
    await expect(call).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
    expect(await hub.client.peers({ name: "guest" })).toEqual([]);
    expect(await stats()).toMatchObject({ joined: 0 });
  });

  it("leaves by its own wish, or when the hub closes", async () => {
    const open = await joined();
    const second = new IpcClient(open.dir);
    await second.told("welcome");
    await open.hub.client.request("guest.do", { name: "elpis.leave", json: "{}" }).catch(() => {});
    await until("one to be gone", async () => (await open.stats()).joined === 1);
    await open.hub.close();
    for (const one of [open.client, second]) {
      expect(await one.told("goodbye")).toMatchObject({ code: "ELPIS_HUB_CLOSED" });
      await one.told("disconnected");
    }
    expect(existsSync(join(open.dir, "node-ipc", "elpis.hub"))).toBe(false);
  });
});

describe.skipIf(reason !== undefined)("the door to node-ipc", () => {
  it("says goodbye also to who still writes", async () => {
    const open = await openHub();
    const line = await joinBare(open, []);
    line.socket.pause();
    line.socket.write(frame("elpis.leave", {}));
    await until("it to be gone", async () => (await open.hub.client.peers()).length === 1);
    const listen = frame("elpis.listen", { topic: "news" });
    await new Promise((resolve) => line.socket.write(listen, resolve));
    line.socket.resume();
    expect(await line.closed).toContain("elpis.goodbye");
    expect((await open.stats()).closes).toEqual({});
  });

  it("refuses a wrong secret", async () => {
    const { hub, dir, stats } = await openHub();
    const client = new IpcClient(dir, "wrong-secret");
    expect(await client.told("goodbye")).toMatchObject({ code: "ELPIS_NODE_IPC_AUTH" });
    await client.told("disconnected");
    expect(await hub.client.peers()).toHaveLength(1);
    expect((await stats()).closes).toEqual({ ELPIS_NODE_IPC_AUTH: 1 });
  });

  it("refuses who says nothing for a second", async () => {
    const { dir, stats } = await openHub();
    const client = new IpcClient(dir, "silent");
    expect(await client.told("goodbye")).toMatchObject({ code: "ELPIS_NODE_IPC_AUTH" });
    expect(await stats()).toMatchObject({ halfOpen: 0, closes: { ELPIS_NODE_IPC_AUTH: 1 } });
  });

  it("refuses a message over the limit, counts it, and nobody else notices", async () => {
    const open = await joined({ maxMessageBytes: 65_536 });
    const { hub, stats } = open;
    const other = new IpcClient(open.dir);
    await other.told("welcome");
    const heard: unknown[] = [];
    hub.client.on("news", (payload) => heard.push(payload));
    const [first] = await hub.client.peers({ pid: open.client.child.pid as number });
    const to = { id: first?.id as number };
    await hub.client.request("guest.do", { task: "flood", bytes: 65_000 }, { to });
    await until("the large event", () => heard.length === 1);
    const call = hub.client.request("guest.do", { task: "flood", bytes: 66_000 }, { to });
    // Its answer is behind the message that is refused.
    await expect(call).rejects.toMatchObject({ code: "ELPIS_HUB_PEER_LOST" });
    await open.client.told("disconnected");
    expect(await stats()).toMatchObject({ joined: 1, closes: { ELPIS_NODE_IPC_TOO_LARGE: 1 } });
    expect(await hub.client.request("guest.double", [1])).toEqual([[1, 1]]);
    expect(heard).toHaveLength(1);
  });

  it("fails a call that is too large for a client, which stays", async () => {
    const { hub, stats } = await joined({ maxMessageBytes: 65_536 });
    const large = "x".repeat(70_000);
    await expect(hub.client.request("guest.double", [large])).rejects.toThrow(
      /over the limit of 65536/,
    );
    await hub.client.emit("news", large);
    expect(await hub.client.request("guest.double", [1])).toEqual([[1, 1]]);
    expect(await stats()).toMatchObject({ joined: 1, droppedEvents: 1 });
  });

  it.each<[string, string | Buffer]>([
    ["text that is not JSON", "hello\f"],
    ["a type that is not text", frame(5)],
    ["the name of a method of Object", frame("toString", {})],
    ["an event of the library", frame("socket.disconnected", { id: { toString: 5 } })],
    ["null", "null\f"],
    ["no fields", frame("elpis.hello")],
    [
      "a role that is the hub's",
      frame("elpis.hello", { nonce: "00".repeat(32), pid: 1, role: "master" }),
    ],
    ["a message before it is proved", frame("elpis.emit", { topic: "news", payload: 1 })],
    ["a proof without a hello", frame("elpis.join", { proof: "00".repeat(32) })],
    ["nested beyond measure", frame("elpis.hello", {}).replace("{}", "[".repeat(100_000))],
    ["bytes", Buffer.concat([randomBytes(999), Buffer.from("\f")])],
  ])("ends a connection that sends %s", async (_, bytes) => {
    const open = await openHub();
    const { socket, closed } = await dial(open);
    socket.write(bytes);
    await closed;
    const { closes } = await open.stats();
    expect(closes).toEqual({ ELPIS_NODE_IPC_INVALID: 1 });
    expect(await open.hub.client.peers()).toHaveLength(1);
  });

  it("takes a conversation in single bytes, and no second half-open line than it serves", async () => {
    const open = await openHub();
    const lines = await Promise.all(Array.from({ length: 40 }, () => dial(open)));
    const answers = lines.map(({ closed }) => closed);
    const hello = frame("elpis.hello", { nonce: "00".repeat(32), pid: 1 });
    for (const byte of Buffer.from(hello)) lines[0]?.socket.write(Buffer.of(byte));
    expect(await answers[0]).toContain('"elpis.challenge"');
    await Promise.all(answers);
    const { closes } = await open.stats();
    expect(closes).toEqual({ ELPIS_NODE_IPC_BUSY: 8, ELPIS_NODE_IPC_AUTH: 32 });
  });

  it("drops events for a client that does not read, and ends it when answers pile up", async () => {
    const open = await openHub();
    const { hub } = open;
    const slow = await joinBare(open, ["news"]);
    const other = new IpcClient(open.dir);
    await other.told("welcome");
    await until("it to listen", async () => {
      await hub.client.emit("news", "first");
      return slow.text().includes("first");
    });
    slow.socket.pause();
    const large = "x".repeat(200_000);
    for (let sent = 0; sent < 60; sent++) await hub.client.emit("news", large);
    // 4 MiB may wait in the door, and some in the sockets.
    await until("the rest to be dropped", async () => (await open.stats()).droppedEvents > 25);
    expect((await open.stats()).droppedEvents).toBeLessThan(50);
    hub.client.handle("large", () => large);
    for (let call = 0; call < 60; call++) {
      slow.socket.write(frame("elpis.request", { call, topic: "large", payload: null }));
    }
    await until(
      "it to be ended",
      async () => (await open.stats()).closes.ELPIS_NODE_IPC_SLOW === 1,
    );
    // The other one listens too: for a moment as much may wait for it, which it is told to try again for.
    await until("the other to be served", async () => {
      const answer = hub.client.request("guest.double", [1]).catch((error: ElpisError) => {
        if (!error.retryable) throw error;
      });
      return JSON.stringify(await answer) === "[[1,1]]";
    });
    expect(await open.stats()).toMatchObject({ joined: 1 });
  });

  it("ends a client whose message has no end, and one that asks twice under one number", async () => {
    const open = await openHub();
    const first = await joinBare(open, []);
    first.socket.write('{"type":"elpis.emit","data":');
    const second = await joinBare(open, []);
    const request = frame("elpis.request", { call: 1, topic: "elpis.node-ipc.stats", payload: 1 });
    second.socket.write(request + request);
    expect(await second.closed).toContain("call 1 is not answered yet");
    await first.closed;
    const { closes } = await open.stats();
    expect(closes).toEqual({ ELPIS_NODE_IPC_INCOMPLETE: 1, ELPIS_NODE_IPC_INVALID: 1 });
    expect(await open.hub.client.peers()).toHaveLength(1);
  });

  it("has a bound on connections", async () => {
    const open = await openHub({ maxConnections: 2 });
    const lines = await Promise.all(Array.from({ length: 5 }, () => dial(open)));
    await until(
      "the others to be dropped",
      async () => (await open.stats()).closes.ELPIS_NODE_IPC_BUSY === 3,
    );
    for (const { socket } of lines) socket.destroy();
    const client = new IpcClient(open.dir);
    await client.told("welcome");
  });

  it("does not start without a hub that can be reached", async () => {
    await expect(openHub({ dir: join(import.meta.dirname, "nowhere") })).rejects.toMatchObject({
      code: "ELPIS_PLUGIN_SETUP",
      cause: { code: "ELPIS_NODE_IPC_NO_HUB" },
    });
  });
});
