import { Fault, Flag, Kind } from "@elpis/protocol";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type HubLimits } from "../src/hub/limits.ts";
import { Router } from "../src/hub/router.ts";
import type { Received } from "./support/fake-peer.ts";
import { Random } from "./support/random.ts";
import { SlowPeer } from "./support/slow-peer.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 600);
const STEPS = 100;
/** Small enough that a few messages are too many. */
const LIMITS: HubLimits = {
  ...DEFAULT_LIMITS,
  maxPeerQueueBytes: 16_000,
  maxTotalQueueBytes: 40_000,
  maxKept: 6,
  maxKeptBytes: 4_000,
};
/** One topic of events for each way to treat a slow listener, one of calls, one of streams. */
const TOPICS = ["new", "old", "strict", "ask", "flow"] as const;
const RULES = [0, Flag.dropOld, Flag.disconnect] as const;
const ASK = 3;
const FLOW = 4;
const FILLER = "x".repeat(300);

interface Asked {
  readonly kind: number;
  /** Of a stream: the next item that must come. */
  nextItem: number;
  /** Of a stream: how many were sent. */
  sent: number;
}

interface Given {
  readonly kind: number;
  readonly input: unknown;
  nextItem: number;
  sent: number;
}

interface Actor {
  readonly peer: SlowPeer;
  readonly rule: number;
  readonly asked: Map<number, Asked>;
  readonly given: Map<number, Given>;
  /** By sender and class of overflow: the last sequence number that came. */
  readonly heard: Map<string, number>;
  /** By receiver: events that went to it alone, without credit for them again. */
  readonly lanes: Map<number, { messages: number; bytes: number }>;
  /** By receiver: events for it, those that came, those that were told to be lost. */
  readonly sent: Map<number, { out: number; came: number; lost: number }>;
  nextCorrelation: number;
  handles: boolean;
}

/** Peers that read when they like, and a hub with very little room. */
class World {
  readonly random: Random;
  readonly router: Router;
  readonly actors: Actor[] = [];
  readonly seen = { data: 0, lost: 0, credit: 0, kept: 0, overloaded: 0, closed: 0 };
  now = 0;
  sequence = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.router = new Router(LIMITS, 0, { random: () => this.random.next() });
    for (let n = 0; n < 4; n++) this.join();
  }

  join(): void {
    const peer = new SlowPeer(this.router, () => this.now);
    const rule = this.random.int(3);
    for (const [route, topic] of TOPICS.entries()) peer.route(route, topic);
    peer.say(Kind.listen, 0, 0, TOPICS[rule], { flags: RULES[rule] as number }).flush();
    this.actors.push({
      peer,
      rule,
      asked: new Map(),
      given: new Map(),
      heard: new Map(),
      lanes: new Map(),
      sent: new Map(),
      nextCorrelation: 0,
      handles: false,
    });
  }

  step(): void {
    const actor = this.random.pick(this.actors);
    if (actor === undefined) return this.join();
    const chance = this.random.int(100);
    if (chance < 3) this.join();
    else if (chance < 5) this.leave(actor);
    else if (chance < 12) this.toggle(actor);
    else if (chance < 30) this.emit(actor);
    else if (chance < 42) this.emitTo(actor);
    else if (chance < 54) this.ask(actor);
    else if (chance < 66) this.flow(actor);
    else if (chance < 70) this.cancel(actor);
    else if (chance < 78) this.answer(actor);
    else if (chance < 95) this.read(actor, this.random.int(30));
    else this.pass(this.random.int(60));
    this.bury();
  }

  leave(actor: Actor): void {
    this.actors.splice(this.actors.indexOf(actor), 1);
    this.router.leave(actor.peer.peer);
    for (const other of this.actors) {
      other.sent.delete(actor.peer.id);
      actor.sent.delete(other.peer.id);
    }
  }

  /** Whoever the hub has closed is gone. */
  bury(): void {
    for (const actor of [...this.actors]) {
      if (actor.peer.closedWith === undefined) continue;
      expect(actor.peer.closedWith).toBe("ELPIS_HUB_SLOW_PEER");
      this.seen.closed++;
      this.leave(actor);
    }
  }

  toggle(actor: Actor): void {
    actor.handles = !actor.handles;
    const kind = actor.handles ? Kind.listen : Kind.unlisten;
    for (const topic of [ASK, FLOW]) {
      actor.peer.say(kind, 0, 0, TOPICS[topic], { flags: Flag.handler });
    }
    actor.peer.flush();
  }

  emit(actor: Actor): void {
    const topic = this.random.int(3);
    for (let n = this.random.int(8); n >= 0; n--) {
      actor.peer.say(Kind.event, topic, 0, [topic, ++this.sequence, FILLER]);
      for (const other of this.actors) {
        if (other !== actor && other.rule === topic) this.ledger(actor, other.peer.id).out++;
      }
    }
    actor.peer.flush();
  }

  emitTo(actor: Actor): void {
    const to = this.random.pick(this.actors) as Actor;
    const target = this.random.int(12) === 0 ? 4_000_000 : to.peer.id;
    const topic = this.random.int(3);
    const lane = actor.lanes.get(target) ?? { messages: 0, bytes: 0 };
    actor.lanes.set(target, lane);
    for (let n = this.random.int(6); n >= 0; n--) {
      lane.messages++;
      lane.bytes += actor.peer.say(Kind.event, topic, 0, [topic, ++this.sequence, FILLER], {
        target,
      }).lastSize;
      if (target === to.peer.id && to !== actor && to.rule === topic) {
        this.ledger(actor, target).out++;
      }
    }
    actor.peer.flush();
  }

  ask(actor: Actor): void {
    const correlation = actor.nextCorrelation++;
    const kind = this.random.pick([Kind.request, Kind.open, Kind.consume]) as number;
    const flags = this.random.int(2) === 0 ? Flag.wait : 0;
    const remainingMs = this.random.int(2) === 0 ? 1 + this.random.int(200) : 0;
    const topic = kind === Kind.request ? ASK : kind === Kind.open ? FLOW : this.random.int(3);
    actor.asked.set(correlation, { kind, nextItem: 0, sent: 0 });
    actor.peer.say(kind, topic, correlation, [correlation, FILLER], { flags, remainingMs });
    if (kind === Kind.open) actor.peer.say(Kind.credit, 10, correlation);
    actor.peer.flush();
  }

  /** Items in both directions. */
  flow(actor: Actor): void {
    for (const [correlation, asked] of actor.asked) {
      if (asked.kind !== Kind.open || this.random.int(2) === 0) continue;
      actor.peer.say(Kind.data, 0, correlation, asked.sent++);
    }
    for (const [number, given] of actor.given) {
      if (given.kind !== Kind.open || this.random.int(2) === 0) continue;
      actor.peer.say(Kind.data, 0, number, given.sent++, { flags: Flag.served });
    }
    actor.peer.flush();
  }

  cancel(actor: Actor): void {
    const correlation = this.random.pick([...actor.asked.keys()]);
    if (correlation !== undefined) actor.peer.say(Kind.cancel, 0, correlation).flush();
  }

  answer(actor: Actor): void {
    for (const [number, { input }] of actor.given) {
      if (this.random.int(3) > 0) this.reply(actor, number, input);
    }
    actor.peer.flush();
  }

  reply(actor: Actor, number: number, input: unknown): void {
    actor.given.delete(number);
    actor.peer.say(Kind.reply, 0, number, { input });
  }

  pass(ms: number): void {
    this.now += ms;
    this.router.tick(this.now);
  }

  read(actor: Actor, frames: number): void {
    for (const frame of actor.peer.read(frames)) this.check(actor, frame);
    this.router.drained(actor.peer.peer);
  }

  check(actor: Actor, frame: Received): void {
    switch (frame.kind) {
      case Kind.event:
        return this.checkEvent(actor, frame);
      case Kind.request:
      case Kind.consume:
      case Kind.open:
        expect(actor.given.has(frame.correlation), "a number given twice").toBe(false);
        actor.given.set(frame.correlation, {
          kind: frame.kind,
          input: (frame.body as unknown[])[0],
          nextItem: 0,
          sent: 0,
        });
        return;
      case Kind.data:
        return this.checkItem(actor, frame);
      case Kind.credit:
        if ((frame.flags & Flag.lane) !== 0) this.checkCredit(actor, frame);
        return;
      case Kind.dropped:
        this.seen.lost += frame.remaining;
        if (this.isThere(frame.source)) {
          this.ledger(actor, frame.source).lost += frame.remaining;
        }
        return;
      case Kind.peerGone:
        actor.lanes.delete(frame.source);
        return;
      case Kind.reply:
      case Kind.fault:
        expect(actor.asked.delete(frame.correlation), "an answer to nothing, or a second").toBe(
          true,
        );
        if (frame.code === Fault.overloaded) this.seen.overloaded++;
    }
  }

  checkEvent(actor: Actor, { source, body }: Received): void {
    const [topic, sequence] = body as [number, number];
    expect(topic, "somebody else's event").toBe(actor.rule);
    const line = `${source} ${topic}`;
    expect(sequence, "out of order").toBeGreaterThan(actor.heard.get(line) ?? 0);
    actor.heard.set(line, sequence);
    const sender = this.actors.find(({ peer }) => peer.id === source);
    if (sender !== undefined) this.ledger(sender, actor.peer.id).came++;
  }

  checkItem(actor: Actor, { correlation, flags, body }: Received): void {
    const isServed = (flags & Flag.served) !== 0;
    const end = isServed ? actor.asked.get(correlation) : actor.given.get(correlation);
    // The callee may have answered while an item was on its way to it; never the other way round.
    if (!isServed && end === undefined) return;
    expect(body, "an item that is missing or comes too late").toBe(end?.nextItem);
    if (end !== undefined) end.nextItem++;
    this.seen.data++;
  }

  checkCredit(actor: Actor, { source, topic, remaining }: Received): void {
    const lane = actor.lanes.get(source);
    expect(lane, "credit for nothing").toBeDefined();
    if (lane === undefined) return;
    lane.messages -= topic;
    lane.bytes -= remaining;
    expect(lane.messages, "too much credit").toBeGreaterThanOrEqual(0);
    expect(lane.bytes).toBeGreaterThanOrEqual(0);
    this.seen.credit++;
  }

  /** Everybody reads and answers everything: afterwards nothing may be open. */
  settle(): void {
    for (let round = 0; round < 50; round++) {
      for (const actor of [...this.actors]) {
        this.read(actor, Number.POSITIVE_INFINITY);
        for (const [number, { input }] of actor.given) this.reply(actor, number, input);
        actor.peer.flush();
        // What nobody will ever take is not wanted any more.
        if (round > 20) for (const c of actor.asked.keys()) actor.peer.say(Kind.cancel, 0, c);
        actor.peer.flush();
      }
      this.pass(60);
      this.bury();
    }
  }

  checkSettled(): void {
    const { calls, deadlines, kept, heldUp } = this.router.tables;
    expect({ calls, deadlines, kept, heldUp }).toEqual({
      calls: 0,
      deadlines: 0,
      kept: 0,
      heldUp: 0,
    });
    expect(this.router.wantsTick).toBe(false);
    this.checkRoom();
    for (const { peer, asked, lanes, sent } of this.actors) {
      expect(peer.peer.isHeldUp).toBe(false);
      expect([...asked.keys()], "calls without an answer").toEqual([]);
      for (const [id, lane] of lanes) {
        // The rest of a lot is granted with the next one.
        expect(lane.messages, `credit that never came, ${peer.id} to ${id}`).toBeLessThan(64);
      }
      for (const [id, { out, came, lost }] of sent) {
        expect(came + lost, `events from ${peer.id} to ${id}`).toBe(out);
      }
    }
  }

  /** As much is kept as at the beginning. */
  checkRoom(): void {
    const peer = new SlowPeer(this.router, () => this.now);
    peer.route(0, "nowhere");
    for (let n = 0; n < LIMITS.maxKept; n++) {
      peer.say(Kind.request, 0, n, "x".repeat(600), { flags: Flag.wait });
    }
    peer.flush();
    expect(this.router.tables.kept).toBe(LIMITS.maxKept);
  }

  ledger(actor: Actor, receiver: number): { out: number; came: number; lost: number } {
    const ledger = actor.sent.get(receiver) ?? { out: 0, came: 0, lost: 0 };
    actor.sent.set(receiver, ledger);
    return ledger;
  }

  isThere(id: number): boolean {
    return this.actors.some(({ peer }) => peer.id === id);
  }
}

describe("the router, whatever its peers do and however slow they are", () => {
  it(`keeps its promises in ${RUNS} seeded runs`, () => {
    const seen = { data: 0, lost: 0, credit: 0, kept: 0, overloaded: 0, closed: 0 };
    for (let seed = 1; seed <= RUNS; seed++) {
      const world = new World(seed);
      try {
        for (let step = 0; step < STEPS; step++) world.step();
        world.settle();
        world.checkSettled();
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      world.seen.kept = world.router.counters.kept;
      for (const what of Object.keys(seen) as Array<keyof typeof seen>) {
        seen[what] += world.seen[what];
      }
    }
    // The runs must have exercised what they are about.
    for (const [what, count] of Object.entries(seen)) {
      expect(count, what).toBeGreaterThan(RUNS / 50);
    }
  }, 1_800_000);
});
