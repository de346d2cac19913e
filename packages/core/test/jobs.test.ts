import { createServer, connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import { type Client, hasCode, type JobContext, type JobStats } from "@elpis/api";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connect, type Hub } from "../src/index.ts";
import { copyPrivate, deferred, joinHub, settled, startHub, tempDir } from "./support/hub-kit.ts";

const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** How the jobs of the topic `t`, or another one, stand. */
async function stats(hub: Hub, topic = "t"): Promise<Partial<JobStats>> {
  const all = await hub.client.jobs.stats();
  return all.find((entry) => entry.topic === topic) ?? {};
}

/** Streams that are open: each worker has one. */
const streams = (hub: Hub): number => hub.stats().openCalls;

/** Waits until they stand so. */
function standing(hub: Hub, wanted: Partial<JobStats>, topic?: string): Promise<void> {
  return vi.waitFor(async () => expect(await stats(hub, topic)).toMatchObject(wanted), 20_000);
}

/** A peer whose link can be cut, as by a process that was killed; it finds its way back through the same door. */
async function joinThroughDoor(hub: Hub): Promise<{ client: Client; cut(): void; shut(): void }> {
  const pairs = new Set<Socket>();
  let isShut = false;
  const door = createServer((near) => {
    if (isShut) return near.destroy();
    const far = dial(hub.path);
    for (const socket of [near, far]) {
      socket.on("error", () => {});
      pairs.add(socket);
    }
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  const path = join(tempDir(), "door.sock");
  await new Promise<void>((resolve) => door.listen(path, resolve));
  const client = await connect({ path, secret: hub.secret, location: { name: "door" } });
  const cut = (): void => {
    for (const socket of pairs) socket.destroy();
    pairs.clear();
  };
  closers.push(() => {
    cut();
    door.close();
  });
  closers.push(() => client.close());
  return {
    client,
    cut,
    shut: () => {
      isShut = true;
      cut();
    },
  };
}

describe("jobs", () => {
  it("are done by those who work, in the order in which they came, and each once", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    const seen: unknown[] = [];
    const first = await a.enqueue("mail", { to: "x", n: 0n }, { id: "one" });
    expect(first).toEqual({ id: "one", duplicate: false });
    for (let n = 1; n < 50; n++) await a.enqueue("mail", { to: "x", n });
    b.work("mail", (job, { topic, from, attempt }) => {
      seen.push([job.n, topic, from.name, attempt]);
    });
    await standing(hub, { done: 50 }, "mail");
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => [n === 0 ? 0n : n, "mail", "a", 1]));
    expect(await a.enqueue("mail", {}, { id: "one" })).toEqual({ id: "one", duplicate: true });
    expect(await a.jobs.stats()).toEqual([
      { topic: "mail", waiting: 0, working: 0, dead: 0, done: 50, redelivered: 0 },
    ]);
  });

  it("carry every kind of value that a message carries", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const values = [
      null,
      undefined,
      0,
      "",
      "ü😀",
      2n ** 60n,
      new Date(7),
      [1, [2]],
      { a: { b: null } },
    ];
    const seen: unknown[] = [];
    const done = deferred();
    a.work("v", (value) => {
      seen.push(value);
      if (seen.length === values.length) done.resolve();
    });
    for (const value of values) await a.enqueue("v", value);
    await done.promise;
    expect(seen).toEqual(values);
    const bytes = Buffer.alloc(900_000, 3);
    const big = deferred<Uint8Array>();
    a.work("big", (value: Uint8Array) => big.resolve(value));
    await a.enqueue("big", bytes);
    expect(Buffer.compare(await big.promise, bytes)).toBe(0);
  });

  it("are shared by their workers, each with not more than it wants", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const workers = [await joinHub(hub, "w", 0), await joinHub(hub, "w", 1)];
    const running = [0, 0];
    const most = [0, 0];
    const gates: Array<() => void> = [];
    for (const [n, worker] of workers.entries()) {
      worker.work(
        "t",
        async () => {
          running[n] = (running[n] as number) + 1;
          most[n] = Math.max(most[n] as number, running[n] as number);
          await new Promise<void>((resolve) => gates.push(resolve));
          running[n] = (running[n] as number) - 1;
        },
        { concurrency: 3 },
      );
      await settled(worker);
    }
    for (let n = 0; n < 20; n++) await a.enqueue("t", n);
    for (let done = 0; done < 20; done++) {
      await vi.waitFor(() => expect(gates.length).toBeGreaterThan(0));
      gates.shift()?.();
    }
    await standing(hub, { done: 20 });
    expect(most).toEqual([3, 3]);
  });

  it("come again at once when their worker dies, with the next number", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const { client, shut } = await joinThroughDoor(hub);
    const context = deferred<JobContext>();
    client.work("t", (_, given) => {
      context.resolve(given);
      return new Promise(() => {});
    });
    await a.enqueue("t", 1, { id: "j" });
    const lost = await context.promise;
    const again = deferred<unknown>();
    a.work("t", (_, { id, attempt }) => again.resolve([id, attempt]));
    const { signal } = lost;
    shut();
    // Its deadline of 30 s has not passed: the hub has noticed.
    expect(await again.promise).toEqual(["j", 2]);
    await vi.waitFor(() => expect(signal.aborted).toBe(true));
    expect(hasCode(signal.reason, "ELPIS_JOBS_TAKEN")).toBe(true);
    await standing(hub, { done: 1, working: 0, waiting: 0, redelivered: 1 });
  });

  it("are taken again after the link broke and came back, never more at once than was said", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const { client, cut } = await joinThroughDoor(hub);
    const gates: Array<() => void> = [];
    let running = 0;
    let most = 0;
    client.work(
      "t",
      async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => gates.push(resolve));
        running--;
      },
      { concurrency: 2 },
    );
    for (let n = 0; n < 4; n++) await a.enqueue("t", n, { maxAttempts: 10 });
    await vi.waitFor(() => expect(gates).toHaveLength(2));
    const changes: string[] = [];
    client.onConnection(({ type }) => changes.push(type));
    cut();
    await vi.waitFor(() => expect(changes).toEqual(["lost", "back"]));
    // The two are still being worked on, so there is no room for any of the four.
    await standing(hub, { working: 0 });
    await vi.waitFor(() => expect(streams(hub)).toBe(1));
    await vi.waitFor(async () => {
      for (const open of gates.splice(0)) open();
      expect(await stats(hub)).toMatchObject({ done: 4, redelivered: 2 });
    });
    expect(most).toBe(2);
  });

  it("come again after a pause when the handler throws, and are given up in the end", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const attempts: number[] = [];
    let isWell = false;
    a.work("t", (_, { attempt, retry }) => {
      attempts.push(attempt);
      if (isWell) return;
      if (attempt === 1) throw new TypeError("poison");
      retry.call(undefined as never, 1);
    });
    await a.enqueue("t", { sku: 7 }, { id: "p", maxAttempts: 3 });
    await standing(hub, { dead: 1 });
    expect(attempts).toEqual([1, 2, 3]);
    const [dead] = await a.jobs.deadLetters("t");
    expect(dead).toMatchObject({ id: "p", topic: "t", attempts: 3, payload: { sku: 7 } });
    expect(await a.jobs.revive("t", "nobody")).toBe(false);
    isWell = true;
    expect(await a.jobs.revive("t", "p")).toBe(true);
    await standing(hub, { dead: 0, done: 1, waiting: 0 });
    expect(attempts).toEqual([1, 2, 3, 1]);
  });

  it("that are dead letters can be listed by pages and thrown away", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    a.work("t", () => {
      throw new Error("no");
    });
    for (let n = 0; n < 5; n++) {
      await a.enqueue("t", Buffer.alloc(400_000, n), { id: `${n}`, maxAttempts: 1 });
    }
    await standing(hub, { dead: 5 });
    const dead = await a.jobs.deadLetters("t");
    expect(dead.map(({ id, reason }) => [id, reason])).toEqual(
      ["0", "1", "2", "3", "4"].map((id) => [id, "Error: no"]),
    );
    expect((await a.jobs.deadLetters("t", 3)).map(({ id }) => id)).toEqual(["0", "1", "2"]);
    expect(await a.jobs.discard("t", "2")).toBe(true);
    expect(await a.jobs.discard("t", "2")).toBe(false);
    expect((await a.jobs.deadLetters("t")).map(({ id }) => id)).toEqual(["0", "1", "3", "4"]);
    expect(await a.jobs.deadLetters("nothing")).toEqual([]);
  });

  it("are taken away when their deadline passes, and then their worker has no more say", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    const context = deferred<JobContext>();
    const release = deferred();
    a.work("t", (_, given) => {
      context.resolve(given);
      return release.promise;
    });
    await settled(a);
    await b.enqueue("t", 1, { id: "slow", ackDeadlineMs: 30 });
    const first = await context.promise;
    const again = deferred<number>();
    b.work("t", (_, { attempt }) => again.resolve(attempt));
    expect(await again.promise).toBe(2);
    await vi.waitFor(() => expect(first.signal.aborted).toBe(true));
    expect(hasCode(first.signal.reason, "ELPIS_JOBS_TAKEN")).toBe(true);
    first.inProgress();
    release.resolve();
    await settled(a);
    await standing(hub, { done: 1, working: 0, waiting: 0, redelivered: 1 });
    // It has let go of it, so it is given another.
    await b.close();
    const next = deferred<string>();
    a.work("next", (_, { id }) => next.resolve(id));
    await a.enqueue("next", 1, { id: "n" });
    expect(await next.promise).toBe("n");
  });

  it("that run are finished and acknowledged after `off`; no others are begun with", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const started = deferred();
    const release = deferred();
    const seen: number[] = [];
    const off = a.work("t", (n: number) => {
      seen.push(n);
      started.resolve();
      return release.promise;
    });
    expect(() => a.work("t", () => {})).toThrow(
      expect.objectContaining({ code: "ELPIS_HUB_DUPLICATE_HANDLER" }),
    );
    await a.enqueue("t", 1);
    await started.promise;
    await a.enqueue("t", 2);
    off();
    off();
    release.resolve();
    await standing(hub, { done: 1, waiting: 1, working: 0 });
    await vi.waitFor(() => expect(streams(hub)).toBe(0));
    expect(seen).toEqual([1]);
    const next = deferred<number>();
    a.work("t", (_, { attempt }) => next.resolve(attempt));
    expect(await next.promise).toBe(1);
  });

  it("are refused before anything has happened when they make no sense", async () => {
    const hub = await startHub();
    const a = await joinHub(hub, "a");
    const wrong = { code: "ELPIS_HUB_BAD_ARGUMENT" };
    await expect(a.enqueue("", 1)).rejects.toMatchObject(wrong);
    await expect(a.enqueue("t", 1, { id: "x".repeat(129) })).rejects.toMatchObject(wrong);
    await expect(a.enqueue("t", 1, { maxAttempts: 0 })).rejects.toMatchObject(wrong);
    await expect(a.enqueue("t", 1, { delayMs: -1 })).rejects.toMatchObject(wrong);
    await expect(a.enqueue("t", 1, { level: "sure" as "durable" })).rejects.toMatchObject(wrong);
    await expect(a.enqueue("t", () => {})).rejects.toMatchObject({
      code: "ELPIS_PROTOCOL_NOT_PACKABLE",
    });
    for (const size of [1024 * 1024 - 3000, 1024 * 1024]) {
      await expect(a.enqueue("t", Buffer.alloc(size))).rejects.toMatchObject({
        code: "ELPIS_HUB_TOO_LARGE",
      });
    }
    expect(() => a.work("t", () => {}, { concurrency: 0 })).toThrow(expect.objectContaining(wrong));
    expect(await stats(hub)).toEqual({});
  });

  it("cannot be durable in a hub without a folder", async () => {
    const hub = await startHub({ listen: false });
    await expect(hub.client.enqueue("t", 1, { level: "durable" })).rejects.toMatchObject({
      code: "ELPIS_JOBS_NOT_DURABLE",
    });
    expect(await hub.client.enqueue("t", 1)).toMatchObject({ duplicate: false });
  });
});

describe("durable jobs", () => {
  it("are there after the hub has crashed; only those that were not acknowledged come again", async () => {
    const first = await startHub();
    const [a, b] = [await joinHub(first, "a"), await joinHub(first, "b")];
    const ids = Array.from({ length: 1000 }, (_, n) => `${n}`);
    const done = new Set<string>();
    b.work(
      "t",
      async (_, { id }) => {
        await new Promise((resolve) => setImmediate(resolve));
        done.add(id);
      },
      { concurrency: 10 },
    );
    const half = ids.slice(0, 500);
    await Promise.all(half.map((id) => a.enqueue("t", id, { id, level: "durable" })));
    await standing(first, { done: 500, working: 0 });
    // Notes of what was done are on disk at the latest with the next durable job.
    await a.enqueue("other", 0, { level: "durable" });
    await b.close();
    const rest = ids.slice(500);
    await Promise.all(rest.map((id) => a.enqueue("t", id, { id, level: "durable" })));
    expect(done).toEqual(new Set(half));
    // The crash: what lies on disk now is all that is left.
    const dir = tempDir();
    copyPrivate(join(first.dir, "jobs"), join(dir, "jobs"));
    const second = await startHub({ dir });
    const c = await joinHub(second, "c");
    const again: string[] = [];
    c.work("t", (_, { id }) => again.push(id), { concurrency: 10 });
    await vi.waitFor(() => expect(again).toHaveLength(rest.length));
    expect(again).toEqual(rest);
    expect(await c.enqueue("t", 0, { id: "5", level: "durable" })).toMatchObject({
      duplicate: true,
    });
  }, 60_000);

  it("are written when the hub closes, with what became of them", async () => {
    const first = await startHub();
    const a = await joinHub(first, "a");
    for (const id of ["x", "y", "z"]) await a.enqueue("t", id, { id, level: "durable" });
    const started = deferred();
    const off = a.work("t", () => started.resolve());
    await started.promise;
    off();
    await vi.waitFor(() => expect(streams(first)).toBe(0));
    const { done = 0, waiting } = await stats(first);
    expect(done).toBeGreaterThan(0);
    await first.close();
    const second = await startHub({ dir: first.dir });
    // Where the worker was as fast as its producer nothing is left.
    expect(await stats(second)).toMatchObject({ waiting, done: 0 });
  });
});

describe("many jobs", () => {
  it("go through, accepted and durable ones, with concurrent producers", async () => {
    const hub = await startHub();
    const [a, b] = [await joinHub(hub, "a"), await joinHub(hub, "b")];
    const counts = new Map<string, number>();
    const work = (_: unknown, { id }: JobContext): void => {
      counts.set(id, (counts.get(id) ?? 0) + 1);
    };
    for (const topic of ["accepted", "durable"]) b.work(topic, work, { concurrency: 100 });
    const total = 10_000;
    let next = 0;
    const produce = async (): Promise<void> => {
      for (let n = next++; n < total; n = next++) {
        const level = n % 4 === 0 ? "durable" : "accepted";
        await a.enqueue(level, { n }, { id: `${n}`, level });
      }
    };
    await Promise.all(Array.from({ length: 200 }, produce));
    await standing(hub, { done: total / 4, working: 0 }, "durable");
    await standing(hub, { done: (total * 3) / 4, working: 0 }, "accepted");
    expect(counts.size).toBe(total);
    expect([...counts.values()].every((count) => count === 1)).toBe(true);
  }, 60_000);
});
