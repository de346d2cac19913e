import { rmSync } from "node:fs";
import { createServer, connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import { type Client, type ConnectionChange, ElpisError, type PeerChange } from "@elpis/api";
import { it as check, describe, expect, onTestFinished, vi } from "vitest";
import { isRefusal, Redial, redialPauseMs } from "../src/client/redial.ts";
import { connect, connectTo, type Hub } from "../src/index.ts";
import { deferred, joinHub, settled, startHub, tempDir } from "./support/hub-kit.ts";

const code = (value: string): unknown => expect.objectContaining({ code: value });
const away = { code: "ELPIS_HUB_CLOSED", retryable: true };

/** What a client's listener to its connection was told. */
function changesOf(client: Client): ConnectionChange[] {
  const told: ConnectionChange[] = [];
  client.onConnection((change) => told.push(change));
  return told;
}

async function back(client: Client): Promise<void> {
  await expect.poll(() => client.connected, { interval: 5, timeout: 5000 }).toBe(true);
}

/** A hub, and a way to have another one in its place. */
async function restartable(): Promise<{ hub: Hub; restart(): Promise<Hub> }> {
  const dir = tempDir();
  const hub = await startHub({ dir });
  return {
    hub,
    restart: async () => {
      await hub.close();
      return startHub({ dir });
    },
  };
}

describe("a client whose hub is started again", () => {
  check("answers and listens as before, though the secret is another", async () => {
    const { hub, restart } = await restartable();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    b.handle("who", (_, { from }) => `${from.name} asks b`);
    const heard: unknown[] = [];
    b.on("news", (news) => heard.push(news));
    expect(await a.request("who", null)).toBe("a asks b");
    const next = await restart();
    expect(next.secret).not.toBe(hub.secret);
    await Promise.all([back(a), back(b)]);
    await settled(b);
    expect(await a.request("who", null)).toBe("a asks b");
    await a.emit("news", 7);
    await expect.poll(() => heard).toEqual([7]);
    expect(a.location).toMatchObject({ name: "a", role: "peer" });
  });

  check("is found by name, wherever its socket is then", async () => {
    const base = tempDir();
    const hub = await startHub({ name: "shop", dir: join(base, "shop") });
    const client = await connectTo("shop", { base });
    await hub.close();
    const next = await startHub({ name: "shop", dir: join(base, "shop") });
    await back(client);
    expect(next.stats().peers).toHaveLength(2);
    await client.close();
  });

  check("tells its listeners what was lost and what is back", async () => {
    const { hub, restart } = await restartable();
    const a = await joinHub(hub, "a");
    const told = changesOf(a);
    const before = a.location;
    const next = await restart();
    await back(a);
    expect(told).toMatchObject([
      { type: "lost", cause: { code: "ELPIS_HUB_CLOSED" } },
      { type: "back", location: { name: "a" }, restarted: true },
    ]);
    expect(told[1]).toMatchObject({ gapMs: expect.any(Number), location: a.location });
    expect(next.stats().peers.map(({ id }) => id)).toContain(a.location.id);
    expect(before.name).toBe(a.location.name);
  });

  check("fails what was under way at once, as something that may be tried again", async () => {
    const { hub, restart } = await restartable();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    const signals: AbortSignal[] = [];
    const ended = deferred<string>();
    b.handle("work", (_, { signal }) => {
      signals.push(signal);
      return ended.promise;
    });
    await settled(b);
    const call = a.request("work", 1, { timeoutMs: 60_000 });
    const map = a.map("work", 1, { timeoutMs: 60_000 });
    const failed = Promise.all([
      expect(call).rejects.toMatchObject(away),
      expect(map).rejects.toMatchObject(away),
    ]);
    await expect.poll(() => signals.length).toBe(2);
    const next = await restart();
    await failed;
    await expect.poll(() => signals.every(({ aborted }) => aborted)).toBe(true);
    await Promise.all([back(a), back(b)]);
    // What was asked over the old connection is not answered over the new one.
    ended.resolve("late");
    await settled(b);
    const again = await a.request("work", 2, { absent: "wait" });
    expect(again).toBe("late");
    expect(next.stats()).toMatchObject({ stray: 0, late: 0 });
  });

  check("tells watchers of peers who has left, who has joined, and nothing twice", async () => {
    const { hub, restart } = await restartable();
    const a = await joinHub(hub, "a");
    const b = await joinHub(hub, "b");
    const told: string[] = [];
    const note = ({ type, peer }: PeerChange): void => void told.push(`${type} ${peer.name}`);
    a.watchPeers(note, { role: "peer" });
    await expect.poll(() => told.length).toBe(2);
    expect(told.splice(0).sort()).toEqual(["joined a", "joined b"]);
    await b.close();
    await expect.poll(() => told.splice(0)).toEqual(["left b"]);
    const next = await restart();
    await back(a);
    await expect.poll(() => told.splice(0)).toEqual(["left a", "joined a"]);
    await joinHub(next, "c");
    await expect.poll(() => told.splice(0)).toEqual(["joined c"]);
  });

  check("is as ready as it last said", async () => {
    const { hub, restart } = await restartable();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    a.setReady(false);
    a.handle("who", () => "a");
    await settled(a);
    const next = await restart();
    await Promise.all([back(a), back(b)]);
    await settled(a);
    await expect(b.request("who", null)).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
    a.setReady(true);
    await settled(a);
    expect(await b.request("who", null)).toBe("a");
    expect(next.stats().peers.every(({ ready }) => ready)).toBe(true);
  });

  check("declares what began and ended while there was no hub", async () => {
    const { hub, restart } = await restartable();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    const off = b.handle("old", () => "old");
    await settled(b);
    await hub.close();
    await expect.poll(() => b.connected).toBe(false);
    off();
    b.handle("new", () => "new");
    await restart();
    await Promise.all([back(a), back(b)]);
    await settled(b);
    expect(await a.request("new", null)).toBe("new");
    await expect(a.request("old", null)).rejects.toThrow(code("ELPIS_HUB_NO_RESPONDER"));
  });
});

describe("while there is no hub", () => {
  check("what may wait is sent when there is one again; the rest fails at once", async () => {
    const { hub, restart } = await restartable();
    const a = await joinHub(hub, "a");
    await hub.close();
    await expect.poll(() => a.connected).toBe(false);
    await expect(a.request("x", 1)).rejects.toMatchObject(away);
    await expect(a.consume("x", 1)).rejects.toMatchObject(away);
    await expect(a.map("x", 1)).rejects.toMatchObject(away);
    await expect(a.emit("x", 1)).rejects.toMatchObject(away);
    await expect(a.emit("x", 1, { absent: "fail" })).rejects.toMatchObject(away);
    await expect(a.peers()).rejects.toMatchObject(away);
    const wait = { absent: "wait" } as const;
    const input = { n: 1 };
    const calls = [a.request("sum", input, wait), a.consume("task", 1, wait)];
    const delivery = a.emit("news", "hello", { ...wait, report: true });
    // What was given is what is sent.
    input.n = 100;
    const next = await restart();
    const seen: unknown[] = [];
    next.client.on("task", (task) => seen.push(task));
    next.client.on("news", (news) => seen.push(news));
    next.client.handle("sum", ({ n }) => n + 1);
    expect(await Promise.all(calls)).toEqual([2, undefined]);
    expect(await delivery).toEqual({ accepted: 1, dropped: 0 });
    await expect.poll(() => seen).toEqual([1, "hello"]);
  });

  check("what waits ends at its deadline, by its signal, and at close", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    await hub.close();
    await expect.poll(() => a.connected).toBe(false);
    const abort = new AbortController();
    const ends = [
      a.request("x", 1, { absent: "wait", timeoutMs: 20 }),
      a.emit("x", 1, { absent: "wait", timeoutMs: 20 }),
      a.request("x", 1, { absent: "wait", signal: abort.signal }),
      a.request("x", 1, { absent: "wait", signal: AbortSignal.abort() }),
      a.request("x", 1, { absent: "wait" }),
    ].map((call) => call.then(String, (error: { code: string }) => error.code));
    abort.abort();
    expect(await Promise.all(ends.slice(0, 4))).toEqual([
      "ELPIS_HUB_DEADLINE",
      "ELPIS_HUB_NO_RESPONDER",
      "ELPIS_HUB_CANCELLED",
      "ELPIS_HUB_CANCELLED",
    ]);
    await a.close();
    expect(await ends[4]).toBe("ELPIS_HUB_CLOSED");
    expect(await a.closed).toBeUndefined();
    await expect(a.request("x", 1, { absent: "wait" })).rejects.toMatchObject({ retryable: false });
  });

  check("no more waits than there is room for", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    await hub.close();
    await expect.poll(() => a.connected).toBe(false);
    const calls = Array.from({ length: 1024 }, () => a.request("x", 1, { absent: "wait" }));
    const ends = calls.map((call) => call.catch((error: { code: string }) => error.code));
    const over = a.request("x", 1, { absent: "wait" });
    await expect(over).rejects.toThrow(code("ELPIS_HUB_OVERLOADED"));
    await a.close();
    expect(new Set(await Promise.all(ends))).toEqual(new Set(["ELPIS_HUB_CLOSED"]));
  });

  check("bytes count as well", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    await hub.close();
    await expect.poll(() => a.connected).toBe(false);
    const big = Buffer.alloc(1024 * 1024 - 100);
    const kept = [1, 2, 3, 4].map(() =>
      a.request("x", big, { absent: "wait" }).catch((error: { code: string }) => error.code),
    );
    await expect(a.request("x", big, { absent: "wait" })).rejects.toThrow(
      code("ELPIS_HUB_OVERLOADED"),
    );
    await a.close();
    await Promise.all(kept);
  });
});

describe("the end for good", () => {
  check("comes with the connection when nothing else was wanted", async () => {
    const hub = await startHub();
    const { path, secret } = hub;
    const a = await connect({ path, secret, reconnect: false });
    const told = changesOf(a);
    await hub.close();
    expect(await a.closed).toMatchObject({ code: "ELPIS_HUB_CLOSED" });
    expect([a.connected, told.length]).toEqual([false, 1]);
  });

  check("comes when the hub refuses the proof again and again, not before", async () => {
    const hub = await startHub();
    const { path, cut } = await cable(hub);
    let asked = 0;
    const endpoint = (): { path: string; secret: string } => {
      asked++;
      return { path, secret: "another" };
    };
    const a = await connect({ path, secret: hub.secret, endpoint });
    const told = changesOf(a);
    cut();
    expect(await a.closed).toMatchObject({ code: "ELPIS_PROTOCOL_AUTH" });
    expect(asked).toBe(3);
    expect(told.map(({ type }) => type)).toEqual(["lost"]);
    await expect(a.request("x", 1)).rejects.toThrow(code("ELPIS_PROTOCOL_AUTH"));
  });

  check("does not come while a new hub has not said its secret yet", async () => {
    const hub = await startHub();
    const { secret } = hub;
    const { path, cut } = await cable(hub);
    let asked = 0;
    const endpoint = (): { path: string; secret: string } => ({
      path,
      secret: ++asked <= 2 ? "yesterday's" : secret,
    });
    const a = await connect({ path, secret, endpoint });
    const told = changesOf(a);
    cut();
    await lost(a);
    await back(a);
    expect(asked).toBe(3);
    // It is the same hub, which was there all the time.
    expect(told[1]).toMatchObject({ type: "back", restarted: false });
    await a.close();
  });

  check("comes when the hub says that this peer breaks the protocol", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    a.handle("elpis.hub.mine", () => 1);
    expect(await a.closed).toMatchObject({ code: "ELPIS_PROTOCOL_INVALID" });
    expect(a.connected).toBe(false);
  });

  check("close ends the attempts too", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const dial = vi.fn(() => ({ path: hub.path, secret: hub.secret }));
    const b = await connect({ path: hub.path, secret: hub.secret, endpoint: dial });
    await hub.close();
    await expect.poll(() => dial.mock.calls.length, { interval: 5 }).toBeGreaterThan(1);
    await Promise.all([a.close(), b.close(), b.close()]);
    const { length } = dial.mock.calls;
    await startHub({ dir: hub.dir });
    expect([a.connected, b.connected, dial.mock.calls.length]).toEqual([false, false, length]);
  });
});

describe("the same hub", () => {
  check("is told apart from a new one: watchers hear only what has changed", async () => {
    const hub = await startHub();
    const { path, cut } = await cable(hub);
    const a = await connect({ path, secret: hub.secret, location: { name: "a" } });
    const b = await joinHub(hub, "b");
    const changes = changesOf(a);
    const told: string[] = [];
    a.watchPeers(({ type, peer }) => told.push(`${type} ${peer.name}`));
    await expect.poll(() => told.length).toBe(3);
    told.length = 0;
    const former = a.location.id;
    cut();
    await lost(a);
    await back(a);
    await expect.poll(() => told).toEqual(["left a", "joined a"]);
    expect(changes[1]).toMatchObject({ type: "back", restarted: false });
    expect(a.location.id).not.toBe(former);
    await expect.poll(() => hub.stats().peers.length).toBe(3);
    await Promise.all([a.close(), b.close()]);
  });

  check(
    "break after break leaves nothing behind",
    async () => {
      const hub = await startHub();
      const { path, cut } = await cable(hub);
      const a = await connect({ path, secret: hub.secret });
      a.handle("who", () => "a");
      await settled(a);
      for (let round = 0; round < 6; round++) {
        // Such breaks in a row make the pauses longer; that the hub was there makes no difference.
        vi.spyOn(Math, "random").mockReturnValue(0);
        cut();
        await lost(a);
        await back(a);
        await settled(a);
        expect(await hub.client.request("who", null, { absent: "wait" })).toBe("a");
      }
      await expect.poll(() => hub.stats().peers.length).toBe(2);
      expect(hub.stats().openCalls).toBe(0);
    },
    60_000,
  );
});

describe("joining", () => {
  check("is bounded in time where nobody answers", async () => {
    const silent = createServer(() => {});
    const path = join(tempDir(), "silent.sock");
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    const joining = connect({ path, secret: "s", timeoutMs: 30 });
    await expect(joining).rejects.toThrow(/no welcome within \d+ ms/);
    silent.close();
  });

  check("says what may be wrong when the connection is closed without a word", async () => {
    const server = createServer((socket) => socket.destroy());
    const path = join(tempDir(), "rude.sock");
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(connect({ path, secret: "s" })).rejects.toMatchObject({
      code: "ELPIS_HUB_CLOSED",
      message: expect.stringMatching(/may be full/),
    });
    server.close();
    rmSync(path, { force: true });
  });

  check("a hub that is full says so, and there is room again when somebody leaves", async () => {
    const hub = await startHub({ limits: { maxConnections: 1 } });
    const a = await joinHub(hub, "a");
    await expect(joinHub(hub, "b")).rejects.toMatchObject({
      code: "ELPIS_HUB_FULL",
      retryable: true,
    });
    await a.close();
    await expect
      .poll(() =>
        joinHub(hub, "c").then(
          () => "in",
          () => "full",
        ),
      )
      .toBe("in");
  });
});

describe("dialling", () => {
  check("goes on until it is stopped", async () => {
    const dials = [0, 0];
    const redials = dials.map(
      (_, n) =>
        new Redial(
          async () => {
            dials[n] = (dials[n] as number) + 1;
            throw new Error("nobody there");
          },
          () => {},
        ),
    );
    for (const redial of redials) redial.begin(0);
    redials[0]?.stop();
    // The other one, which began at the same time, shows that there was time for more than one attempt.
    await expect.poll(() => dials[1]).toBe(3);
    redials[1]?.stop();
    expect(dials[0]).toBe(0);
  });

  check("ends with a refusal, and what was under way is given up by stop", async () => {
    const refusals: unknown[] = [];
    const told = deferred();
    const refusal = new ElpisError("ELPIS_PROTOCOL_VERSION", "too old");
    const refused = new Redial(
      () => Promise.reject(refusal),
      (error) => {
        refusals.push(error);
        told.resolve();
      },
    );
    refused.begin(0);
    await told.promise;
    expect(refusals).toEqual([refusal]);
    const started = deferred<AbortSignal>();
    const hanging = new Redial(
      (signal) => {
        started.resolve(signal);
        return new Promise(() => {});
      },
      () => {},
    );
    hanging.begin(0);
    const signal = await started.promise;
    hanging.stop();
    expect(signal.aborted).toBe(true);
  });
});

describe("the pauses", () => {
  check("double from 50 ms to 2 s, and nobody's are quite the same", () => {
    const longest = Array.from({ length: 10 }, (_, n) => redialPauseMs(n, 1));
    expect(longest).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000]);
    expect(redialPauseMs(3, 0)).toBe(200);
    expect(redialPauseMs(10_000, 1)).toBe(2000);
  });

  check("are no answer to a refusal", () => {
    expect(isRefusal(new Error("no"))).toBe(false);
    expect(isRefusal(undefined)).toBe(false);
  });
});

/** A path to the hub that can break while the hub lives on, and is whole again at once. */
async function cable(hub: Hub): Promise<{ path: string; cut(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(hub.path);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  const path = join(tempDir(), "cable.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    server.close();
    cut();
  });
  return { path, cut };
}

async function lost(client: Client): Promise<void> {
  await expect.poll(() => client.connected, { interval: 1 }).toBe(false);
}
