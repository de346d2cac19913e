import type { Location } from "@elpis/api";
import { describe, expect, it } from "vitest";
import type { JobSpec } from "../src/jobs/job.ts";
import type { JobLimits } from "../src/jobs/limits.ts";
import { JobQueue } from "../src/jobs/queue.ts";
import { RunningJob } from "../src/jobs/running-job.ts";
import type { WorkWord } from "../src/jobs/wire.ts";

const from: Location = {
  id: 1,
  app: "test",
  role: "worker",
  name: "web",
  index: 0,
  pid: 1,
  epoch: 1,
};

/** A queue with a list of what it says: `2<a#1` is job a, first attempt, to worker 2. */
class Bench {
  readonly said: string[] = [];
  readonly deliveries = new Map<string, number>();
  readonly queue: JobQueue;
  now = 0;

  constructor(limits: Partial<JobLimits> = {}) {
    this.queue = new JobQueue(
      {
        give: (worker, delivery, { id, attempts }) => {
          this.said.push(`${worker}<${id}#${attempts}`);
          this.deliveries.set(id, delivery);
        },
        takeBack: (worker, delivery) => this.said.push(`${worker} loses ${delivery}`),
        changed: ({ id }, change) => {
          if (change === "dead") this.said.push(`${id} dead`);
        },
      },
      0,
      () => 0,
      limits,
    );
  }

  add(id: string, more: Partial<JobSpec> = {}): void {
    const times = { maxAttempts: 3, ackDeadlineMs: 1000, delayMs: 0, atMs: 0 };
    const payload = new Uint8Array(10);
    this.queue.add({ topic: "t", id, payload, ...times, from, ...more }, this.now);
  }

  n(id: string): number {
    return this.deliveries.get(id) as number;
  }

  pass(ms: number): void {
    this.now += ms;
    this.queue.tick(this.now);
  }

  take(): string[] {
    return this.said.splice(0);
  }
}

describe("the queue of jobs", () => {
  it("hands out in order, to workers in turn, not more than each wants", () => {
    const bench = new Bench();
    for (const id of ["a", "b", "c", "d", "e"]) bench.add(id);
    bench.queue.join(1, "t", 1, 0);
    bench.queue.join(2, "t", 2, 0);
    expect(bench.take()).toEqual(["1<a#1", "2<b#1", "2<c#1"]);
    bench.queue.join(3, "other", 5, 0);
    expect(bench.queue.ack(1, bench.n("a"), 0)).toBe(true);
    bench.queue.resize(1, 2, 0);
    expect(bench.take()).toEqual(["1<d#1", "1<e#1"]);
  });

  it("hands out in turn when several could take one", () => {
    const bench = new Bench();
    bench.queue.join(1, "t", 2, 0);
    bench.queue.join(2, "t", 2, 0);
    for (const id of ["a", "b", "c", "d"]) bench.add(id);
    expect(bench.take()).toEqual(["1<a#1", "2<b#1", "1<c#1", "2<d#1"]);
  });

  it("takes a job away when its deadline passes, and gives its worker nothing until it lets go", () => {
    const bench = new Bench();
    bench.add("a");
    bench.add("b");
    bench.queue.join(1, "t", 1, 0);
    const first = bench.n("a");
    bench.pass(990);
    expect(bench.queue.progress(1, first, bench.now)).toBe(true);
    bench.pass(990);
    expect(bench.take()).toEqual(["1<a#1"]);
    bench.pass(20);
    expect(bench.take()).toEqual([`1 loses ${first}`]);
    bench.queue.join(2, "t", 1, bench.now);
    expect(bench.take()).toEqual(["2<a#2"]);
    // What the first one says now counts for nothing, but it is free again.
    expect(bench.queue.progress(1, first, bench.now)).toBe(false);
    expect(bench.queue.ack(1, first, bench.now)).toBe(false);
    expect(bench.take()).toEqual(["1<b#1"]);
    expect(bench.queue.counters).toMatchObject({ stale: 2, expired: 1 });
    expect(bench.queue.ack(2, bench.n("a"), bench.now)).toBe(true);
  });

  it("waits longer after each failure, at most half a minute, or as long as is asked for", () => {
    const bench = new Bench();
    bench.add("a", { maxAttempts: 20 });
    bench.queue.join(1, "t", 1, 0);
    const waits: number[] = [];
    for (let attempt = 1; attempt < 12; attempt++) {
      bench.queue.nack(1, bench.n("a"), "no", undefined, bench.now);
      bench.take();
      let waited = 0;
      while (bench.said.length === 0) {
        bench.pass(10);
        waited += 10;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    bench.take();
    bench.queue.nack(1, bench.n("a"), "later", 70, bench.now);
    bench.pass(60);
    expect(bench.take()).toEqual([]);
    bench.pass(20);
    expect(bench.take()).toEqual(["1<a#13"]);
    bench.queue.nack(1, bench.n("a"), "now", 0, bench.now);
    expect(bench.take()).toEqual(["1<a#14"]);
  });

  it("hands out delayed jobs in the order in which they are due, behind those that wait", () => {
    const bench = new Bench();
    bench.add("late", { delayMs: 300 });
    bench.add("soon", { delayMs: 100 });
    bench.add("also soon", { delayMs: 100 });
    bench.add("now");
    bench.pass(500);
    bench.queue.join(1, "t", 9, bench.now);
    expect(bench.take()).toEqual(["1<now#1", "1<soon#1", "1<also soon#1", "1<late#1"]);
  });

  it("brings what a dead worker had again at once, in front, and gives it up in the end", () => {
    const bench = new Bench();
    for (const id of ["a", "b", "c"]) bench.add(id, { maxAttempts: 2 });
    bench.queue.join(1, "t", 2, 0);
    bench.queue.leave(1, 0);
    bench.queue.join(2, "t", 2, 0);
    expect(bench.take()).toEqual(["1<a#1", "1<b#1", "2<a#2", "2<b#2"]);
    bench.queue.giveBack(2, bench.n("a"), 0);
    expect(bench.take(), "one that was not begun with has the same number").toEqual(["2<a#2"]);
    bench.queue.leave(2, 0);
    expect(bench.take()).toEqual(["a dead", "b dead"]);
    expect([...bench.queue.dead("t")].map(({ reason }) => reason)).toEqual(
      Array(2).fill("the worker died or left"),
    );
    bench.queue.leave(2, 0);
  });

  it("remembers what was done for a time, and not more than it may", () => {
    const limits = { maxDonePerTopic: 3, maxDone: 4, rememberMs: 1000 };
    const bench = new Bench(limits);
    bench.queue.join(1, "t", 9, 0);
    bench.queue.join(2, "u", 9, 0);
    const known = (topic: string, ...ids: string[]): string[] =>
      ids.filter((id) => bench.queue.find(topic, id, bench.now) === "done");
    for (const id of ["a", "b", "c", "d"]) {
      bench.add(id);
      bench.queue.ack(1, bench.n(id), 0);
    }
    expect(known("t", "a", "b", "c", "d")).toEqual(["b", "c", "d"]);
    for (const id of ["x", "y"]) {
      bench.add(id, { topic: "u" });
      bench.queue.ack(2, bench.n(id), 500);
    }
    expect(known("t", "b", "c", "d"), "the topic that was idle longest gives way").toEqual([
      "c",
      "d",
    ]);
    bench.pass(1000);
    expect([known("t", "c", "d"), known("u", "x", "y")]).toEqual([[], ["x", "y"]]);
    bench.add("c");
    expect(bench.take().at(-1)).toBe("1<c#1");
  });

  it("refuses more jobs, bytes or topics than it may hold, and counts that", () => {
    const bench = new Bench({ maxJobs: 3, maxBytes: 25, maxTopics: 2 });
    const full = expect.objectContaining({ code: "ELPIS_JOBS_FULL", retryable: true });
    bench.add("a");
    bench.add("b");
    expect(() => bench.add("c")).toThrow(full);
    bench.add("c", { payload: new Uint8Array(5), topic: "u" });
    expect(() => bench.add("d", { payload: new Uint8Array(0) })).toThrow(full);
    expect(() => bench.queue.join(7, "v", 1, 0)).toThrow(full);
    expect([bench.queue.size, bench.queue.bytes, bench.queue.counters.refused]).toEqual([3, 25, 2]);
    bench.queue.join(1, "u", 1, 0);
    bench.queue.ack(1, bench.n("c"), 0);
    bench.queue.leave(1, 0);
    // A topic that is of no use to anybody makes room.
    bench.add("d", { topic: "v", payload: new Uint8Array(1) });
    expect(bench.queue.stats().map(({ topic }) => topic)).toEqual(["t", "v"]);
  });
});

describe("a job that runs", () => {
  const words: WorkWord[] = [];
  const start = (): RunningJob => {
    words.splice(0);
    const given = { n: 7, id: "a", attempt: 1, payload: new Uint8Array(), from };
    return new RunningJob("t", given, (word) => {
      words.push(word);
      return sent;
    });
  };
  let free: () => void = () => {};
  let sent = Promise.resolve();

  it("says that it is worked on, not again before that has left, and not when it is over", async () => {
    sent = new Promise((resolve) => {
      free = resolve;
    });
    const job = start();
    job.inProgress();
    job.inProgress();
    expect(words).toEqual([{ progress: 7 }]);
    free();
    await sent;
    job.inProgress();
    expect(words).toHaveLength(2);
    await sent;
    job.over();
    job.inProgress();
    expect(words).toHaveLength(2);
  });

  it("shows that it was taken away, also to one who asks later", () => {
    const job = start();
    const reason = Object.assign(new Error("x"), { code: "X", details: {}, retryable: false });
    job.abort(reason);
    expect(job.signal.reason).toBe(reason);
    job.inProgress();
    expect(words).toEqual([]);
    expect(() => job.retry(5)).toThrow(
      expect.objectContaining({ code: "ELPIS_JOBS_RETRY", details: { delayMs: 5 } }),
    );
    expect(() => job.retry(-5)).toThrow(
      expect.objectContaining({ code: "ELPIS_HUB_BAD_ARGUMENT" }),
    );
  });
});
