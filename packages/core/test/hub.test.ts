import { existsSync, readdirSync, statSync } from "node:fs";
import { connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import { BodyCodec, Kind } from "@elpis/protocol";
import { describe, expect, it } from "vitest";
import { connect, createHub } from "../src/index.ts";
import { deferred, joinHub, settled, startHub, tempDir } from "./support/hub-kit.ts";

const code = (value: string): unknown => expect.objectContaining({ code: value });

describe("a hub over a real socket", () => {
  it("answers requests between peers, and by the process that hosts it", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    b.handle("sum", ({ x, y }, context) => [x + y, context.from.name]);
    hub.client.handle("whoami", (_, context) => context.from.index);
    await settled(b);
    expect(await a.request("sum", { x: 1, y: 2 })).toEqual([3, "a"]);
    expect(await b.request("whoami", null)).toBe(0);
  });

  it("carries every kind of plain value, falsy ones included", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.handle("echo", (value) => value);
    const values = [
      0,
      1.5,
      Number.NaN,
      "",
      "ü€😀",
      false,
      null,
      undefined,
      2n ** 63n - 1n,
      -5n,
      [],
      {},
      new Date(1234567890123),
      { a: [{ b: null, c: undefined }] },
      "x".repeat(100_000),
    ];
    for (const value of values) expect(await a.request("echo", value)).toEqual(value);
    for (const size of [0, 10, 5000, 900_000]) {
      const bytes = Buffer.alloc(size, 7);
      expect(Buffer.compare((await a.request("echo", bytes)) as Buffer, bytes)).toBe(0);
    }
  });

  it("keeps what was sent when the caller changes its buffer afterwards", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.handle("first", (bytes: Uint8Array) => bytes[0]);
    const bytes = Buffer.alloc(200_000, 1);
    const answer = a.request("first", bytes);
    bytes.fill(2);
    expect(await answer).toBe(1);
  });

  it("passes on the error of a handler as data, with its own code", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.handle("fail", () => {
      throw Object.assign(new TypeError("no such sku"), { code: "NO_SKU", details: { sku: 7 } });
    });
    hub.client.handle("imitate", () => {
      throw Object.assign(new Error("not yours"), { code: "ELPIS_HUB_DEADLINE" });
    });
    await expect(a.request("fail", null)).rejects.toMatchObject({
      code: "NO_SKU",
      name: "TypeError",
      message: "no such sku",
      details: { sku: 7, topic: "fail" },
    });
    await expect(a.request("imitate", null)).rejects.toMatchObject({
      code: "ELPIS_HUB_REMOTE",
      details: { remote: { code: "ELPIS_HUB_DEADLINE" } },
    });
  });

  it("refuses before anything is sent: too large, not packable, wrong arguments", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    await expect(a.request("x", Buffer.alloc(1024 * 1024))).rejects.toThrow(
      code("ELPIS_HUB_TOO_LARGE"),
    );
    await expect(a.emit("x", Buffer.alloc(1024 * 1024))).rejects.toThrow(
      code("ELPIS_HUB_TOO_LARGE"),
    );
    await expect(a.request("x", { f: () => {} })).rejects.toThrow(
      code("ELPIS_PROTOCOL_NOT_PACKABLE"),
    );
    await expect(a.request("x", 1, { timeoutMs: 0 })).rejects.toThrow(
      code("ELPIS_HUB_BAD_ARGUMENT"),
    );
    await expect(a.request("", 1)).rejects.toThrow(code("ELPIS_HUB_BAD_ARGUMENT"));
    const wrong = { colour: "red" } as object;
    await expect(a.request("x", 1, { to: wrong })).rejects.toThrow(code("ELPIS_HUB_BAD_ARGUMENT"));
    expect(hub.stats().closes).toEqual({});
  });

  it("turns an answer that is too large into an error", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.handle("big", () => Buffer.alloc(1024 * 1024));
    await expect(a.request("big", null)).rejects.toThrow(code("ELPIS_HUB_TOO_LARGE"));
  });
});

describe("failure", () => {
  it("of a peer fails what it works on at once, and nothing else", async () => {
    const hub = await startHub();
    const [a, b, c] = [await joinHub(hub, "a"), await joinHub(hub, "b"), await joinHub(hub, "c")];
    const started = deferred();
    const release = deferred<string>();
    b.handle("work", () => {
      started.resolve();
      return new Promise(() => {});
    });
    c.handle("other", () => release.promise);
    await Promise.all([settled(b), settled(c)]);
    const lost = a.request("work", null, { timeoutMs: 60_000 });
    const kept = a.request("other", null, { timeoutMs: 60_000 });
    const failed = expect(lost).rejects.toThrow(code("ELPIS_HUB_PEER_LOST"));
    await started.promise;
    await b.close();
    await failed;
    release.resolve("fine");
    expect(await kept).toBe("fine");
  });

  it("to answer in time is told to caller and handler", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const told = deferred<string>();
    hub.client.handle("slow", (_, { signal }) => {
      signal.addEventListener("abort", () => told.resolve(signal.reason.code));
      return new Promise(() => {});
    });
    await expect(a.request("slow", null, { timeoutMs: 30 })).rejects.toThrow(
      code("ELPIS_HUB_DEADLINE"),
    );
    expect(await told.promise).toBe("ELPIS_HUB_CANCELLED");
  });

  it("by cancellation is told to caller and handler; the next call is not affected", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const started = deferred();
    const told = deferred();
    hub.client.handle("slow", (input, { signal }) => {
      if (input === "quick") return "done";
      started.resolve();
      signal.addEventListener("abort", () => told.resolve());
      return new Promise(() => {});
    });
    const abort = new AbortController();
    const call = a.request("slow", null, { signal: abort.signal });
    await started.promise;
    abort.abort(new Error("changed my mind"));
    await expect(call).rejects.toMatchObject({
      code: "ELPIS_HUB_CANCELLED",
      cause: { message: "changed my mind" },
    });
    await told.promise;
    expect(await a.request("slow", "quick")).toBe("done");
    const dead = a.request("slow", null, { signal: AbortSignal.abort() });
    await expect(dead).rejects.toThrow(code("ELPIS_HUB_CANCELLED"));
  });

  it("of the hub fails every call and ends every client that does not dial again", async () => {
    const hub = await startHub();
    const b = await joinHub(hub, "b");
    const a = await connect({ path: hub.path, secret: hub.secret, reconnect: false });
    b.handle("work", () => new Promise(() => {}));
    await settled(b);
    const call = a.request("work", null);
    const failed = expect(call).rejects.toThrow(code("ELPIS_HUB_CLOSED"));
    await settled(a);
    await hub.close();
    await failed;
    expect((await a.closed)?.code).toBe("ELPIS_HUB_CLOSED");
    await expect(a.request("work", null)).rejects.toThrow(code("ELPIS_HUB_CLOSED"));
    await expect(a.emit("x", 1)).rejects.toThrow(code("ELPIS_HUB_CLOSED"));
  });

  it("of a listener to a consume is told to the sender", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    hub.client.on("task", () => Promise.reject(new Error("out of paper")));
    await expect(a.consume("task", null)).rejects.toThrow("out of paper");
  });
});

describe("handlers", () => {
  it("run no more at once than they allow, and refuse what does not fit in line", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const gates: Array<() => void> = [];
    let running = 0;
    let most = 0;
    hub.client.handle(
      "work",
      async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => gates.push(resolve));
        running--;
      },
      { concurrency: 2, queue: 1 },
    );
    const calls = [1, 2, 3, 4].map((n) => a.request("work", n));
    await expect(calls[3]).rejects.toThrow(code("ELPIS_HUB_OVERLOADED"));
    for (let done = 0; done < 3; done++) {
      await expect.poll(() => gates.length).toBeGreaterThan(0);
      gates.shift()?.();
    }
    await Promise.all(calls.slice(0, 3));
    expect(most).toBe(2);
  });

  it("are one for each topic and client", async () => {
    const hub = await startHub();
    const off = hub.client.handle("work", () => 1);
    expect(() => hub.client.handle("work", () => 2)).toThrow(code("ELPIS_HUB_DUPLICATE_HANDLER"));
    off();
    off();
    hub.client.handle("work", () => 3);
    expect(await hub.client.request("work", null)).toBe(3);
  });
});

describe("joining", () => {
  it("needs the secret, on both sides", async () => {
    const hub = await startHub();
    const { path } = hub;
    await expect(connect({ path, secret: "guess" })).rejects.toThrow(code("ELPIS_PROTOCOL_AUTH"));
    expect(await hub.client.peers()).toHaveLength(1);
  });

  it("does not let a peer call itself master", async () => {
    const hub = await startHub();
    const location = { role: "master" as "worker" };
    await expect(connect({ path: hub.path, secret: hub.secret, location })).rejects.toThrow(
      code("ELPIS_PROTOCOL_INVALID"),
    );
  });

  it("is limited in time, and bounded in number while unproved", async () => {
    const hub = await startHub({ limits: { handshakeTimeoutMs: 100, maxHalfOpen: 2 } });
    const silent = Array.from({ length: 5 }, () => dial(hub.path));
    await Promise.all(silent.map((socket) => new Promise((done) => socket.once("connect", done))));
    // Those in line get their turn when the silent ones have been sent away.
    expect((await joinHub(hub, "late")).location.name).toBe("late");
    await Promise.all(silent.map(closed));
    await expect.poll(() => hub.stats().closes.ELPIS_PROTOCOL_AUTH).toBe(5);
  });

  it("stands two hundred at once", async () => {
    const hub = await startHub();
    const peers = await Promise.all(Array.from({ length: 200 }, (_, n) => joinHub(hub, "many", n)));
    expect(await peers[0]?.peers({ name: "many" })).toHaveLength(200);
  });

  it.each([
    ["junk", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4))],
    ["a frame larger than any handshake", frameOf(Kind.hello, Buffer.alloc(8000))],
    ["a message before its hello", frameOf(Kind.event, "x")],
    ["a hello that is none", frameOf(Kind.hello, { protocol: "new" })],
    ["a hello from the future", frameOf(Kind.hello, { protocol: [7, 9], client: "x", pid: 1 })],
  ])("refuses %s and goes on", async (_, bytes) => {
    const hub = await startHub();
    const socket = dial(hub.path);
    socket.write(bytes);
    await closed(socket);
    await expect.poll(() => Object.keys(hub.stats().closes)[0]).toMatch(/^ELPIS_PROTOCOL_/);
    const a = await joinHub(hub, "a");
    expect(await a.peers()).toHaveLength(2);
  });
});

describe("its folder", () => {
  it("holds what a peer needs for its user alone, and nothing when it has closed", async () => {
    const dir = join(tempDir(), "private");
    const hub = await createHub({ name: "test", dir });
    const mode = (file: string): number => statSync(join(dir, file)).mode & 0o777;
    expect([mode("."), mode("hub.sock"), mode("hub.json")]).toEqual([0o700, 0o600, 0o600]);
    await hub.close();
    expect(readdirSync(dir).filter((file) => !file.startsWith("lock."))).toEqual([]);
  });

  it("has one owner: a second hub is refused and does no harm", async () => {
    const dir = tempDir();
    const hub = await startHub({ dir });
    await expect(createHub({ name: "test", dir })).rejects.toMatchObject({
      code: "ELPIS_HUB_OWNED",
      details: { pid: process.pid },
    });
    expect(existsSync(hub.path)).toBe(true);
    expect(await (await joinHub(hub, "a")).peers()).toHaveLength(2);
    await hub.close();
    await startHub({ dir });
  });
});

describe("several hubs in one process", () => {
  it("do not meet", async () => {
    const [one, two] = [await startHub(), await startHub({ listen: false })];
    one.client.handle("who", () => "one");
    expect(await one.client.request("who", null)).toBe("one");
    await expect(two.client.request("who", null)).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
    expect(two.path).toBe("");
  });
});

function frameOf(kind: number, body: unknown): Buffer {
  return Buffer.from(new BodyCodec().frame(body, kind, 0, 0, 0, 0));
}

function closed(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  socket.resume();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}
