import { Flag, Kind } from "@elpis/protocol";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../src/hub/limits.ts";
import { Router } from "../src/hub/router.ts";
import { FakePeer, type Received } from "./support/fake-peer.ts";
import { Random } from "./support/random.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 1500);
const STEPS = 120;
const TOPICS = ["a", "b", "c"] as const;
const NAMES = ["web", "api"] as const;
/** Each peer declares a route for every topic, and one for every topic and name. */
const routeNumber = (topic: number, name: number): number => topic * 3 + name;

interface Actor {
  readonly peer: FakePeer;
  readonly name: string;
  readonly handles: Set<string>;
  readonly listens: Set<string>;
  /** Correlations that are in use, with the number of answers still to come (undefined: no plan yet). */
  readonly asked: Map<number, number | undefined>;
  /** Events whose sender wants to know what became of them: who should get them. */
  readonly reports: Map<number, number>;
  /** Requests that it has been given and has not answered. */
  readonly given: Map<number, unknown>;
  /** By sender and topic: the last sequence number that came. */
  readonly heard: Map<string, number>;
  readonly topicNames: Map<number, string>;
  nextCorrelation: number;
  isReady: boolean;
}

/** Runs peers at random against the router and checks every frame against what a much simpler model expects. */
class World {
  readonly random: Random;
  readonly router: Router;
  readonly actors: Actor[] = [];
  now = 0;
  sequence = 0;
  delivered = 0;
  answered = 0;
  /** Events that must still arrive: receiver and sequence number. */
  readonly expected = new Map<number, Set<number>>();

  constructor(seed: number) {
    this.random = new Random(seed);
    this.router = new Router(DEFAULT_LIMITS, 0);
    for (let n = 0; n < 4; n++) this.join();
  }

  join(): void {
    const name = this.random.pick(NAMES) as string;
    const peer = new FakePeer(this.router, { name }, () => this.now);
    for (const [topic, text] of TOPICS.entries()) {
      peer.route(routeNumber(topic, 0), text);
      for (const [index, to] of NAMES.entries()) {
        peer.route(routeNumber(topic, index + 1), text, { name: to });
      }
    }
    peer.flush();
    this.actors.push({
      peer,
      name,
      handles: new Set(),
      listens: new Set(),
      asked: new Map(),
      reports: new Map(),
      given: new Map(),
      heard: new Map(),
      topicNames: new Map(),
      nextCorrelation: 0,
      isReady: true,
    });
    this.expected.set(peer.id, new Set());
  }

  step(): void {
    const actor = this.random.pick(this.actors);
    if (actor === undefined) return this.join();
    const chance = this.random.int(100);
    if (chance < 4) this.join();
    else if (chance < 7) this.leave(actor);
    else if (chance < 20) this.toggle(actor);
    else if (chance < 24) this.setReady(actor);
    else if (chance < 45) this.emit(actor);
    else if (chance < 65) this.ask(actor);
    else if (chance < 70) this.cancel(actor);
    else if (chance < 90) this.answer(actor);
    else this.pass();
    this.readAll();
  }

  leave(actor: Actor): void {
    this.read(actor);
    this.actors.splice(this.actors.indexOf(actor), 1);
    this.router.leave(actor.peer.peer);
  }

  toggle({ peer, handles, listens }: Actor): void {
    const topic = this.random.pick(TOPICS) as string;
    const asHandler = this.random.int(2) === 0;
    const mine = asHandler ? handles : listens;
    const kind = mine.has(topic) ? Kind.unlisten : Kind.listen;
    if (!mine.delete(topic)) mine.add(topic);
    peer.say(kind, 0, 0, topic, { flags: asHandler ? 1 : 0 }).flush();
  }

  setReady(actor: Actor): void {
    actor.isReady = !actor.isReady;
    actor.peer.setReady(actor.isReady).flush();
  }

  /** Several events in one chunk, so that they may travel as one piece. */
  emit(actor: Actor): void {
    for (let n = this.random.int(4); n >= 0; n--) {
      const topic = this.random.int(TOPICS.length);
      const to = this.random.int(3);
      const sequence = ++this.sequence;
      const isReported = this.random.int(4) === 0;
      const correlation = isReported ? actor.nextCorrelation++ : 0;
      const flags = isReported ? Flag.report : 0;
      actor.peer.say(Kind.event, routeNumber(topic, to), correlation, [topic, sequence], { flags });
      let receivers = 0;
      for (const other of this.actors) {
        const meant = to === 0 || other.name === NAMES[to - 1];
        if (other === actor || !meant || !other.listens.has(TOPICS[topic] as string)) continue;
        this.expected.get(other.peer.id)?.add(sequence);
        receivers++;
      }
      if (!isReported) continue;
      actor.asked.set(correlation, 1);
      actor.reports.set(correlation, receivers);
    }
    actor.peer.flush();
  }

  ask(actor: Actor): void {
    for (let n = this.random.int(3); n >= 0; n--) {
      const correlation = actor.nextCorrelation++;
      const kind = this.random.pick([Kind.request, Kind.consume, Kind.map]) as number;
      const route = routeNumber(this.random.int(TOPICS.length), this.random.int(3));
      const remainingMs = this.random.int(3) === 0 ? 1 + this.random.int(200) : 0;
      actor.asked.set(correlation, kind === Kind.map ? undefined : 1);
      actor.peer.say(kind, route, correlation, correlation, { remainingMs });
    }
    actor.peer.flush();
  }

  cancel(actor: Actor): void {
    const correlation = this.random.pick([...actor.asked.keys()]);
    if (correlation !== undefined) actor.peer.say(Kind.cancel, 0, correlation).flush();
  }

  answer(actor: Actor): void {
    for (const [number, input] of actor.given) {
      if (this.random.int(3) === 0) continue;
      actor.given.delete(number);
      const kind = this.random.int(5) === 0 ? Kind.fault : Kind.reply;
      actor.peer.say(kind, 0, number, { message: "echo", input });
    }
    if (this.random.int(10) === 0) actor.peer.say(Kind.reply, 0, this.random.int(1e6), "stray");
    actor.peer.flush();
  }

  pass(): void {
    this.now += this.random.int(60);
    this.router.tick(this.now);
  }

  readAll(): void {
    for (const actor of this.actors) this.read(actor);
  }

  read(actor: Actor): void {
    for (const frame of actor.peer.take()) this.check(actor, frame);
  }

  check(actor: Actor, frame: Received): void {
    switch (frame.kind) {
      case Kind.topic:
        actor.topicNames.set(frame.topic, frame.body as string);
        return;
      case Kind.event:
        return this.checkEvent(actor, frame);
      case Kind.request:
      case Kind.consume:
        expect(actor.given.has(frame.correlation)).toBe(false);
        expect(frame.source, "work from nobody").toBeGreaterThan(0);
        expect(actor.isReady, "work for one who is not ready").toBe(true);
        actor.given.set(frame.correlation, frame.body);
        return;
      case Kind.mapPlan: {
        expect(actor.asked.has(frame.correlation)).toBe(true);
        const count = (frame.body as number[]).length;
        if (count === 0) actor.asked.delete(frame.correlation);
        else actor.asked.set(frame.correlation, count);
        return;
      }
      case Kind.reply:
      case Kind.fault:
        return this.checkAnswer(actor, frame);
    }
  }

  checkEvent(actor: Actor, { topic, source, body }: Received): void {
    const [index, sequence] = body as [number, number];
    expect(actor.topicNames.get(topic)).toBe(TOPICS[index]);
    expect(this.expected.get(actor.peer.id)?.delete(sequence)).toBe(true);
    const line = `${source}`;
    expect(sequence).toBeGreaterThan(actor.heard.get(line) ?? 0);
    actor.heard.set(line, sequence);
    this.delivered++;
  }

  checkAnswer(actor: Actor, { correlation, kind, body }: Received): void {
    const owed = actor.asked.get(correlation);
    expect(owed, "an answer to nothing, or one too many").toBeGreaterThan(0);
    if (owed === 1) actor.asked.delete(correlation);
    else actor.asked.set(correlation, (owed as number) - 1);
    const receivers = actor.reports.get(correlation);
    if (receivers !== undefined) expect(body).toEqual({ accepted: receivers, dropped: 0 });
    else if (kind === Kind.reply) expect((body as { input: unknown }).input).toBe(correlation);
    this.answered++;
  }

  /** Everybody answers everything: afterwards nothing may be open. */
  settle(): void {
    for (const actor of this.actors) {
      for (const [number, input] of actor.given) actor.peer.say(Kind.reply, 0, number, { input });
      actor.given.clear();
      actor.peer.flush();
    }
    this.readAll();
  }
}

describe("the router, whatever its peers do", () => {
  it(`keeps its promises in ${RUNS} seeded runs`, () => {
    let delivered = 0;
    let answered = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const world = new World(seed);
      try {
        for (let step = 0; step < STEPS; step++) world.step();
        world.settle();
        for (const { asked, peer } of world.actors) {
          expect([...asked.keys()], "calls without an answer").toEqual([]);
          expect(world.expected.get(peer.id)?.size, "events that never came").toBe(0);
        }
        expect(world.router.tables.calls).toBe(0);
        expect(world.router.wantsTick).toBe(false);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      delivered += world.delivered;
      answered += world.answered;
    }
    // The runs must have exercised what they are about.
    expect(delivered).toBeGreaterThan(RUNS * 10);
    expect(answered).toBeGreaterThan(RUNS * 10);
  }, 1_800_000);
});
