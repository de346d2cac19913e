import type { Client, Logger } from "@elpis/api";
import { startTestHub, type TestHub, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type ThinkMessenger, thinkMessenger } from "../src/index.ts";

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

interface Worker {
  readonly hub: Client;
  readonly messenger: ThinkMessenger;
}

/** A hub with some workers of one name. */
async function workers(count: number): Promise<{ test: TestHub; all: Worker[] }> {
  const test = await startTestHub({ log: SILENT });
  onTestFinished(() => test.close());
  const all: Worker[] = [];
  for (let index = 0; index < count; index++) all.push(await join(test));
  return { test, all };
}

async function join(test: TestHub, name = "web"): Promise<Worker> {
  const hub = await test.join({ name });
  return { hub, messenger: thinkMessenger(hub, { log: SILENT }) };
}

describe("listeners", () => {
  it("has the methods of an emitter, chained", async () => {
    const { all } = await workers(1);
    const { messenger } = all[0] as Worker;
    const one = (): void => {};
    const other = (): void => {};
    messenger.on("a", one).addListener("a", other).once("b", one);
    expect(messenger.listeners("a")).toEqual([one, other]);
    expect(messenger.off("a", one).listenerCount("a")).toBe(1);
    messenger.removeListener("a", other).removeListener("a", other);
    expect([messenger.listenerCount("a"), messenger.listenerCount("b")]).toEqual([0, 1]);
    messenger.on("c", one).removeAllListeners("c").on("d", one).removeAllListeners();
    expect(["b", "c", "d"].map((name) => messenger.listenerCount(name))).toEqual([0, 0, 0]);
  });

  it("is the same messenger for the same connection, through whatever it is reached", async () => {
    const { all } = await workers(2);
    const [first, second] = all as [Worker, Worker];
    const through = new Proxy({} as Client, {
      get: (_, property) => Reflect.get(first.hub, property, first.hub),
    });
    expect(thinkMessenger(through)).toBe(first.messenger);
    expect(second.messenger).not.toBe(first.messenger);
  });
});

describe("broadcast", () => {
  it("reaches every process of the name, the sender too, and nobody else", async () => {
    const { test, all } = await workers(3);
    const other = await join(test, "jobs");
    const heard: string[] = [];
    for (const { hub, messenger } of [...all, other]) {
      const { name, index } = hub.location;
      messenger.on("news", (text: string) => heard.push(`${name}.${index} ${text}`));
    }
    test.hub.client.on("elpis.think:news", () => heard.push("master"));
    await test.settled();
    await all[1]?.messenger.broadcast("news", "hi");
    await waitFor(() => heard.length >= 3, { what: "the news" });
    await test.settled();
    expect(heard.sort()).toEqual(["web.0 hi", "web.1 hi", "web.2 hi"]);
  });

  it("keeps the order of a sender, also towards itself", async () => {
    const { test, all } = await workers(2);
    const heard: number[][] = [[], []];
    all.forEach(({ messenger }, at) => {
      messenger.on("n", (n: number) => heard[at]?.push(n));
    });
    await test.settled();
    for (let n = 0; n < 50; n++) void all[0]?.messenger.broadcast("n", n);
    await waitFor(() => heard.every(({ length }) => length >= 50), { what: "all of them" });
    expect(heard[0]).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(heard[1]).toEqual(heard[0]);
  });

  it("is refused when the sender does not listen itself", async () => {
    const { all } = await workers(1);
    expect(() => all[0]?.messenger.broadcast("news")).toThrow(
      expect.objectContaining({ code: "ELPIS_THINK_NO_LISTENER" }),
    );
  });

  it("gives dates and bytes as they were, to everybody a copy", async () => {
    const { test, all } = await workers(2);
    const heard: unknown[] = [];
    for (const { messenger } of all) messenger.on("x", (data) => heard.push(data));
    await test.settled();
    const data = { at: new Date(1e12), bytes: Buffer.from("tea"), none: undefined };
    await all[0]?.messenger.broadcast("x", data);
    await waitFor(() => heard.length === 2, { what: "both" });
    for (const copy of heard as (typeof data)[]) {
      expect(copy).toEqual(data);
      expect(copy).not.toBe(data);
      expect(copy.bytes.toString("utf8")).toBe("tea");
    }
  });

  it("calls every listener though one throws, and one for once only once", async () => {
    const { test, all } = await workers(2);
    const [first, second] = all as [Worker, Worker];
    const heard = vi.fn();
    first.messenger.on("x", () => {});
    second.messenger.on("x", () => {
      throw new Error("one listener throws");
    });
    second.messenger.once("x", heard).on("x", () => heard());
    await test.settled();
    await first.messenger.broadcast("x");
    await waitFor(() => heard.mock.calls.length === 2, { what: "both others" });
    await first.messenger.broadcast("x");
    await waitFor(() => heard.mock.calls.length === 3, { what: "the one that lasts" });
  });

  it("reports what cannot be sent, also when nobody waits", async () => {
    const { test } = await workers(0);
    const warn = vi.fn();
    const hub = await test.join({ name: "web" });
    const messenger = thinkMessenger(hub, { log: { ...SILENT, warn } });
    messenger.on("x", () => {});
    void messenger.broadcast("x", () => {});
    await waitFor(() => warn.mock.calls.length > 0, { what: "the warning" });
    expect(String(warn.mock.calls[0]?.[0])).toContain('broadcast of "x"');
    await expect(messenger.broadcast("x", () => {})).rejects.toMatchObject({
      code: "ELPIS_PROTOCOL_NOT_PACKABLE",
    });
  });
});

describe("consume", () => {
  it("runs exactly once for each call, wherever it is called from", async () => {
    const { test, all } = await workers(3);
    const ran: number[] = [];
    for (const { messenger } of all) {
      messenger.on("job", async (n: number) => {
        await null;
        ran.push(n);
      });
    }
    await test.settled();
    const calls = Array.from({ length: 60 }, (_, n) => all[n % 3]?.messenger.consume("job", n));
    await Promise.all(calls);
    expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  it("waits for the end of the work, and fails with its error", async () => {
    const { test, all } = await workers(1);
    const { messenger } = all[0] as Worker;
    let done = false;
    messenger.on("job", async (fails: boolean) => {
      await new Promise((resolve) => setImmediate(resolve));
      done = true;
      if (fails) throw Object.assign(new Error("no tea"), { code: "NO_TEA" });
    });
    await test.settled();
    await messenger.consume("job", false);
    expect(done).toBe(true);
    await expect(messenger.consume("job", true)).rejects.toMatchObject({ code: "NO_TEA" });
  });

  it("waits while no process takes work yet", async () => {
    const { test, all } = await workers(1);
    const { hub, messenger } = all[0] as Worker;
    hub.setReady(false);
    const heard = vi.fn();
    messenger.on("job", heard);
    await test.settled();
    const done = messenger.consume("job", 1);
    await test.settled();
    expect(heard).not.toHaveBeenCalled();
    hub.setReady(true);
    await done;
    expect(heard).toHaveBeenCalledExactlyOnceWith(1);
  });

  it("is refused when the sender does not listen itself", async () => {
    const { all } = await workers(1);
    expect(() => all[0]?.messenger.consume("job")).toThrow(
      expect.objectContaining({ code: "ELPIS_THINK_NO_LISTENER" }),
    );
  });
});

describe("a function to consume, and runInOne", () => {
  it("runs in one of those that call it at once", async () => {
    const { all } = await workers(4);
    const task = vi.fn();
    const ran = await Promise.all(all.map(({ messenger }) => messenger.consume(task, "start")));
    expect(task).toHaveBeenCalledTimes(1);
    expect(ran.filter(Boolean)).toHaveLength(1);
  });

  it("runs when only a process that is not the first calls it, each time", async () => {
    const { all } = await workers(3);
    const task = vi.fn();
    expect(await all[2]?.messenger.runInOne(task)).toBe(true);
    expect(await all[2]?.messenger.runInOne(task)).toBe(true);
    expect(task).toHaveBeenCalledTimes(2);
  });

  it("takes equal functions for the same task, and others for others", async () => {
    const { all } = await workers(3);
    const ran: string[] = [];
    const calls = all.flatMap(({ messenger }) => [
      messenger.runInOne(() => ran.push("first")),
      messenger.runInOne(() => ran.push("second")),
    ]);
    await Promise.all(calls);
    expect(ran.sort()).toEqual(["first", "second"]);
  });

  it("goes on when the process that keeps count has left", async () => {
    const { test, all } = await workers(3);
    const task = vi.fn();
    await all[0]?.messenger.runInOne(task, "a");
    await all[0]?.hub.close();
    await test.settled();
    const ran = await Promise.all(
      all.slice(1).map(({ messenger }) => messenger.runInOne(task, "b")),
    );
    expect(ran.filter(Boolean)).toHaveLength(1);
    expect(task).toHaveBeenCalledTimes(2);
  });

  it("gives what the task threw to its caller", async () => {
    const { all } = await workers(1);
    const fails = (): never => {
      throw new Error("no tea");
    };
    await expect(all[0]?.messenger.runInOne(fails)).rejects.toThrow("no tea");
  });
});

describe("map", () => {
  it("gives the answers in the order of the workers, of the first listener of each", async () => {
    const { test, all } = await workers(3);
    const resolve: Array<() => void> = [];
    all.forEach(({ messenger }, at) => {
      messenger.on("who", async (n: number) => {
        // The last one answers first.
        await new Promise<void>((done) => {
          resolve[at] = done;
          if (resolve.filter(Boolean).length === 3) resolve[2]?.();
        });
        resolve[at - 1]?.();
        return at * n;
      });
      messenger.on("who", () => "second listener");
    });
    await test.settled();
    const answers = await all[1]?.messenger.map<number>("who", 10);
    expect([...(answers ?? [])]).toEqual([0, 10, 20]);
    expect(answers).toMatchObject({ partial: false, failures: [] });
  });

  it("settles when a worker rejects, when one dies, and when one never answers", async () => {
    const { test, all } = await workers(4);
    const [first, rejecting, dying, hanging] = all as [Worker, Worker, Worker, Worker];
    first.messenger.on("who", () => 0);
    rejecting.messenger.on("who", async () => {
      throw Object.assign(new Error("no"), { code: "NO" });
    });
    dying.messenger.on("who", () => {
      void dying.hub.close();
      return new Promise(() => {});
    });
    hanging.messenger.on("who", () => new Promise(() => {}));
    await test.settled();
    const answers = await first.messenger.map("who", undefined, { timeoutMs: 300 });
    expect([...answers]).toEqual([0]);
    expect(answers.partial).toBe(true);
    expect(answers.failures.map(({ from, error }) => [from.index, error.code])).toEqual([
      [1, "NO"],
      [2, "ELPIS_HUB_PEER_LOST"],
      [3, "ELPIS_HUB_DEADLINE"],
    ]);
  });

  it("passes over workers without a listener", async () => {
    const { test, all } = await workers(2);
    all[1]?.messenger.on("who", () => undefined);
    await test.settled();
    expect([...((await all[0]?.messenger.map("who")) ?? [])]).toEqual([undefined]);
    expect(await all[0]?.messenger.map("nobody")).toMatchObject({ length: 0, partial: false });
  });

  it("does not mix maps that run at once", async () => {
    const { test, all } = await workers(2);
    for (const { messenger } of all) messenger.on("twice", async (n: number) => 2 * n);
    await test.settled();
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const answers = await Promise.all(numbers.map((n) => all[n % 2]?.messenger.map("twice", n)));
    expect(answers.map((one) => [...(one ?? [])])).toEqual(numbers.map((n) => [2 * n, 2 * n]));
  });
});
