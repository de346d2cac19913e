import { Fault, Flag, Kind } from "@elpis/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../src/hub/limits.ts";
import { Router } from "../src/hub/router.ts";
import { FakePeer, type Received } from "./support/fake-peer.ts";
import { Random } from "./support/random.ts";
import { SlowPeer } from "./support/slow-peer.ts";

const SLOW = { ...DEFAULT_LIMITS, maxPeerQueueBytes: 3200 };
const FULL = 10_000;
const QUEUED = 2000;

let router: Router;
beforeEach(() => {
  const random = new Random(1);
  router = new Router(DEFAULT_LIMITS, 0, { random: () => random.next() });
});

function handlers(
  count: number,
  topic = "ask",
  weight: (n: number) => number = () => 0,
): FakePeer[] {
  return Array.from({ length: count }, (_, index) => {
    const peer = new FakePeer(router, { index });
    peer.say(Kind.listen, 0, weight(index), topic, { flags: Flag.handler }).flush().take();
    return peer;
  });
}

/** Asks `count` times and answers at once, but for those who are to stay busy; how many each one got. */
function shares(
  caller: FakePeer,
  callees: readonly FakePeer[],
  count: number,
  target = 0,
): number[] {
  const got = callees.map(() => 0);
  for (let n = 0; n < count; n++) {
    caller.say(Kind.request, 0, n, n, { target }).flush();
    for (const [index, callee] of callees.entries()) {
      for (const frame of callee.takeMessages()) {
        (got[index] as number)++;
        callee.say(Kind.reply, 0, frame.correlation, null).flush();
      }
    }
  }
  caller.take();
  return got;
}

function declare(caller: FakePeer, balance: string): FakePeer {
  return caller.say(Kind.route, 0, 0, { topic: "ask", balance }).flush();
}

const kinds = (frames: readonly Received[]): number[] => frames.map(({ kind }) => kind);

describe("balance", () => {
  test("round robin: each in turn", () => {
    const callees = handlers(3);
    expect(shares(declare(new FakePeer(router), "round-robin"), callees, 30)).toEqual([10, 10, 10]);
  });

  test("weighted: by what each said it can take", () => {
    const callees = handlers(3, "ask", (index) => [1, 2, 5][index] as number);
    expect(shares(declare(new FakePeer(router), "weighted"), callees, 80)).toEqual([10, 20, 50]);
  });

  test("random: everybody, about as often", () => {
    const callees = handlers(2);
    const [first, second] = shares(declare(new FakePeer(router), "random"), callees, 400);
    expect(Math.min(first as number, second as number)).toBeGreaterThan(150);
  });

  test("least busy: whoever has fewest calls", () => {
    const [busy, idle] = handlers(2) as [FakePeer, FakePeer];
    const other = new FakePeer(router).route(0, "ask", { id: busy.id }).flush();
    for (let n = 0; n < 5; n++) other.say(Kind.request, 0, n, n);
    other.flush();
    busy.take();
    expect(shares(declare(new FakePeer(router), "least-busy"), [busy, idle], 9)).toEqual([0, 9]);
  });

  test("hash: a key stays with its peer, and comes back to the one that replaces it", () => {
    const callees = handlers(5);
    const caller = declare(new FakePeer(router), "hash");
    const homes = [11, 222, 3333, 44_444, 555_555].map((key) => {
      const got = shares(caller, callees, 4, key);
      expect(Math.max(...got)).toBe(4);
      return got.indexOf(4);
    });
    expect(new Set(homes).size).toBeGreaterThan(1);
    const home = homes[0] as number;
    router.leave((callees[home] as FakePeer).peer);
    const [again] = handlers(home + 1).slice(-1) as [FakePeer];
    expect(shares(caller, [again], 3, 11)).toEqual([3]);
  });

  test("one for whom too much waits is passed over where another can take it", () => {
    const [full, free] = handlers(2) as [FakePeer, FakePeer];
    full.queuedBytes = DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    const caller = declare(new FakePeer(router), "round-robin");
    expect(shares(caller, [full, free], 4)).toEqual([0, 4]);
    free.queuedBytes = DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    caller.say(Kind.request, 0, 9, "x").flush();
    expect(caller.takeMessages()).toMatchObject([{ kind: Kind.fault, code: Fault.overloaded }]);
  });
});

describe("records", () => {
  const KEYS = ["sku", "price"];
  const ask = (caller: FakePeer, correlation: number): void => {
    caller.say(Kind.request, 0, correlation, "body", { flags: Flag.records }).flush();
  };

  test("are told to whoever gets a body with them, once and before it", () => {
    const caller = new FakePeer(router).route(0, "ask").say(Kind.record, 0, 0, KEYS).flush();
    const callee = new FakePeer(router, {}, () => 0, { readsRecords: true }).handle("ask").flush();
    callee.take();
    ask(caller, 1);
    const first = callee.take();
    expect(kinds(first)).toEqual([Kind.peer, Kind.record, Kind.request]);
    expect(first[1]).toMatchObject({ topic: 0, source: caller.id, body: KEYS });
    ask(caller, 2);
    expect(kinds(callee.take())).toEqual([Kind.request]);
    caller.say(Kind.record, 1, 0, ["other"]);
    ask(caller, 3);
    expect(kinds(callee.take())).toEqual([Kind.record, Kind.request]);
  });

  test("come back to their sender where they cannot be read", () => {
    const caller = new FakePeer(router).route(0, "ask").say(Kind.record, 0, 0, KEYS).flush();
    const [callee] = handlers(1) as [FakePeer];
    ask(caller, 1);
    expect(callee.take()).toEqual([]);
    expect(caller.takeMessages()).toMatchObject([
      { kind: Kind.fault, code: Fault.plain, correlation: 1, body: "body" },
    ]);
    expect(router.tables.calls).toBe(0);
    // The correlation is free, and without records it is taken.
    caller.say(Kind.request, 0, 1, "body").flush();
    expect(kinds(callee.takeMessages())).toEqual([Kind.request]);
  });

  test("have no place in an event to many, or to a peer that reads none", () => {
    const sender = new FakePeer(router).route(0, "news").flush();
    const plain = new FakePeer(router).listen("news").flush();
    const event = (target: number): FakePeer =>
      sender.say(Kind.event, 0, 0, "x", { target, flags: Flag.records }).flush();
    expect(() => event(0)).toThrow(/records/);
    const other = new FakePeer(router).route(0, "news").flush();
    expect(() =>
      other.say(Kind.event, 0, 0, "x", { target: plain.id, flags: Flag.records }).flush(),
    ).toThrow(/records/);
    expect(plain.takeMessages()).toEqual([]);
  });

  test.each([
    ["out of turn", 1, ["a"]],
    ["without names", 0, []],
    ["with a name twice", 0, ["a", "a"]],
    ["with a name that is none", 0, ["__proto__"]],
    ["with too many names", 0, Array.from({ length: 65 }, (_, n) => `k${n}`)],
  ])("are refused %s", (_, number, keys) => {
    const peer = new FakePeer(router);
    expect(() => peer.say(Kind.record, number, 0, keys).flush()).toThrow(/record/);
  });
});

describe("an item of a stream", () => {
  test.each(["caller", "callee"])("for a %s for whom too much waits ends the stream", (who) => {
    const [callee] = handlers(1) as [FakePeer];
    const caller = new FakePeer(router).route(0, "ask").flush();
    caller.say(Kind.open, 0, 1, "x").flush();
    const number = callee.takeMessages()[0]?.correlation as number;
    const receiver = who === "caller" ? caller : callee;
    receiver.queuedBytes = DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    if (who === "caller") callee.say(Kind.data, 0, number, "item", { flags: Flag.served }).flush();
    else caller.say(Kind.data, 0, 1, "item").flush();
    expect(caller.takeMessages()).toMatchObject([{ kind: Kind.fault, code: Fault.overloaded }]);
    expect(kinds(callee.takeMessages())).toEqual([Kind.cancel]);
    // What still comes is counted, and its answer ends it.
    receiver.queuedBytes = 0;
    caller.say(Kind.data, 0, 1, "late").flush();
    expect(router.counters.late).toBe(1);
    callee.say(Kind.reply, 0, number, null).flush();
    expect([caller.takeMessages(), router.tables.calls]).toEqual([[], 0]);
  });
});

describe("what the hub itself handles", () => {
  test("nobody else may", () => {
    const peer = new FakePeer(router);
    expect(() => peer.handle("elpis.hub.jobs").flush()).toThrow(/only the hub/);
    const host = new FakePeer(router, {}, () => 0, { isHost: true });
    expect(() => host.handle("elpis.hub.jobs").flush()).not.toThrow();
  });
});

describe("events for those who do not read", () => {
  let now = 0;
  beforeEach(() => {
    now = 0;
    router = new Router(SLOW, 0);
  });

  function slowListener(flags = 0): SlowPeer {
    const peer = new SlowPeer(router, () => now);
    peer.say(Kind.listen, 0, 0, "news", { flags }).flush();
    peer.read(FULL);
    return peer;
  }

  function tell(count: number): FakePeer {
    const sender = new FakePeer(router, {}, () => now).route(0, "news").flush();
    for (let n = 1; n <= count; n++) {
      sender.say(Kind.event, 0, 0, [n, "x".repeat(60)]).flush();
    }
    return sender.flush();
  }

  const numbers = (frames: readonly Received[]): number[] =>
    frames.filter(({ kind }) => kind === Kind.event).map(({ body }) => (body as [number])[0]);

  test("drop-new: the first ones come, and the sender is told how many did not", () => {
    const slow = slowListener();
    const sender = tell(100);
    expect(router.counters.dropped).toBeGreaterThan(0);
    const heard = numbers(slow.read(FULL));
    expect(heard).toEqual(heard.map((_, index) => index + 1));
    expect(sender.take().some(({ kind }) => kind === Kind.dropped)).toBe(false);
    now = 60;
    router.tick(now);
    const told = sender.take().filter(({ kind }) => kind === Kind.dropped);
    expect(told).toMatchObject([{ topic: 0, source: slow.id, remaining: 100 - heard.length }]);
    expect(router.wantsTick).toBe(false);
  });

  test("drop-old: the latest ones come", () => {
    const slow = slowListener(Flag.dropOld);
    tell(200);
    const first = numbers(slow.read(FULL));
    router.drained(slow.peer);
    const kept = numbers(slow.read(FULL));
    expect(kept.at(-1)).toBe(200);
    expect(kept).toEqual(kept.map((_, index) => (kept[0] as number) + index));
    expect(router.counters.dropped).toBe(200 - first.length - kept.length);
    expect(router.tables.heldUp).toBe(0);
  });

  test("disconnect: it is told to go", () => {
    const slow = slowListener(Flag.disconnect);
    tell(100);
    expect(slow.closedWith).toBe("ELPIS_HUB_SLOW_PEER");
  });

  test("a report says how many got it and how many lost it", () => {
    const slow = slowListener();
    const quick = new FakePeer(router, {}, () => now).listen("news").flush();
    const sender = new FakePeer(router, {}, () => now).route(0, "news").route(1, "nobody").flush();
    const report = (route: number, correlation: number): unknown => {
      sender.say(Kind.event, route, correlation, "x", { flags: Flag.report }).flush();
      return sender.takeMessages()[0]?.body;
    };
    expect(report(0, 1)).toEqual({ accepted: 2, dropped: 0 });
    slow.queuedBytes = SLOW.maxPeerQueueBytes + 1;
    expect(report(0, 1)).toEqual({ accepted: 1, dropped: 1 });
    expect(report(1, 1)).toEqual({ accepted: 0, dropped: 0 });
    expect(quick.takeMessages()).toHaveLength(2);
    expect(router.counters.unheard).toBe(1);
  });

  test("all together may not take more than the whole hub may hold", () => {
    router = new Router({ ...SLOW, maxTotalQueueBytes: 3 * QUEUED }, 0);
    const listeners = Array.from({ length: 4 }, () => slowListener());
    for (const { peer } of listeners.slice(0, 3)) expect(peer.port.queuedBytes).toBe(0);
    const sender = new FakePeer(router).route(0, "news").flush();
    for (let n = 1; n <= 200; n++) sender.say(Kind.event, 0, 0, [n, "x".repeat(60)]).flush();
    const waiting = listeners.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
    expect(waiting).toBeLessThan(3 * QUEUED + 4 * 500);
    expect(waiting).toBeGreaterThan(2 * QUEUED);
  });
});

describe("credit for events to one peer", () => {
  const credits = (frames: readonly Received[]): Array<[number, number]> =>
    frames
      .filter(({ kind }) => kind === Kind.credit)
      .map(({ topic, remaining }) => [topic, remaining]);

  test("comes in lots as they are delivered, at once where they are not", () => {
    const receiver = new FakePeer(router).listen("news").flush();
    const deaf = new FakePeer(router);
    const sender = new FakePeer(router).route(0, "news").flush();
    const emit = (count: number, target: number, flags = 0): number => {
      let bytes = 0;
      for (let n = 0; n < count; n++) {
        bytes += sender.say(Kind.event, 0, n, n, { target, flags }).lastSize;
      }
      sender.flush();
      return bytes;
    };
    const first = emit(63, receiver.id);
    expect(credits(sender.take())).toEqual([]);
    const more = emit(1, receiver.id);
    expect(credits(sender.take())).toEqual([[64, first + more]]);
    expect(router.tables.lanes).toBe(0);
    const lost = emit(1, deaf.id);
    expect(credits(sender.take())).toEqual([[1, lost]]);
    const reported = emit(1, receiver.id, Flag.report);
    expect(credits(sender.take())).toEqual([[1, reported]]);
    emit(1, 4_000_000);
    expect(sender.take()).toMatchObject([{ kind: Kind.peerGone, source: 4_000_000 }]);
  });

  test("waits while much waits for the receiver, and ends with it", () => {
    const receiver = new SlowPeer(router, () => 0);
    receiver.listen("news").flush().read(FULL);
    const sender = new FakePeer(router).route(0, "news").flush();
    receiver.queuedBytes = 10 * 1024 * 1024;
    for (let n = 0; n < 100; n++) sender.say(Kind.event, 0, 0, n, { target: receiver.id });
    sender.flush();
    expect(credits(sender.take())).toEqual([]);
    receiver.read(FULL);
    router.drained(receiver.peer);
    expect(credits(sender.take()).map(([messages]) => messages)).toEqual([100]);
    sender.say(Kind.event, 0, 0, "x", { target: receiver.id }).flush();
    router.leave(receiver.peer);
    // It lost some while too much waited for it: that is told while it can be named.
    expect(sender.take().map(({ kind }) => kind)).toEqual([Kind.dropped, Kind.peerGone]);
    expect(router.tables.lanes).toBe(0);
  });
});

describe("messages for those who are not there yet", () => {
  test("are kept in order, with what is left of their time, and what followed them", () => {
    let now = 0;
    const caller = new FakePeer(router, {}, () => now).route(0, "late").flush();
    const wait = { flags: Flag.wait, remainingMs: 100 };
    caller.say(Kind.request, 0, 1, "first", wait).say(Kind.open, 0, 2, "second", wait);
    caller.say(Kind.credit, 50, 2).flush();
    expect([router.tables.kept, caller.takeMessages()]).toEqual([2, []]);
    now = 40;
    const callee = new FakePeer(router, {}, () => now).handle("late").flush();
    const frames = callee.takeMessages();
    expect(kinds(frames)).toEqual([Kind.request, Kind.open, Kind.credit]);
    expect(frames[0]).toMatchObject({ body: "first", remaining: 60 });
    expect(frames[2]?.correlation).toBe(frames[1]?.correlation);
    expect(router.tables.kept).toBe(0);
  });

  test("end with their time, with a cancel, and with their sender", () => {
    const wait = { flags: Flag.wait, remainingMs: 100 };
    const caller = new FakePeer(router).route(0, "late").flush();
    for (const correlation of [1, 2, 3]) caller.say(Kind.request, 0, correlation, "x", wait);
    caller.say(Kind.cancel, 0, 2).flush();
    expect(caller.takeMessages()).toMatchObject([{ correlation: 2, code: Fault.cancelled }]);
    router.tick(200);
    expect(caller.takeMessages().map(({ code }) => code)).toEqual([Fault.deadline, Fault.deadline]);
    caller.say(Kind.request, 0, 4, "x", { flags: Flag.wait }).flush();
    router.leave(caller.peer);
    expect(router.tables).toMatchObject({ calls: 0, deadlines: 0, kept: 0 });
  });

  test("are refused when there are too many", () => {
    router = new Router({ ...DEFAULT_LIMITS, maxKept: 2 }, 0);
    const caller = new FakePeer(router).route(0, "late").flush();
    for (const n of [1, 2, 3]) caller.say(Kind.request, 0, n, "x", { flags: Flag.wait });
    caller.flush();
    expect(caller.takeMessages()).toMatchObject([{ correlation: 3, code: Fault.overloaded }]);
  });

  test("events too, when their sender wants that", () => {
    const sender = new FakePeer(router).route(0, "late").flush();
    const flags = Flag.report | Flag.wait;
    sender.say(Kind.event, 0, 0, "too early", { flags, remainingMs: 50 }).flush();
    router.tick(100);
    expect(sender.takeMessages()).toMatchObject([{ correlation: 0, code: Fault.noResponder }]);
    sender.say(Kind.event, 0, 1, "news", { flags, remainingMs: 100 }).flush();
    const listener = new FakePeer(router).listen("late").flush();
    expect(listener.takeMessages()).toMatchObject([{ kind: Kind.event, body: "news" }]);
    expect(sender.takeMessages()).toMatchObject([{ body: { accepted: 1, dropped: 0 } }]);
  });
});
