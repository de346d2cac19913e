import { EventEmitter } from "node:events";
import type { Client } from "@elpis/api";
import { describe, expect, test, vi } from "vitest";
import { createLogger, type Hub } from "../src/index.ts";
import { Objects } from "../src/objects/objects.ts";
import { joinHub, joinThroughValve, settled, startHub } from "./support/hub-kit.ts";
import { Random } from "./support/random.ts";

interface Peer {
  readonly client: Client;
  readonly objects: Objects;
  readonly lines: string[];
}

function withObjects(client: Client): Peer {
  const lines: string[] = [];
  const log = createLogger({ level: "debug", write: (line) => lines.push(line) });
  return { client, objects: new Objects(client, log), lines };
}

const peer = async (hub: Hub, name: string, index = 0): Promise<Peer> =>
  withObjects(await joinHub(hub, name, index));

/** An emitter that notes who listens. */
class Timer extends EventEmitter {
  readonly heard: string[] = [];
  last = 0;
  subscribe(event: string, listener: (...values: unknown[]) => void): void {
    this.heard.push(`subscribe ${event}`);
    super.on(event, listener);
  }
  unsubscribe(event: string, listener: (...values: unknown[]) => void): void {
    this.heard.push(`unsubscribe ${event}`);
    super.off(event, listener);
  }
  /** What was asked before has arrived when this is answered. */
  sync(): void {}
}

const OPTIONS = { methods: ["sync"], events: ["tick", "tock"] } as const;

async function published(hub: Hub, timer = new Timer(), tag?: string) {
  const host = await peer(hub, "host");
  const options = { ...OPTIONS, ...(tag !== undefined && { tag }) };
  const off = await host.objects.publish("timer", timer, options);
  return { ...host, timer, off };
}

describe("subscriptions", () => {
  test("bring what the object emits, to all of several listeners over one stream", async () => {
    const hub = await startHub();
    const { timer } = await published(hub);
    const caller = await peer(hub, "caller");
    const [left, right] = [
      caller.objects.proxy<Timer>("timer"),
      caller.objects.proxy<Timer>("timer"),
    ];
    const heard: unknown[] = [];
    const offs = [left, left, right].map((proxy, index) =>
      proxy.$subscribe("tick", (...values) => heard.push([index, ...values])),
    );
    const other = left.$subscribe("tock", () => heard.push("tock"));
    await left.sync();
    expect(caller.objects.subscriptions).toBe(2);
    expect(timer.heard).toEqual(["subscribe tick", "subscribe tock"]);
    timer.emit("tick", 0, null, undefined, { a: [false] });
    await vi.waitFor(() => expect(heard).toHaveLength(3));
    expect(heard).toEqual([0, 1, 2].map((index) => [index, 0, null, undefined, { a: [false] }]));
    for (const off of [...offs, ...offs, other]) off();
    expect(caller.objects.subscriptions).toBe(0);
    await vi.waitFor(() => expect(timer.heard).toHaveLength(4));
    expect(timer.heard.slice(2).sort()).toEqual(["unsubscribe tick", "unsubscribe tock"]);
    expect(hub.stats().openCalls).toBe(0);
  });

  test("count those who die", async () => {
    const hub = await startHub();
    const { timer } = await published(hub);
    const callers = [await peer(hub, "caller", 0), await peer(hub, "caller", 1)];
    const heard: number[] = [];
    for (const [index, { objects }] of callers.entries()) {
      const proxy = objects.proxy<Timer>("timer");
      proxy.$subscribe("tick", () => heard.push(index));
      await proxy.sync();
    }
    await callers[0]?.client.close();
    await settled(hub.client);
    await vi.waitFor(() => expect(hub.stats().openCalls).toBe(1));
    timer.emit("tick");
    await vi.waitFor(() => expect(heard).toEqual([1]));
    expect(timer.heard).toEqual(["subscribe tick"]);
    await callers[1]?.client.close();
    await vi.waitFor(() => expect(timer.heard).toEqual(["subscribe tick", "unsubscribe tick"]));
    expect(timer.listenerCount("tick")).toBe(0);
  });

  test("reach exactly the tag, and exactly whom they mean", async () => {
    const hub = await startHub();
    const [one, two, plain] = [new Timer(), new Timer(), new Timer()];
    const [host, other] = [await peer(hub, "host"), await peer(hub, "other")];
    await host.objects.publish("timer", one, { ...OPTIONS, tag: "v1" });
    await host.objects.publish("timer", two, { ...OPTIONS, tag: "v2" });
    await other.objects.publish("timer", plain, OPTIONS);
    const caller = await peer(hub, "caller");
    const subscribe = async (options: object, event: string): Promise<() => void> => {
      const proxy = caller.objects.proxy<Timer>("timer", options);
      const off = proxy.$subscribe(event, () => {});
      await proxy.sync();
      return off;
    };
    await subscribe({ tag: "v2" }, "tick");
    expect([one.heard, two.heard, plain.heard]).toEqual([[], ["subscribe tick"], []]);
    await subscribe({ tag: "v1" }, "tick");
    expect([one.heard, plain.heard]).toEqual([["subscribe tick"], []]);
    for (let n = 0; n < 3; n++) (await subscribe({ to: { name: "other" } }, "tock"))();
    await subscribe({ to: { name: "other" } }, "tick");
    expect([one.heard, two.heard]).toEqual([["subscribe tick"], ["subscribe tick"]]);
    expect(plain.heard.at(-1)).toBe("subscribe tick");
    await subscribe({ to: { name: "host" } }, "tick");
    expect(caller.objects.subscriptions).toBe(4);
  });

  test("a thousand that come and go leave nothing", async () => {
    const hub = await startHub();
    const { timer } = await published(hub);
    const caller = await peer(hub, "caller");
    const proxy = caller.objects.proxy<Timer>("timer");
    for (let round = 0; round < 1000; round++) {
      const off = proxy.$subscribe(round % 2 === 0 ? "tick" : "tock", () => {});
      if (round % 10 === 0) await proxy.sync();
      off();
    }
    expect(caller.objects.subscriptions).toBe(0);
    await vi.waitFor(() => expect(hub.stats().openCalls).toBe(0));
    await proxy.sync();
    const count = (what: string): number =>
      timer.heard.filter((line) => line.startsWith(what)).length;
    expect(count("subscribe")).toBeGreaterThanOrEqual(100);
    expect(count("unsubscribe")).toBe(count("subscribe"));
    expect([timer.listenerCount("tick"), timer.listenerCount("tock")]).toEqual([0, 0]);
  });

  test("are taken up again when the object's process was started again", async () => {
    const hub = await startHub();
    const first = await published(hub);
    const caller = await peer(hub, "caller");
    const proxy = caller.objects.proxy<Timer>("timer");
    const heard: unknown[] = [];
    const off = proxy.$subscribe("tick", (value) => heard.push(value));
    await proxy.sync();
    first.timer.emit("tick", "before");
    await vi.waitFor(() => expect(heard).toEqual(["before"]));
    await first.client.close();
    const second = await published(hub);
    await vi.waitFor(() => expect(second.timer.heard).toEqual(["subscribe tick"]), 5000);
    second.timer.emit("tick", "after");
    await vi.waitFor(() => expect(heard).toEqual(["before", "after"]));
    expect(caller.lines.join()).toContain("ELPIS_HUB_PEER_LOST");
    off();
    await vi.waitFor(() => expect(second.timer.heard).toHaveLength(2));
  });

  test("are taken up again when the hub was started again", async () => {
    const hub = await startHub();
    const { timer } = await published(hub);
    const caller = await peer(hub, "caller");
    const proxy = caller.objects.proxy<Timer>("timer");
    const heard: unknown[] = [];
    proxy.$subscribe("tick", (value) => heard.push(value));
    await proxy.sync();
    await hub.close();
    await vi.waitFor(() => expect(timer.heard).toEqual(["subscribe tick", "unsubscribe tick"]));
    await startHub({ dir: hub.dir });
    await vi.waitFor(() => expect(timer.heard).toHaveLength(3), 5000);
    timer.emit("tick", "after");
    await vi.waitFor(() => expect(heard).toEqual(["after"]));
    expect(timer.listenerCount("tick")).toBe(1);
  });

  test("are not taken up again once they were ended, also in a pause", async () => {
    const hub = await startHub();
    const caller = await peer(hub, "caller");
    const proxy = caller.objects.proxy<Timer>("timer");
    const off = proxy.$subscribe("tick", () => {});
    await vi.waitFor(() => expect(caller.lines.join()).toContain("ELPIS_HUB_NO_RESPONDER"));
    off();
    expect(caller.objects.subscriptions).toBe(0);
    const { timer } = await published(hub);
    // A new one of the same kind is heard, the ended one is not.
    proxy.$subscribe("tock", () => {});
    await proxy.sync();
    expect(timer.heard).toEqual(["subscribe tock"]);
  });

  test("end with the client", async () => {
    const hub = await startHub();
    const caller = await peer(hub, "caller");
    caller.objects.proxy<Timer>("timer").$subscribe("tick", () => {});
    expect(caller.objects.subscriptions).toBe(1);
    await caller.client.close();
    await vi.waitFor(() => expect(caller.objects.subscriptions).toBe(0));
    caller.objects.proxy<Timer>("timer").$subscribe("tick", () => {});
    expect(caller.objects.subscriptions).toBe(0);
  });

  test("end at the object when it is taken back", async () => {
    const hub = await startHub();
    const { timer, off } = await published(hub);
    const caller = await peer(hub, "caller");
    const proxy = caller.objects.proxy<Timer>("timer");
    proxy.$subscribe("tick", () => {});
    await proxy.sync();
    off();
    expect(timer.heard).toEqual(["subscribe tick", "unsubscribe tick"]);
    await vi.waitFor(() => expect(caller.lines.join()).toContain("ended"));
  });

  test("a listener that throws, or rejects, is told in the log; the others go on", async () => {
    const hub = await startHub();
    const { timer } = await published(hub);
    const caller = await peer(hub, "caller");
    const proxy = caller.objects.proxy<Timer>("timer");
    const heard: unknown[] = [];
    proxy.$subscribe("tick", () => {
      throw new Error("thrown here");
    });
    proxy.$subscribe("tick", async () => {
      throw new Error("rejected here");
    });
    const offLater = proxy.$subscribe("tick", () => {
      offLast();
      offLater();
    });
    const offLast = proxy.$subscribe("tick", () => heard.push("not any more"));
    proxy.$subscribe("tick", (value) => heard.push(value));
    await proxy.sync();
    timer.emit("tick", 1);
    timer.emit("tick", 2);
    await vi.waitFor(() => expect(heard).toEqual([1, 2]));
    const lines = caller.lines.join();
    expect([lines.includes("thrown here"), lines.includes("rejected here")]).toEqual([true, true]);
  });

  test("what is not published is told in the log, once, and is heard when it is", async () => {
    const hub = await startHub();
    const host = await peer(hub, "host");
    const timer = new Timer();
    const off = await host.objects.publish("timer", timer, { events: ["tock"] });
    const caller = await peer(hub, "caller");
    const proxy = caller.objects.proxy<Timer>("timer");
    const heard: unknown[] = [];
    proxy.$subscribe("tick", (value) => heard.push(value));
    await vi.waitFor(() => expect(caller.lines.join()).toContain("no event"));
    expect(timer.heard).toEqual([]);
    off();
    await host.objects.publish("timer", timer, OPTIONS);
    await vi.waitFor(() => expect(timer.heard).toEqual(["subscribe tick"]), 5000);
    timer.emit("tick", "now");
    await vi.waitFor(() => expect(heard).toEqual(["now"]));
  });

  test.each([[undefined], [null], [""], ["__proto__"], [["tick"]], [{}], ["secret"]])(
    "the name %j over the wire reaches no event",
    async (event) => {
      const hub = await startHub();
      const { timer } = await published(hub);
      const { client } = await peer(hub, "caller");
      const read = async (): Promise<void> => {
        for await (const _ of client.stream("elpis.events.timer", event)) break;
      };
      const code = expect.stringMatching(/^ELPIS_OBJECT_(NO_EVENT|BAD_CALL)$/);
      await expect(read()).rejects.toMatchObject({ details: { remote: { code } } });
      expect([timer.heard, timer.eventNames()]).toEqual([[], []]);
    },
  );

  test("one who does not read loses old ones, counted and told; others lose nothing", async () => {
    const hub = await startHub();
    const { timer, lines } = await published(hub);
    const { client, shut } = await joinThroughValve(hub, "stuck");
    const [stuck, caller] = [withObjects(client), await peer(hub, "caller")];
    stuck.objects.proxy<Timer>("timer").$subscribe("tick", () => {});
    await stuck.objects.proxy<Timer>("timer").sync();
    let heard = 0;
    const proxy = caller.objects.proxy<Timer>("timer");
    proxy.$subscribe("tick", () => heard++);
    await proxy.sync();
    shut("from hub");
    shut("to hub");
    const total = 2000;
    for (let n = 0; n < total; n++) {
      timer.emit("tick", n, "x".repeat(1000));
      // As fast as the one who reads, so that only the other is too slow.
      if (n % 50 === 49) await vi.waitFor(() => expect(heard).toBe(n + 1), { interval: 1 });
    }
    expect(lines.filter((line) => line.includes("too slow"))).toHaveLength(1);
    expect(hub.stats().peers.every(({ queuedBytes }) => queuedBytes < 2 * 1024 * 1024)).toBe(true);
  });

  test("seeded: over a hub, the object is subscribed while somebody is there and alive", async () => {
    const hub = await startHub();
    const { timer } = await published(hub);
    for (let seed = 1; seed <= 10; seed++) {
      const random = new Random(seed);
      const peers: Peer[] = [];
      const alive: Array<{ peer: Peer; off: () => void }> = [];
      for (let step = 0; step < 30; step++) {
        const choice = random.int(6);
        const one = random.pick(alive);
        if (choice <= 2) {
          const who = random.pick(peers) ?? (await peer(hub, "caller", step));
          if (!peers.includes(who)) peers.push(who);
          const proxy = who.objects.proxy<Timer>("timer");
          alive.push({ peer: who, off: proxy.$subscribe("tick", () => {}) });
          if (random.int(2) === 0) await proxy.sync();
        } else if (choice === 3) {
          const fresh = await peer(hub, "caller", step);
          peers.push(fresh);
        } else if (choice === 4 && one !== undefined) {
          one.off();
          alive.splice(alive.indexOf(one), 1);
        } else if (one !== undefined) {
          await one.peer.client.close();
          peers.splice(peers.indexOf(one.peer), 1);
          for (const of of alive.filter((each) => each.peer === one.peer)) {
            alive.splice(alive.indexOf(of), 1);
          }
        }
        const expected = alive.length > 0 ? 1 : 0;
        await vi.waitFor(
          () => expect([seed, step, timer.listenerCount("tick")]).toEqual([seed, step, expected]),
          {
            interval: 2,
          },
        );
      }
      for (const { client } of peers) await client.close();
      await vi.waitFor(() => expect(timer.listenerCount("tick")).toBe(0));
    }
    const subscribes = timer.heard.filter((line) => line === "subscribe tick").length;
    expect(timer.heard).toEqual(
      Array.from({ length: subscribes }, () => ["subscribe tick", "unsubscribe tick"]).flat(),
    );
    expect(subscribes).toBeGreaterThan(10);
  });
});
