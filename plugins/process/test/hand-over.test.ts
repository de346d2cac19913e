import { describe, expect, it } from "vitest";
import { createBalancer, type HandedPolicy } from "../src/ports/balance.ts";
import { HandOver, Taker } from "../src/ports/hand-over.ts";
import { seededRandom } from "./support.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 100);
const MAX_WAITING = 6;

/** `expect` is too slow for as often as this. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken: ${what}`);
}

type Place = "waiting" | "in flight" | "acknowledged" | "closed";
type Worker = Taker<number>;

/** A port whose connections are numbers, and who has which; checks at each step that each is at one place only. */
class World {
  readonly handOver: HandOver<number>;
  readonly places = new Map<number, Place>();
  readonly offers = new Map<Worker, { id: number; connection: number }>();
  readonly workers = new Set<Worker>();
  /** Those that may still answer, though they take nothing new. */
  readonly stopped = new Set<Worker>();
  isShut = false;
  #nextConnection = 1;
  #nextAge = 1;

  constructor(policy: HandedPolicy) {
    this.handOver = new HandOver<number>({
      balancer: createBalancer(policy),
      maxWaiting: MAX_WAITING,
      counters: { accepted: 0, handed: 0, rehanded: 0, closed: 0 },
      edge: {
        hand: ({ connection, id }, taker) => {
          must(this.places.get(connection) === "waiting", "offered twice");
          must(this.workers.has(taker), "offered to one that takes nothing");
          must(!this.offers.has(taker), "more than the window");
          must(this.mayTake(taker), "offered to one that is excluded");
          this.offers.set(taker, { id, connection });
          this.places.set(connection, "in flight");
        },
        letGo: (connection) => {
          must(this.places.get(connection) === "in flight", "let go of what nobody has");
          this.places.set(connection, "acknowledged");
        },
        close: (connection) => {
          const place = this.places.get(connection) ?? "";
          must(["waiting", "in flight"].includes(place), "closed what somebody has");
          this.places.set(connection, "closed");
        },
      },
    });
  }

  mayTake({ excluded }: Worker): boolean {
    return excluded.size === 0 || (this.isShut && excluded.size === 1 && excluded.has("leaving"));
  }

  join(index: number): void {
    const worker: Worker = new Taker(index, this.#nextAge++);
    this.workers.add(worker);
    this.handOver.join(worker);
  }

  arrive(client = ""): number {
    const connection = this.#nextConnection++;
    this.places.set(connection, "waiting");
    this.handOver.arrive(connection, client);
    return connection;
  }

  acknowledge(worker: Worker): void {
    const offer = this.#takeOffer(worker);
    if (offer !== undefined) this.handOver.acknowledged(worker, offer.id);
  }

  refuse(worker: Worker, then: "full" | "stopped"): void {
    const offer = this.#takeOffer(worker);
    if (offer === undefined) return;
    this.places.set(offer.connection, "waiting");
    if (then === "stopped") this.workers.delete(worker);
    this.handOver.refused(worker, offer.id, then);
  }

  stop(worker: Worker): void {
    this.workers.delete(worker);
    this.stopped.add(worker);
    this.handOver.stop(worker);
  }

  die(worker: Worker): void {
    const before = { ...this.handOver.counters };
    const offer = this.#takeOffer(worker);
    if (offer !== undefined) this.places.set(offer.connection, "waiting");
    this.workers.delete(worker);
    this.stopped.delete(worker);
    this.handOver.gone(worker);
    const again = this.handOver.counters.rehanded - before.rehanded;
    must(again === (offer === undefined ? 0 : 1), "what a dead worker had");
  }

  at(place: Place): number[] {
    return [...this.places]
      .filter(([, where]) => where === place)
      .map(([connection]) => connection);
  }

  check(): void {
    const { accepted, handed, closed } = this.handOver.counters;
    const count = { waiting: 0, "in flight": 0, acknowledged: 0, closed: 0 };
    for (const place of this.places.values()) count[place] += 1;
    must(accepted === this.places.size, "accepted");
    must(handed === count.acknowledged, "acknowledged");
    must(closed === count.closed, "closed");
    must(this.handOver.waiting === count.waiting + count["in flight"], "waiting");
    must(count.waiting <= MAX_WAITING + this.#hadOffers, "the bound");
    // Nobody waits for anybody while one could take it, unless it waits for a certain one.
    const idle = [...this.workers].filter((one) => this.mayTake(one) && !this.offers.has(one));
    const { patience } = this.handOver.balancer;
    must(idle.length === 0 || patience > 0 || count.waiting === 0, "an idle worker");
    for (const one of idle) must(one.lane.length === 0, "a lane without a holder");
    must(!this.isShut || this.workers.size > 0 || count.waiting === 0, "waiting in vain");
  }

  /** What comes back from a worker comes on top of what may wait. */
  #hadOffers = 0;

  #takeOffer(worker: Worker): { id: number; connection: number } | undefined {
    const offer = this.offers.get(worker);
    this.offers.delete(worker);
    this.#hadOffers += offer === undefined ? 0 : 1;
    return offer;
  }
}

function randomStep(world: World, random: () => number): void {
  const everybody = [...world.workers, ...world.stopped];
  const one = everybody[Math.floor(random() * everybody.length)];
  const taking = one !== undefined && world.workers.has(one) ? one : undefined;
  const chance = random();
  if (chance < 0.35) world.arrive(`client ${Math.floor(random() * 50)}`);
  else if (chance < 0.42 && world.workers.size < 5) world.join(Math.floor(random() * 4));
  else if (one === undefined) return;
  else if (chance < 0.72) world.acknowledge(one);
  else if (chance < 0.76) world.refuse(one, random() < 0.5 ? "full" : "stopped");
  else if (chance < 0.82) world.die(one);
  else if (chance < 0.86) world.handOver.ended(one, 1);
  else if (taking === undefined) return;
  else if (chance < 0.89) world.stop(taking);
  else if (chance < 0.93) world.handOver.exclude(taking, "silent", random() < 0.5);
  else if (chance < 0.95) world.handOver.exclude(taking, "leaving", true);
  else if (chance < 0.99) world.handOver.exclude(taking, "full", random() < 0.3);
  else if (random() < 0.2) {
    world.isShut = true;
    world.handOver.shut();
  }
}

const POLICIES: HandedPolicy[] = [
  { kind: "round-robin" },
  { kind: "least-connections" },
  { kind: "sticky" },
  { kind: "weighted", weights: [5, 1, 0] },
];

describe("handing over", () => {
  it.each(POLICIES)("has each connection at one place, whatever happens: $kind", (policy) => {
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const random = seededRandom(seed);
      const world = new World(policy);
      for (let step = 0; step < 150; step += 1) {
        randomStep(world, random);
        world.check();
      }
      world.handOver.end();
      world.offers.clear();
      expect(world.at("waiting").length + world.at("in flight").length).toBe(0);
    }
  });

  it("offers again exactly what a dead worker had not acknowledged", () => {
    const world = new World({ kind: "round-robin" });
    world.join(0);
    const [first, second] = [world.arrive(), world.arrive()];
    const [old] = world.workers as unknown as [Worker];
    world.acknowledge(old);
    expect(world.at("acknowledged")).toEqual([first]);
    expect(world.offers.get(old)?.connection).toBe(second);
    world.die(old);
    expect(world.at("waiting")).toEqual([second]);
    world.join(1);
    const [next] = world.workers as unknown as [Worker];
    world.acknowledge(next);
    expect(world.at("acknowledged")).toEqual([first, second]);
    expect(world.handOver.counters).toEqual({ accepted: 2, handed: 2, rehanded: 1, closed: 0 });
  });

  it("keeps what nobody can take, in order, up to the bound, and closes the rest", () => {
    const world = new World({ kind: "least-connections" });
    const all = Array.from({ length: MAX_WAITING + 2 }, () => world.arrive());
    expect(world.at("closed")).toEqual(all.slice(MAX_WAITING));
    world.join(0);
    const [worker] = world.workers as unknown as [Worker];
    for (const connection of all.slice(0, MAX_WAITING)) {
      expect(world.offers.get(worker)?.connection).toBe(connection);
      world.acknowledge(worker);
    }
    world.check();
  });

  it("lets a silent worker keep the one it was offered, and no other", () => {
    const world = new World({ kind: "sticky" });
    world.join(0);
    world.join(1);
    const [silent] = world.workers as unknown as [Worker];
    for (let n = 0; n < 5; n += 1) world.arrive(`client ${n}`);
    world.handOver.exclude(silent, "silent", true);
    for (let n = 0; n < 5; n += 1) {
      for (const one of world.workers) if (one !== silent) world.acknowledge(one);
    }
    expect(world.at("in flight")).toHaveLength(world.offers.has(silent) ? 1 : 0);
    expect(world.at("waiting")).toEqual([]);
  });

  it("serves what waits while the last worker leaves, when nobody is going to come", () => {
    const world = new World({ kind: "round-robin" });
    world.join(0);
    const [last] = world.workers as unknown as [Worker];
    const connections = [world.arrive(), world.arrive()];
    world.isShut = true;
    world.handOver.shut();
    world.handOver.exclude(last, "leaving", true);
    world.acknowledge(last);
    world.acknowledge(last);
    expect(world.at("acknowledged")).toEqual(connections);
    expect(world.arrive()).toBe(world.at("closed")[0]);
  });

  it("takes back what came too late to a server that was closed", () => {
    const world = new World({ kind: "round-robin" });
    world.join(0);
    world.join(1);
    const [first, second] = world.workers as unknown as [Worker, Worker];
    const connection = world.arrive();
    world.acknowledge(first);
    world.stop(first);
    world.places.set(connection, "waiting");
    world.handOver.returned(first, connection, "");
    expect(world.offers.get(second)?.connection).toBe(connection);
  });
});

describe("workers that are not well", () => {
  it("are given nothing as long as another one is, and then whoever there is", () => {
    const offered: [number, number][] = [];
    const workers = [0, 1].map((index) => new Taker<number>(index, index + 1));
    const port = new HandOver<number>({
      balancer: createBalancer({ kind: "round-robin" }),
      maxWaiting: MAX_WAITING,
      counters: { accepted: 0, handed: 0, rehanded: 0, closed: 0 },
      edge: {
        hand: ({ connection, id }, taker) => {
          offered.push([connection, taker.index]);
          queueMicrotask(() => port.acknowledged(taker, id));
        },
        letGo: () => {},
        close: () => {},
      },
    });
    const [a, b] = workers as [Taker<number>, Taker<number>];
    for (const worker of workers) port.join(worker);
    const arrive = async (connection: number): Promise<number | undefined> => {
      port.arrive(connection, "");
      await Promise.resolve();
      return offered.find(([one]) => one === connection)?.[1];
    };
    return (async () => {
      port.exclude(a, "unwell", true);
      expect([await arrive(1), await arrive(2)]).toEqual([1, 1]);
      port.exclude(b, "unwell", true);
      expect(new Set([await arrive(3), await arrive(4)])).toEqual(new Set([0, 1]));
      // Who does not answer is not asked, whatever the others are.
      port.exclude(a, "silent", true);
      expect([await arrive(5), await arrive(6)]).toEqual([1, 1]);
      port.exclude(b, "unwell", false);
      port.exclude(a, "silent", false);
      expect([await arrive(7), await arrive(8)]).toEqual([1, 1]);
    })();
  });
});
