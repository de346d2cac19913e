import { connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import { emptyFrame, Fault, Flag, Kind, MAX_LISTENS } from "@elpis/protocol";
import { describe, expect, test } from "vitest";
import { makePicker } from "../../src/hub/balance.ts";
import { Latency } from "../../src/hub/latency.ts";
import { DEFAULT_LIMITS } from "../../src/hub/limits.ts";
import { Listener } from "../../src/hub/listener.ts";
import { Router } from "../../src/hub/router.ts";
import type { Link } from "../../src/wire/link.ts";
import { Outbox } from "../../src/wire/outbox.ts";
import { FakePeer } from "../support/fake-peer.ts";
import { joinHub, settled, startHub, tempDir } from "../support/hub-kit.ts";
import { SlowPeer } from "../support/slow-peer.ts";

const ALL = Number.POSITIVE_INFINITY;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes nothing, or all at once and without a word, as the system does with a little. */
class Still implements Link {
  queuedBytes = 0;
  readonly pieces: Buffer[] = [];
  takes = false;

  write(pieces: readonly Buffer[], bytes: number): void {
    for (const piece of pieces) this.pieces.push(piece);
    if (!this.takes) this.queuedBytes += bytes;
  }

  start(): void {}
  onDrain(): void {}
  end(): void {}
  destroy(): void {}
  unref(): void {}
}

describe("an outbox", () => {
  test("can be closed however much urgent waits in it", async () => {
    const link = new Still();
    const outbox = new Outbox(link);
    outbox.push(Buffer.alloc(100_000));
    await turn();
    outbox.push(emptyFrame(Kind.event));
    const frame = emptyFrame(Kind.credit);
    for (let n = 0; n < 400_000; n++) outbox.pushUrgent(frame);
    outbox.flushAll();
    expect(link.pieces).toHaveLength(400_002);
  });

  test("says that all has gone, also when the link took it at once", async () => {
    const link = new Still();
    link.takes = true;
    const outbox = new Outbox(link);
    let told = 0;
    outbox.onDrain = () => told++;
    outbox.push(emptyFrame(Kind.event));
    await turn();
    expect([told, outbox.queuedBytes]).toEqual([1, 0]);
  });

  test("does not keep what lies around the small things that wait in it", async () => {
    const link = new Still();
    const outbox = new Outbox(link);
    outbox.push(Buffer.alloc(100_000));
    await turn();
    for (let n = 0; n < 100; n++) {
      const chunk = Buffer.allocUnsafeSlow(65_536);
      emptyFrame(Kind.event, 0, n).copy(chunk, 1000);
      outbox.push(chunk.subarray(1000, 1032));
      await turn();
    }
    outbox.flushAll();
    const waited = link.pieces.slice(1);
    const memory = new Set(waited.map(({ buffer }) => buffer));
    expect([...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(70_000);
    const order = Buffer.concat(waited);
    expect(order).toHaveLength(3200);
    for (let n = 0; n < 100; n++) expect(order.readUInt32LE(32 * n + 12)).toBe(n);
  });
});

describe("a hub with little room", () => {
  test("gives credit for what its peers have read, however little that is", async () => {
    const hub = await startHub({ limits: { maxPeerQueueBytes: 64 * 1024 } });
    const receiver = await joinHub(hub, "receiver");
    const sender = await joinHub(hub, "sender");
    let heard = 0;
    receiver.on("news", () => heard++);
    await settled(receiver);
    // One that waits for nothing between them makes the pieces come together.
    for (let n = 0; n < 600; n++) {
      await sender.emit("news", "x".repeat(100), { to: { id: receiver.location.id } });
    }
    await expect.poll(() => heard).toBe(600);
    await expect.poll(() => hub.stats().tables.heldUp).toBe(0);
  });
});

describe("a call that is kept", () => {
  const wait = { flags: Flag.wait };

  test("finds its callee after its route has got another meaning", () => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const caller = new FakePeer(router).route(0, "late").flush();
    caller.say(Kind.request, 0, 1, "body", wait).route(0, "other").flush();
    const callee = new FakePeer(router).handle("late").flush();
    expect(callee.takeMessages()).toMatchObject([{ kind: Kind.request, body: "body" }]);
    expect(router.tables.topics).toBe(2);
  });

  test.each(["cancelled", "late", "left"])("lets go of its topic when it is %s", (how) => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const caller = new FakePeer(router).route(0, "late").flush();
    caller.say(Kind.request, 0, 1, "body", { ...wait, remainingMs: 50 });
    caller.route(0, "other").flush();
    expect(router.tables.topics).toBe(2);
    if (how === "cancelled") caller.say(Kind.cancel, 0, 1).flush();
    else if (how === "late") router.tick(100);
    else router.leave(caller.peer);
    expect(router.tables.topics).toBe(how === "left" ? 0 : 1);
  });

  test("is refused, as any other, when too much waits for the one who comes", () => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const caller = new FakePeer(router).route(0, "late").flush();
    caller.say(Kind.request, 0, 1, "body", wait).flush();
    const callee = new FakePeer(router);
    callee.queuedBytes = DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    callee.handle("late").flush();
    expect(caller.takeMessages()).toMatchObject([{ code: Fault.overloaded, correlation: 1 }]);
    expect(router.tables).toMatchObject({ calls: 0, kept: 0 });
    expect(router.counters.overloaded).toBe(1);
  });

  test("keeps of its credit no more than it is", () => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const caller = new FakePeer(router).route(0, "late").flush();
    caller.say(Kind.open, 0, 1, "body", wait);
    caller.say(Kind.credit, 10, 1, "x".repeat(10_000), { remainingMs: 77 }).flush();
    const callee = new SlowPeer(router, () => 0);
    const before = callee.queuedBytes;
    callee.handle("late").flush();
    expect(callee.queuedBytes - before).toBeLessThan(1000);
    const frames = callee.read(ALL);
    expect(frames.at(-1)).toMatchObject({ kind: Kind.credit, topic: 10, remaining: 77 });
    // Whoever is named has been introduced.
    expect(frames.at(-1)?.source).toBe(caller.id);
  });
});

describe("a peer that has left", () => {
  test("is not introduced again by what was lost on the way to it", () => {
    let now = 0;
    const router = new Router({ ...DEFAULT_LIMITS, maxPeerQueueBytes: 3200 }, 0);
    const slow = new SlowPeer(router, () => now);
    slow.listen("news").flush();
    const sender = new FakePeer(router, {}, () => now).route(0, "news").flush();
    for (let n = 0; n < 100; n++) sender.say(Kind.event, 0, 0, "x".repeat(60)).flush();
    const { dropped } = router.counters;
    expect(dropped).toBeGreaterThan(0);
    router.leave(slow.peer);
    now = 100;
    router.tick(now);
    const told = sender.take();
    expect(told.map(({ kind }) => kind)).toEqual([Kind.peer, Kind.dropped, Kind.peerGone]);
    expect(told[1]).toMatchObject({ source: slow.id, remaining: dropped });
    expect(sender.peer.knows(slow.id)).toBe(false);
    expect(router.wantsTick).toBe(false);
  });
});

describe("whoever lost events", () => {
  test("is introduced before it is named, however much waits for the one who is told", () => {
    let now = 0;
    const router = new Router({ ...DEFAULT_LIMITS, maxPeerQueueBytes: 3200 }, 0);
    const slow = new SlowPeer(router, () => now);
    slow.listen("news").flush();
    /** Urgent frames overtake. */
    const sender = new (class extends FakePeer {
      override pushUrgent(frame: Buffer): void {
        const overtaken = this.take();
        this.push(frame);
        this.take();
        this.received.push(...overtaken);
      }
    })(router, {}, () => now);
    sender.route(0, "news").flush();
    for (let n = 0; n < 100; n++) sender.say(Kind.event, 0, 0, "x".repeat(60)).flush();
    now = 100;
    router.tick(now);
    sender.take();
    expect(sender.received.map(({ kind }) => kind)).toEqual([Kind.peer, Kind.dropped]);
  });
});

describe("balance by weight", () => {
  test("forgets what those who left were owed", () => {
    const weights = new Map<FakePeer["peer"], number>();
    const router = new Router(DEFAULT_LIMITS, 0);
    const [a, b, c] = [0, 1, 2].map((index) => new FakePeer(router, { index }).peer) as [
      FakePeer["peer"],
      FakePeer["peer"],
      FakePeer["peer"],
    ];
    weights.set(a, 1).set(b, 1000).set(c, 1);
    const pick = makePicker("weighted", 0, (peer) => weights.get(peer) ?? 1, Math.random);
    // Until the light one has had its turn, which puts it far back.
    for (let n = 0; n < 2000; n++) if (pick([a, b], 0) === a) break;
    const got = Array.from({ length: 100 }, () => pick([a, c], 0));
    expect(got.filter((peer) => peer === a).length).toBeGreaterThanOrEqual(48);
    // The same when a weight is another one now.
    for (let n = 0; n < 2000; n++) if (pick([a, b], 0) === a) break;
    weights.set(b, 1);
    const then = Array.from({ length: 100 }, () => pick([a, b], 0));
    expect(then.filter((peer) => peer === a).length).toBeGreaterThanOrEqual(48);
  });
});

describe("what one peer does costs the others little", () => {
  /** Everybody listens, and too much waits for all of them. */
  function crowd(count: number): { sender: FakePeer; looks: () => number } {
    const router = new Router({ ...DEFAULT_LIMITS, maxPeerQueueBytes: 3200 }, 0);
    let looks = 0;
    for (let n = 0; n < count; n++) {
      const peer = new FakePeer(router, { index: n }).listen("news").flush();
      Object.defineProperty(peer, "queuedBytes", {
        get: () => {
          looks++;
          return 3000;
        },
      });
    }
    const sender = new FakePeer(router).route(0, "news").flush();
    sender.say(Kind.event, 0, 0, "first").flush();
    looks = 0;
    return { sender, looks: () => looks };
  }

  test("an event to many who are slow", () => {
    const few = crowd(20);
    few.sender.say(Kind.event, 0, 0, "x").flush();
    const many = crowd(200);
    many.sender.say(Kind.event, 0, 0, "x").flush();
    expect(many.looks()).toBeLessThan(12 * few.looks());
  });

  test("one who comes and goes makes nobody look at those of other topics again", () => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const listener = new FakePeer(router).listen("news").flush();
    let looks = 0;
    const { location } = listener.peer;
    Object.defineProperty(listener.peer, "location", {
      get: () => {
        looks++;
        return location;
      },
    });
    const sender = new FakePeer(router).route(0, "news", { name: "web" }).flush();
    sender.say(Kind.event, 0, 0, "x").flush();
    looks = 0;
    sender.say(Kind.event, 0, 0, "x").flush();
    const usual = looks;
    new FakePeer(router).listen("other").flush();
    looks = 0;
    sender.say(Kind.event, 0, 0, "x").flush();
    expect(looks).toBe(usual);
  });
});

describe("a peer that floods another with what is small", () => {
  test("loses its stream, not the other its connection", () => {
    const router = new Router({ ...DEFAULT_LIMITS, maxPeerQueueBytes: 32_000 }, 0);
    const callee = new SlowPeer(router, () => 0);
    callee.handle("flow").flush().read(ALL);
    const caller = new FakePeer(router).route(0, "flow").flush();
    caller.say(Kind.open, 0, 1, "x").flush();
    for (let n = 0; n < 5000; n++) caller.say(Kind.credit, 1, 1).flush();
    expect(callee.closedWith).toBeUndefined();
    expect(caller.takeMessages()).toMatchObject([{ kind: Kind.fault, code: Fault.overloaded }]);
    expect(router.counters.late).toBeGreaterThan(1000);
    const kinds = callee.read(ALL).map(({ kind }) => kind);
    expect(kinds.at(-1)).toBe(Kind.cancel);
  });
});

describe("what is owed to all who do not read", () => {
  test("is bounded too, and those with little keep their connection", () => {
    const limits = { ...DEFAULT_LIMITS, maxPeerQueueBytes: 32_000, maxTotalQueueBytes: 40_000 };
    const router = new Router(limits, 0);
    const callee = new FakePeer(router).handle("ask").flush();
    const callers = Array.from({ length: 10 }, () => {
      const caller = new SlowPeer(router, () => 0);
      caller.route(0, "ask").flush();
      return caller;
    });
    for (let n = 0; n < 40; n++) {
      for (const caller of callers) caller.say(Kind.request, 0, n, "x").flush();
      for (const { correlation } of callee.takeMessages()) {
        callee.say(Kind.reply, 0, correlation, "x".repeat(1000));
      }
      callee.flush();
      for (const caller of callers) if (caller.closedWith !== undefined) caller.read(ALL);
    }
    const waiting = callers.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
    expect(waiting).toBeLessThan(2 * 40_000 + 10 * 2 * 1000 + 2000);
    expect(callers.some(({ closedWith }) => closedWith === "ELPIS_HUB_SLOW_PEER")).toBe(true);
  });

  test("counts the events that are held back for it", () => {
    const limits = { ...DEFAULT_LIMITS, maxPeerQueueBytes: 32_000, maxTotalQueueBytes: 40_000 };
    const router = new Router(limits, 0);
    const listeners = Array.from({ length: 10 }, () => {
      const peer = new SlowPeer(router, () => 0);
      peer.say(Kind.listen, 0, 0, "news", { flags: Flag.dropOld }).flush();
      return peer;
    });
    const sender = new FakePeer(router).route(0, "news").flush();
    for (let n = 0; n < 300; n++) sender.say(Kind.event, 0, 0, "x".repeat(900)).flush();
    let held = 0;
    for (const { peer, queuedBytes } of listeners) {
      const listener = peer.port as SlowPeer;
      listener.read(ALL);
      router.drained(peer);
      held += queuedBytes + listener.queuedBytes;
    }
    expect(held).toBeLessThan(2 * 40_000);
  });
});

describe("figures", () => {
  test("of a call that took an hour", () => {
    const latency = new Latency();
    latency.add(3_600_000);
    latency.add(7_200_000_000);
    expect(latency.read()).toMatchObject({ count: 2, max: 7_200_000_000 });
    expect(latency.read().p50).toBeGreaterThanOrEqual(3_600_000);
  });

  test("of an event that was held back for one and whose sender has left", () => {
    const router = new Router({ ...DEFAULT_LIMITS, maxPeerQueueBytes: 3200 }, 0);
    const slow = new SlowPeer(router, () => 0);
    slow.say(Kind.listen, 0, 0, "news", { flags: Flag.dropOld }).flush();
    slow.read(ALL);
    const sender = new FakePeer(router).route(0, "news").flush();
    for (let n = 0; n < 60; n++) sender.say(Kind.event, 0, 0, "x".repeat(60)).flush();
    router.leave(sender.peer);
    const events = slow.read(ALL).filter(({ kind }) => kind === Kind.event).length;
    expect(router.statsOf(slow.peer).classes.event).toMatchObject({
      framesOut: events,
      dropped: 60 - events,
    });
  });
});

describe("a peer with as many topics as it may have", () => {
  test("may still say of one of them what it wants", () => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const peer = new FakePeer(router);
    for (let n = 0; n < MAX_LISTENS; n++) peer.listen(`topic-${n}`);
    peer.flush();
    const again = (): unknown =>
      peer.say(Kind.listen, 0, 0, "topic-7", { flags: Flag.dropOld }).flush();
    expect(again).not.toThrow();
    expect(() => peer.listen("one more").flush()).toThrow(/more than/);
  });
});

describe("a cancel", () => {
  test("does not overtake its call when records go between them", () => {
    const router = new Router(DEFAULT_LIMITS, 0);
    const callee = new (class extends FakePeer {
      cancelAfter = -1;
      override pushUrgent(frame: Buffer, after = 0): void {
        this.cancelAfter = after;
        super.push(frame);
      }
    })(router, {}, () => 0, { readsRecords: true });
    callee.handle("ask").flush();
    const caller = new FakePeer(router).route(0, "ask").flush();
    for (let n = 0; n < 32; n++) {
      caller.say(
        Kind.record,
        n,
        0,
        Array.from({ length: 60 }, (_, k) => `k${k}${"y".repeat(12)}`),
      );
    }
    caller.flush();
    caller.say(Kind.request, 0, 1, "plain");
    caller.say(Kind.request, 0, 2, "records", { flags: Flag.records }).flush();
    const end = callee.position;
    caller.say(Kind.cancel, 0, 1).flush();
    expect(callee.cancelAfter).toBeGreaterThanOrEqual(end);
  });
});

describe("a flood of those for whom there is no room", () => {
  test("takes a bounded number of descriptors, and goes by", async () => {
    const taken = new Set<string>();
    let refused = 0;
    const path = join(tempDir(), "hub.sock");
    const listener = new Listener(
      path,
      { ...DEFAULT_LIMITS, maxConnections: 0 },
      { onSocket: () => {}, onRefused: () => refused++, onError: () => {} },
    );
    await listener.open();
    const sockets: Socket[] = [];
    let told = 0;
    for (let n = 0; n < 200; n++) {
      // Whoever keeps its own side open is kept for a moment, to read why.
      const socket = dial({ path, allowHalfOpen: true });
      socket.on("error", () => {});
      socket.once("data", () => told++);
      socket.once("close", () => taken.add(`${n}`));
      sockets.push(socket);
    }
    await expect.poll(() => refused).toBe(200);
    const late = dial({ path, allowHalfOpen: true }).on("error", () => {});
    await expect.poll(() => told).toBeGreaterThan(0);
    expect(told).toBeLessThanOrEqual(64);
    for (const socket of [...sockets, late]) socket.destroy();
    await expect.poll(() => taken.size).toBe(200);
    // There is room to say it again.
    await expect
      .poll(
        () =>
          new Promise<boolean>((resolve) => {
            const socket = dial(path, () => {});
            socket.once("data", () => resolve(true));
            socket.once("close", () => resolve(false));
            socket.on("error", () => {});
          }),
      )
      .toBe(true);
    await listener.close();
  });
});
