import { Fault, Kind } from "@elpis/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../src/hub/limits.ts";
import { Router } from "../src/hub/router.ts";
import { FakePeer } from "./support/fake-peer.ts";

let router: Router;
beforeEach(() => {
  router = new Router(DEFAULT_LIMITS, 0);
});

function bodies(peer: FakePeer): unknown[] {
  return peer.takeMessages().map((frame) => frame.body);
}

describe("events", () => {
  it("reach every other listener, introduced before the first", () => {
    const sender = new FakePeer(router).route(1, "news").listen("news");
    const one = new FakePeer(router).listen("news").flush();
    const deaf = new FakePeer(router);
    one.take();
    sender.say(Kind.event, 1, 0, "a").say(Kind.event, 1, 0, "b").flush();
    const frames = one.take();
    expect(frames.map((frame) => frame.kind)).toEqual([Kind.peer, Kind.event, Kind.event]);
    expect(frames[1]).toMatchObject({ body: "a", source: sender.id });
    expect(bodies(sender)).toEqual([]);
    expect(deaf.take()).toEqual([]);
  });

  it("carry the number that the receiver was told for the topic", () => {
    const sender = new FakePeer(router).route(4000, "news").flush();
    const listener = new FakePeer(router).listen("other").listen("news").flush();
    sender.say(Kind.event, 4000, 0, 1).flush();
    const frames = listener.take();
    const named = frames.find((frame) => frame.kind === Kind.topic && frame.body === "news");
    expect(frames.find((frame) => frame.kind === Kind.event)?.topic).toBe(named?.topic);
  });

  it("go only where the selector points, also after peers come and go", () => {
    const sender = new FakePeer(router).route(1, "news", { name: "api" }).flush();
    const web = new FakePeer(router, { name: "web" }).listen("news").flush();
    const api = new FakePeer(router, { name: "api" }).listen("news").flush();
    sender.say(Kind.event, 1, 0, 1).flush();
    const late = new FakePeer(router, { name: "api" }).listen("news").flush();
    router.leave(api.peer);
    sender.say(Kind.event, 1, 0, 2).flush();
    expect([bodies(web), bodies(api), bodies(late)]).toEqual([[], [1], [2]]);
  });

  it("are dropped and counted for a peer that does not read", () => {
    const sender = new FakePeer(router).route(1, "news").flush();
    const slow = new FakePeer(router).listen("news").flush();
    const quick = new FakePeer(router).listen("news").flush();
    slow.queuedBytes = DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    sender.say(Kind.event, 1, 0, 1).say(Kind.event, 1, 0, 2).flush();
    expect([bodies(slow), bodies(quick)]).toEqual([[], [1, 2]]);
    expect([router.counters.dropped, droppedTo(router, slow), droppedTo(router, quick)]).toEqual([
      2, 2, 0,
    ]);
  });
});

describe("requests", () => {
  it("go to the handlers in turn and come back with the caller's correlation", () => {
    const caller = new FakePeer(router).route(1, "sum").flush();
    const handlers = [0, 1, 2].map((index) =>
      new FakePeer(router, { index }).handle("sum").flush(),
    );
    for (let n = 0; n < 6; n++) caller.say(Kind.request, 1, n, n);
    caller.flush();
    for (const handler of handlers) {
      const asked = handler.takeMessages();
      expect(asked).toHaveLength(2);
      for (const { correlation, body } of asked) handler.say(Kind.reply, 0, correlation, [body]);
      handler.flush();
    }
    const answers = caller.takeMessages().sort((a, b) => a.correlation - b.correlation);
    expect(answers.map(({ correlation, body }) => [correlation, body])).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => [n, [n]]),
    );
    expect(router.tables.calls).toBe(0);
  });

  it("fail at once when nobody handles, nobody is ready, or the one named is not there", () => {
    const caller = new FakePeer(router).route(1, "sum").flush();
    const fault = (target = 0): number | undefined => {
      caller.say(Kind.request, 1, 0, null, { target }).flush();
      return caller.takeMessages()[0]?.code;
    };
    expect(fault()).toBe(Fault.noResponder);
    const handler = new FakePeer(router).handle("sum").setReady(false).flush();
    expect(fault()).toBe(Fault.noResponder);
    expect(fault(9999)).toBe(Fault.noResponder);
    caller.say(Kind.request, 1, 0, null, { target: handler.id }).flush();
    expect(handler.takeMessages()).toHaveLength(1);
  });

  it("fail with peerLost the moment their handler leaves", () => {
    const caller = new FakePeer(router).route(1, "sum").flush();
    const handler = new FakePeer(router).handle("sum").flush();
    caller.say(Kind.request, 1, 3, null).say(Kind.request, 1, 4, null).flush();
    router.leave(handler.peer);
    const faults = caller.takeMessages();
    expect(faults.map(({ code, correlation, source }) => [code, correlation, source])).toEqual([
      [Fault.peerLost, 3, handler.id],
      [Fault.peerLost, 4, handler.id],
    ]);
    expect(router.tables.calls).toBe(0);
  });

  it("tell the handler when the caller leaves, cancels, or runs out of time", () => {
    const handler = new FakePeer(router).handle("sum").flush();
    const gone = new FakePeer(router).route(1, "sum").say(Kind.request, 1, 0, "gone").flush();
    const caller = new FakePeer(router).route(1, "sum");
    caller.say(Kind.request, 1, 0, "cancelled");
    caller.say(Kind.request, 1, 1, "late", { remainingMs: 100 }).flush();
    const asked = handler.takeMessages();
    router.leave(gone.peer);
    caller.say(Kind.cancel, 0, 0).flush();
    router.tick(50);
    expect(caller.takeMessages().map((frame) => frame.code)).toEqual([Fault.cancelled]);
    router.tick(120);
    expect(caller.takeMessages().map((frame) => frame.code)).toEqual([Fault.deadline]);
    const told = handler.takeMessages();
    expect(told.map((frame) => frame.kind)).toEqual([Kind.cancel, Kind.cancel, Kind.cancel]);
    expect(told.map((frame) => frame.correlation)).toEqual(asked.map((frame) => frame.correlation));
    for (const { correlation } of told) handler.say(Kind.reply, 0, correlation, "too late");
    handler.flush();
    expect(caller.takeMessages()).toEqual([]);
    expect(router.counters).toMatchObject({ late: 3, expired: 1, stray: 0 });
    expect(router.tables.calls).toBe(0);
  });

  it("are answered only by the one who was asked", () => {
    const caller = new FakePeer(router).route(1, "sum").flush();
    const handler = new FakePeer(router).handle("sum").flush();
    const liar = new FakePeer(router);
    caller.say(Kind.request, 1, 0, null).flush();
    const number = handler.takeMessages()[0]?.correlation ?? -1;
    liar.say(Kind.reply, 0, number, "forged").flush();
    expect(caller.takeMessages()).toEqual([]);
    expect(router.counters.stray).toBe(1);
    handler.say(Kind.reply, 0, number, "true").flush();
    expect(bodies(caller)).toEqual(["true"]);
  });

  it("are refused when too much waits for the handler", () => {
    const caller = new FakePeer(router).route(1, "sum").flush();
    const handler = new FakePeer(router).handle("sum").flush();
    handler.queuedBytes = DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    caller.say(Kind.request, 1, 0, null).flush();
    expect(caller.takeMessages()[0]?.code).toBe(Fault.overloaded);
    expect(router.counters.overloaded).toBe(1);
  });
});

describe("consume", () => {
  it("goes to exactly one listener that is ready", () => {
    const caller = new FakePeer(router).route(1, "task").flush();
    const booting = new FakePeer(router).listen("task").setReady(false).flush();
    const ready = [0, 1].map(() => new FakePeer(router).listen("task").flush());
    for (let n = 0; n < 10; n++) caller.say(Kind.consume, 1, n, n);
    caller.flush();
    expect(booting.takeMessages()).toEqual([]);
    const counts = ready.map((peer) => peer.takeMessages().length);
    expect(counts).toEqual([5, 5]);
  });
});

describe("map", () => {
  it("says who is asked, then passes on one answer of each", () => {
    const caller = new FakePeer(router).route(1, "stats").flush();
    const handlers = [0, 1, 2].map((index) =>
      new FakePeer(router, { index }).handle("stats").flush(),
    );
    caller.say(Kind.map, 1, 7, "x").flush();
    const [plan] = caller.takeMessages();
    expect(plan).toMatchObject({ kind: Kind.mapPlan, correlation: 7 });
    expect(plan?.body).toEqual(handlers.map((handler) => handler.id));
    const [first, second, third] = handlers as [FakePeer, FakePeer, FakePeer];
    first.say(Kind.reply, 0, first.takeMessages()[0]?.correlation, 1).flush();
    router.leave(second.peer);
    third.say(Kind.fault, 0, third.takeMessages()[0]?.correlation, { message: "no" }).flush();
    const answers = caller.takeMessages();
    expect(answers.map(({ source, kind, code }) => [source, kind, code])).toEqual([
      [first.id, Kind.reply, 0],
      [second.id, Kind.fault, Fault.peerLost],
      [third.id, Kind.fault, Fault.remote],
    ]);
    expect(answers.every((answer) => answer.correlation === 7)).toBe(true);
    expect([router.tables.calls, caller.peer.asked[7]]).toEqual([0, undefined]);
  });

  it("of nobody is answered by an empty plan", () => {
    const caller = new FakePeer(router).route(1, "stats").say(Kind.map, 1, 0, null).flush();
    expect(caller.takeMessages()).toMatchObject([{ kind: Kind.mapPlan, body: [] }]);
  });

  it("does not overtake a request that was sent before it in the same chunk", () => {
    const caller = new FakePeer(router).route(1, "stats").flush();
    const handler = new FakePeer(router).handle("stats").flush();
    caller.say(Kind.request, 1, 0, "first").say(Kind.map, 1, 1, "second").flush();
    expect(bodies(handler)).toEqual(["first", "second"]);
  });
});

describe("peers", () => {
  it("are listed, and watchers hear of changes", () => {
    const watcher = new FakePeer(router).say(Kind.peers, 0, 5, undefined, { flags: 1 }).flush();
    expect(watcher.takeMessages()).toMatchObject([{ correlation: 5, body: [{ id: watcher.id }] }]);
    const other = new FakePeer(router, { name: "other" }).setReady(false).flush();
    router.leave(other.peer);
    expect(watcher.take().map(({ kind, source }) => [kind, source])).toEqual([
      [Kind.peer, 0],
      [Kind.peer, 0],
      [Kind.peerGone, other.id],
    ]);
  });
});

describe("a peer that does not follow the protocol", () => {
  const cases: Array<[string, (peer: FakePeer) => FakePeer]> = [
    ["uses a route that it did not declare", (peer) => peer.say(Kind.event, 9, 0, 1)],
    [
      "uses a correlation twice",
      (peer) => {
        new FakePeer(router).handle("sum").flush();
        return peer.route(1, "sum").say(Kind.request, 1, 0, 1).say(Kind.request, 1, 0, 2);
      },
    ],
    [
      "uses a correlation out of range",
      (peer) => peer.route(1, "sum").say(Kind.request, 1, 1e6, 1),
    ],
    ["declares a route out of range", (peer) => peer.route(1e6, "sum")],
    [
      "declares a route with an unknown part",
      (peer) => peer.say(Kind.route, 1, 0, { topic: "a", to: { x: 1 } }),
    ],
    ["sends what only the hub may send", (peer) => peer.say(Kind.welcome, 0, 0, {})],
    ["sends a kind that does not exist", (peer) => peer.say(0x7f)],
    ["listens to something that is no text", (peer) => peer.say(Kind.listen, 0, 0, 42)],
  ];
  it.each(cases)("is refused when it %s", (_, act) => {
    expect(() => act(new FakePeer(router)).flush()).toThrowError(
      expect.objectContaining({ code: "ELPIS_PROTOCOL_INVALID" }),
    );
  });

  it("does not take back what it sent before", () => {
    const sender = new FakePeer(router).route(1, "news").flush();
    const listener = new FakePeer(router).listen("news").flush();
    expect(() => sender.say(Kind.event, 1, 0, "good").say(0x7f).flush()).toThrow();
    expect(bodies(listener)).toEqual(["good"]);
  });
});

describe("a slow peer", () => {
  it("loses events and nothing else, however they travel together", () => {
    const sender = new FakePeer(router).route(1, "news").handle("sum").flush();
    const slow = new FakePeer(router).listen("news").route(1, "sum").flush();
    slow.say(Kind.request, 1, 0, "question").flush();
    const number = sender.takeMessages()[0]?.correlation ?? -1;
    slow.queuedBytes = DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    sender.say(Kind.event, 1, 0, "lost").say(Kind.reply, 0, number, "answer");
    sender.say(Kind.event, 1, 0, "lost too").flush();
    expect(bodies(slow)).toEqual(["answer"]);
    expect(router.counters.dropped).toBe(2);
  });

  it("is closed when it does not even read what is owed to it", () => {
    const sender = new FakePeer(router).route(1, "news").flush();
    const slow = new FakePeer(router).listen("news").flush();
    slow.queuedBytes = 2 * DEFAULT_LIMITS.maxPeerQueueBytes + 1;
    sender.say(Kind.event, 1, 0, 1).flush();
    expect(slow.closedWith).toBe("ELPIS_HUB_SLOW_PEER");
  });
});

function droppedTo(router: Router, { peer }: FakePeer): number {
  return router.statsOf(peer).dropped;
}
