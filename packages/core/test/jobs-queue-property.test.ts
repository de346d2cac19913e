import type { Location } from "@elpis/api";
import { describe, expect, it } from "vitest";
import type { Job } from "../src/jobs/job.ts";
import { JobQueue } from "../src/jobs/queue.ts";
import { Random } from "./support/random.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 2000);
const STEPS = 150;
const TOPICS = ["mail", "image"] as const;
const from: Location = {
  id: 1,
  app: "test",
  role: "worker",
  name: "web",
  index: 0,
  pid: 1,
  epoch: 1,
};

/** As `expect`, without what that costs a million times. */
function must(holds: boolean, what: string): void {
  if (!holds) expect.fail(what);
}

function same(found: unknown, wanted: unknown, what: string): void {
  if (found !== wanted) expect(found, what).toBe(wanted);
}

/** What a much simpler model knows of a job. */
interface Known {
  readonly topic: string;
  readonly id: string;
  readonly maxAttempts: number;
  readonly ackDeadlineMs: number;
  attempts: number;
  /** Who has it, and until when nobody else may. */
  held: { readonly worker: number; readonly delivery: number; deadlineMs: number } | undefined;
  isInDoubt: boolean;
  state: "alive" | "dead" | "done";
  notBeforeMs: number;
}

interface Hand {
  readonly worker: number;
  readonly delivery: number;
  readonly key: string;
  isTaken: boolean;
}

/** Producers, workers and time at random against the queue. */
class World {
  readonly random: Random;
  readonly queue: JobQueue;
  readonly jobs = new Map<string, Known>();
  readonly workers = new Map<number, { topic: string; concurrency: number }>();
  readonly hands = new Map<number, Hand>();
  readonly doubtful: Job[] = [];
  now = 0;
  given = 0;
  buried = 0;
  #nextId = 0;
  #lastWorker = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.queue = new JobQueue(
      {
        give: (worker, delivery, job) => this.onGive(worker, delivery, job),
        takeBack: (_, delivery) => this.onTakeBack(delivery),
        changed: (job, change) => {
          if (change === "dead") this.onDead(job);
        },
      },
      0,
      () => this.random.next(),
    );
  }

  step(): void {
    const choice = this.random.int(20);
    if (choice < 6) this.enqueue();
    else if (choice < 8) this.join();
    else if (choice < 9) this.leave();
    else if (choice < 13) this.settle();
    else if (choice < 14) this.progress();
    else if (choice < 15) this.decide();
    else if (choice < 16) this.reviveOrDiscard();
    else this.pass(this.random.pick([0, 5, 40, 300, 4000]) as number);
    if (this.random.int(10) === 0) this.check();
  }

  enqueue(): void {
    const topic = this.random.pick(TOPICS) as string;
    const id = `${this.random.int(4) === 0 ? this.random.int(this.#nextId + 1) : this.#nextId++}`;
    const key = `${topic}/${id}`;
    const found = this.queue.find(topic, id, this.now);
    const known = this.jobs.get(key);
    same(found === undefined, known === undefined, "an id is known as long as its job is");
    if (found !== undefined) return;
    const hold = this.random.int(4) === 0;
    const delayMs = this.random.pick([0, 0, 0, 50, 1000]) as number;
    const spec = {
      topic,
      id,
      payload: new Uint8Array(this.random.int(50)),
      maxAttempts: 1 + this.random.int(4),
      ackDeadlineMs: this.random.pick([20, 500, 30_000]) as number,
      delayMs,
      atMs: 0,
      from,
    };
    this.jobs.set(key, {
      ...spec,
      attempts: 0,
      held: undefined,
      isInDoubt: hold,
      state: "alive",
      notBeforeMs: this.now + delayMs,
    });
    const job = this.queue.add(spec, this.now, hold);
    if (hold) this.doubtful.push(job);
  }

  /** The disk says yes or no to a held job. */
  decide(): void {
    const job = this.doubtful.shift();
    if (job === undefined) return;
    const key = `${job.topic}/${job.id}`;
    if (this.random.int(3) === 0) {
      this.jobs.delete(key);
      this.queue.drop(job);
    } else {
      (this.jobs.get(key) as Known).isInDoubt = false;
      this.queue.release(job, this.now);
    }
  }

  join(): void {
    if (this.workers.size >= 5) return;
    const topic = this.random.pick(TOPICS) as string;
    const concurrency = 1 + this.random.int(3);
    const number = ++this.#lastWorker;
    this.workers.set(number, { topic, concurrency });
    this.queue.join(number, topic, concurrency, this.now);
  }

  leave(): void {
    const worker = this.random.pick([...this.workers.keys()]);
    if (worker === undefined) return;
    if (this.random.int(3) === 0) {
      const concurrency = this.random.int(4);
      (this.workers.get(worker) as { concurrency: number }).concurrency = concurrency;
      return this.queue.resize(worker, concurrency, this.now);
    }
    this.workers.delete(worker);
    for (const hand of [...this.hands.values()]) {
      if (hand.worker !== worker) continue;
      this.hands.delete(hand.delivery);
      if (!hand.isTaken) this.free(hand.key);
    }
    this.queue.leave(worker, this.now);
  }

  free(key: string, notBeforeMs = this.now): void {
    const known = this.jobs.get(key) as Known;
    known.held = undefined;
    known.notBeforeMs = notBeforeMs;
  }

  settle(): void {
    const hand = this.random.pick([...this.hands.values()]);
    if (hand === undefined) return;
    this.hands.delete(hand.delivery);
    // The job of one that was taken away may have been discarded meanwhile.
    const known = hand.isTaken ? undefined : (this.jobs.get(hand.key) as Known);
    const way = this.random.int(5);
    const { worker, delivery } = hand;
    let counted: boolean;
    if (way < 2) {
      if (known !== undefined) this.free(hand.key);
      if (known !== undefined) known.state = "done";
      counted = this.queue.ack(worker, delivery, this.now);
    } else if (way < 4) {
      const delay = way === 2 ? undefined : this.random.int(200);
      // A pause is at least half of 100 ms, doubled by each attempt.
      const least = delay ?? 50 * 2 ** ((known?.attempts ?? 1) - 1);
      if (known !== undefined) this.free(hand.key, this.now + least);
      counted = this.queue.nack(worker, delivery, "no", delay, this.now);
    } else {
      if (known !== undefined) this.free(hand.key);
      if (known !== undefined) known.attempts--;
      counted = this.queue.giveBack(worker, delivery, this.now);
    }
    same(counted, !hand.isTaken, "a word counts unless the job was taken away");
    same(this.queue.ack(worker, delivery, this.now), false, "said twice");
  }

  progress(): void {
    const hand = this.random.pick([...this.hands.values()]);
    if (hand === undefined) return;
    const known = this.jobs.get(hand.key);
    const counted = this.queue.progress(hand.worker, hand.delivery, this.now);
    same(counted, !hand.isTaken, "progress counts unless the job was taken away");
    if (counted && known?.held !== undefined) {
      known.held.deadlineMs = this.now + known.ackDeadlineMs;
    }
  }

  reviveOrDiscard(): void {
    const dead = [...this.jobs.values()].filter(({ state }) => state === "dead");
    const known = this.random.pick(dead);
    if (known === undefined) return;
    if (this.random.int(2) === 0) {
      known.state = "alive";
      known.attempts = 0;
      known.notBeforeMs = this.now;
      same(this.queue.revive(known.topic, known.id, this.now)?.id, known.id, "revived");
    } else {
      this.jobs.delete(`${known.topic}/${known.id}`);
      same(this.queue.discard(known.topic, known.id), true, "discarded");
    }
    same(this.queue.discard(known.topic, "nobody"), false, "discarded");
  }

  pass(ms: number): void {
    this.now += ms;
    this.queue.tick(this.now);
    for (const known of this.jobs.values()) {
      if (known.held === undefined) continue;
      // The wheel turns in steps of 10 ms.
      must(known.held.deadlineMs > this.now - 20, "an overdue job was left");
    }
  }

  onGive(worker: number, delivery: number, job: Job): void {
    const key = `${job.topic}/${job.id}`;
    const known = this.jobs.get(key) as Known;
    const { topic, concurrency } = this.workers.get(worker) as {
      topic: string;
      concurrency: number;
    };
    same(known.state, "alive", "only living jobs are handed out");
    same(known.isInDoubt, false, "nobody works on what is not on disk");
    same(known.held, undefined, "never two workers at once");
    must(known.notBeforeMs <= this.now, "not before its time");
    same(topic, job.topic, "a worker of this topic");
    same(job.attempts, ++known.attempts, "attempts");
    must(known.attempts <= known.maxAttempts, "no more attempts than allowed");
    known.held = { worker, delivery, deadlineMs: this.now + known.ackDeadlineMs };
    this.hands.set(delivery, { worker, delivery, key, isTaken: false });
    const has = [...this.hands.values()].filter((hand) => hand.worker === worker).length;
    must(has <= concurrency, "not more than it asked for");
    this.given++;
  }

  onTakeBack(delivery: number): void {
    const hand = this.hands.get(delivery) as Hand;
    const known = this.jobs.get(hand.key) as Known;
    must((known.held?.deadlineMs ?? 0) <= this.now, "not before its deadline");
    hand.isTaken = true;
    this.free(hand.key);
  }

  onDead(job: Job): void {
    const known = this.jobs.get(`${job.topic}/${job.id}`) as Known;
    same(known.attempts, known.maxAttempts, "given up after exactly so many attempts");
    same(known.held, undefined, "given up while a worker has it");
    known.state = "dead";
    this.buried++;
  }

  /** What the queue counts is what the model has. */
  check(): void {
    for (const topic of TOPICS) {
      const all = [...this.jobs.values()].filter((known) => known.topic === topic);
      const found = this.queue.stats().find((stats) => stats.topic === topic);
      const alive = all.filter(({ state, isInDoubt }) => state === "alive" && !isInDoubt);
      const working = alive.filter(({ held }) => held !== undefined).length;
      same(found?.working ?? 0, working, "working");
      same(found?.waiting ?? 0, alive.length - working, "waiting: none lost");
      same(found?.dead ?? 0, all.filter(({ state }) => state === "dead").length, "dead");
    }
  }

  /** With workers that acknowledge everything, all is done in the end and nothing is left behind. */
  finish(): void {
    while (this.doubtful.length > 0) this.decide();
    for (const worker of [...this.workers.keys()]) {
      for (const hand of this.hands.values()) {
        if (hand.worker === worker && !hand.isTaken) this.free(hand.key);
      }
      this.workers.delete(worker);
      this.queue.leave(worker, this.now);
    }
    this.hands.clear();
    for (const topic of TOPICS) {
      const number = ++this.#lastWorker;
      this.workers.set(number, { topic, concurrency: 3 });
      this.queue.join(number, topic, 3, this.now);
    }
    for (let round = 0; round < 2000 && this.queue.hasDeadlines; round++) {
      // An acknowledgement brings the next job, so the list grows while it is gone through.
      for (const { worker, delivery, key, isTaken } of this.hands.values()) {
        this.hands.delete(delivery);
        if (!isTaken) {
          this.free(key);
          (this.jobs.get(key) as Known).state = "done";
        }
        this.queue.ack(worker, delivery, this.now);
      }
      this.pass(100);
    }
    this.check();
    const left = [...this.jobs.values()].filter(({ state }) => state === "alive");
    expect(left, "jobs that were never done").toEqual([]);
    for (const { topic, id, state } of [...this.jobs.values()]) {
      if (state === "dead") this.queue.discard(topic, id);
    }
    expect([this.queue.size, this.queue.bytes, this.queue.hasDeadlines]).toEqual([0, 0, false]);
  }
}

describe("the queue of jobs, whatever happens", () => {
  it(`keeps its promises in ${RUNS} seeded runs`, () => {
    let given = 0;
    let buried = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const world = new World(seed);
      try {
        for (let step = 0; step < STEPS; step++) world.step();
        world.finish();
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      given += world.given;
      buried += world.buried;
    }
    // The runs must have exercised what they are about.
    expect(given).toBeGreaterThan(RUNS * 10);
    expect(buried).toBeGreaterThan(RUNS);
  }, 600_000);
});
