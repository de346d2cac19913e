import type { JobStats } from "@elpis/api";
import { Deadlines } from "../time/deadlines.ts";
import { DoneIds } from "./done-ids.ts";
import type { Job, JobSpec, Worker } from "./job.ts";
import { DEFAULT_JOB_LIMITS, type JobLimits } from "./limits.ts";
import type { Line } from "./line.ts";
import { JobTable } from "./table.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

/** What has become of a job that a journal must know. */
export type JobChange = "tried" | "done" | "dead" | "revived" | "discarded";

/** What the queue tells while one of its methods runs. These must not call the queue. */
export interface QueuePort {
  /** The worker shall do the job; `delivery` names this hand-out. */
  give(worker: number, delivery: number, job: Job): void;
  /** The deadline of a hand-out has passed: the job is taken away. */
  takeBack(worker: number, delivery: number): void;
  changed(job: Job, change: JobChange): void;
}

/** What the queue counts besides its jobs. */
export interface QueueCounters {
  /** Words of a worker about a job that had been taken from it. */
  stale: number;
  /** Deadlines that passed. */
  expired: number;
  /** Jobs that were refused because there were too many. */
  refused: number;
}

/** A job as a journal knew it. */
export interface RestoredJob {
  readonly spec: JobSpec;
  readonly attempts: number;
  /** How much of its delay is left, in milliseconds. */
  readonly delayMs: number;
  /** Why it was given up, if it was. */
  readonly deadBecause: string | undefined;
}

/**
 * Who works on what. A state machine: the time is passed in, in milliseconds of one monotonic clock, and what is to be
 * done about a change is left to its port. Each job is in exactly one place until it is acknowledged.
 */
export class JobQueue {
  readonly counters: QueueCounters = { stale: 0, expired: 0, refused: 0 };
  readonly #port: QueuePort;
  readonly #random: () => number;
  readonly #table: JobTable;
  readonly #done: DoneIds;
  readonly #deadlines: Deadlines;
  readonly #workers = new Map<number, Worker>();
  #lastDelivery = 0;
  #lastGrave = 0;

  /** @param random from 0 up to, not including, 1: spreads the pauses between attempts */
  constructor(
    port: QueuePort,
    nowMs: number,
    random: () => number,
    limits: Partial<JobLimits> = {},
  ) {
    this.#port = port;
    this.#random = random;
    const all = { ...DEFAULT_JOB_LIMITS, ...limits };
    this.#done = new DoneIds(all);
    this.#table = new JobTable(all, this.#done);
    this.#deadlines = new Deadlines(nowMs, 10, 4096);
  }

  /** Jobs that are not done, dead letters included. */
  get size(): number {
    return this.#table.size;
  }

  /** Bytes of their payloads. */
  get bytes(): number {
    return this.#table.bytes;
  }

  /** Whether `tick` has anything to wait for. */
  get hasDeadlines(): boolean {
    return this.#deadlines.size > 0;
  }

  /** Every job that is not done, oldest first. */
  *jobs(): IterableIterator<Job> {
    for (const line of this.#table.lines()) yield* line.jobs.values();
  }

  /** Ids that are remembered, by topic. */
  *doneIds(): IterableIterator<{ readonly topic: string; readonly id: string }> {
    for (const { topic, done } of this.#table.lines())
      for (const id of done.keys()) yield { topic, id };
  }

  /** The job with this id, "done" when it is remembered, or undefined. */
  find(topic: string, id: string, nowMs: number): Job | "done" | undefined {
    const line = this.#table.find(topic);
    if (line === undefined) return undefined;
    return line.jobs.get(id) ?? (this.#done.has(line, id, nowMs) ? "done" : undefined);
  }

  /**
   * Adds a job whose id is not known. One that is held waits for {@link release} or {@link drop}.
   * @throws ELPIS_JOBS_FULL
   */
  add(spec: JobSpec, nowMs: number, hold = false): Job {
    try {
      const line = this.#table.admit(spec);
      const job = this.#table.insert(spec, line, nowMs);
      if (!hold) this.release(job, nowMs);
      return job;
    } catch (error) {
      this.counters.refused++;
      throw error;
    }
  }

  /** Takes in what was acknowledged in an earlier life, whatever the limits say. */
  restore({ spec, attempts, delayMs, deadBecause }: RestoredJob, nowMs: number): Job {
    const line = this.#table.line(spec.topic);
    const job = this.#table.insert(spec, line, nowMs);
    job.durable = true;
    job.attempts = attempts;
    job.dueMs = nowMs + delayMs;
    if (deadBecause === undefined) this.release(job, nowMs);
    else {
      line.held--;
      this.#bury(line, job, deadBecause);
    }
    return job;
  }

  /** Remembers that a job was done in an earlier life. */
  restoreDone(topic: string, id: string, nowMs: number): void {
    this.#done.add(this.#table.line(topic), id, nowMs);
  }

  /** A held job is there for the workers from now on. */
  release(job: Job, nowMs: number): void {
    const line = this.#table.line(job.topic);
    line.held--;
    if (job.dueMs > nowMs) this.#delay(job, job.dueMs);
    else line.push(job);
    this.#assign(line, nowMs);
  }

  /** A held job never was. */
  drop(job: Job): void {
    const line = this.#table.line(job.topic);
    line.held--;
    this.#table.remove(line, job);
  }

  /** A worker takes jobs of a topic. @param number a new one @throws ELPIS_JOBS_FULL */
  join(number: number, topic: string, concurrency: number, nowMs: number): void {
    const line = this.#table.newLine(topic);
    const worker: Worker = { number, topic, deliveries: new Map(), concurrency, isInRow: false };
    this.#workers.set(number, worker);
    line.workers++;
    line.offer(worker);
    this.#assign(line, nowMs);
  }

  /** A worker wants so many at most from now on; what it has it goes on with. */
  resize(number: number, concurrency: number, nowMs: number): void {
    const worker = this.#workers.get(number);
    if (worker === undefined) return;
    worker.concurrency = concurrency;
    const line = this.#table.line(worker.topic);
    line.offer(worker);
    this.#assign(line, nowMs);
  }

  /** How many a worker has, those that were taken back from it included. */
  load(number: number): number {
    return this.#workers.get(number)?.deliveries.size ?? 0;
  }

  /** A worker is gone: what it had comes again at once. */
  leave(number: number, nowMs: number): void {
    const worker = this.#workers.get(number);
    if (worker === undefined) return;
    this.#workers.delete(number);
    worker.concurrency = 0;
    const line = this.#table.line(worker.topic);
    line.workers--;
    const jobs = [...worker.deliveries.values()].filter((job) => job !== undefined);
    jobs.sort((a, b) => a.order - b.order);
    for (const job of jobs) this.#failed(line, job, "the worker died or left", 0, nowMs, true);
    worker.deliveries.clear();
    this.#assign(line, nowMs);
  }

  /** The job is done. Whether the word counted: it does not when the job was taken away before. */
  ack(number: number, delivery: number, nowMs: number): boolean {
    return this.#settle(number, delivery, nowMs, (line, job) => {
      this.#table.remove(line, job);
      line.doneCount++;
      this.#done.add(line, job.id, nowMs);
      this.#port.changed(job, "done");
    });
  }

  /** The attempt failed; the job comes again after `delayMs`, or a pause that grows. */
  nack(
    number: number,
    delivery: number,
    reason: string,
    delayMs: number | undefined,
    nowMs: number,
  ): boolean {
    return this.#settle(number, delivery, nowMs, (line, job) =>
      this.#failed(line, job, reason, delayMs ?? this.#pause(job.attempts), nowMs, false),
    );
  }

  /** The worker never began with it: it is as if it had not been handed out. */
  giveBack(number: number, delivery: number, nowMs: number): boolean {
    return this.#settle(number, delivery, nowMs, (line, job) => {
      job.attempts--;
      this.#port.changed(job, "tried");
      line.pushFront(job);
    });
  }

  /** The worker is at it: its deadline begins anew. */
  progress(number: number, delivery: number, nowMs: number): boolean {
    const job = this.#workers.get(number)?.deliveries.get(delivery);
    if (job === undefined) {
      this.counters.stale++;
      return false;
    }
    this.#deadlines.remove(job.slot);
    this.#deadlines.add(job.slot, nowMs + job.ackDeadlineMs);
    return true;
  }

  /** Lets deadlines and delays pass. */
  tick(nowMs: number): void {
    const touched = new Set<Line>();
    const due: Job[] = [];
    this.#deadlines.expire(nowMs, (slot) => {
      const job = this.#table.at(slot);
      const line = this.#table.line(job.topic);
      touched.add(line);
      if (job.state === "delayed") due.push(job);
      else this.#overdue(line, job, nowMs);
    });
    due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    for (const job of due) this.#table.line(job.topic).push(job);
    for (const line of touched) this.#assign(line, nowMs);
  }

  stats(): JobStats[] {
    return [...this.#table.lines()].map((line) => ({
      topic: line.topic,
      waiting: line.waiting,
      working: line.working,
      dead: line.dead.size,
      done: line.doneCount,
      redelivered: line.redelivered,
    }));
  }

  /** The dead letters of a topic, those that were given up first in front. */
  dead(topic: string): Iterable<Job> {
    return this.#table.find(topic)?.dead.values() ?? [];
  }

  /** Puts a dead letter in line again; the job, if it was there. */
  revive(topic: string, id: string, nowMs: number): Job | undefined {
    const line = this.#table.find(topic);
    const job = line?.dead.get(id);
    if (line === undefined || job === undefined) return undefined;
    line.dead.delete(id);
    job.attempts = 0;
    job.reason = "";
    line.push(job);
    this.#port.changed(job, "revived");
    this.#assign(line, nowMs);
    return job;
  }

  /** Forgets a dead letter, and its id; whether it was there. */
  discard(topic: string, id: string): boolean {
    const line = this.#table.find(topic);
    const job = line?.dead.get(id);
    if (line === undefined || job === undefined) return false;
    line.dead.delete(id);
    this.#table.remove(line, job);
    this.#port.changed(job, "discarded");
    return true;
  }

  #assign(line: Line, nowMs: number): void {
    for (let next = line.match(); next !== undefined; next = line.match()) {
      const { job, worker } = next;
      job.state = "working";
      if (job.attempts++ > 0) line.redelivered++;
      job.delivery = ++this.#lastDelivery;
      job.worker = worker;
      worker.deliveries.set(job.delivery, job);
      line.working++;
      line.offer(worker);
      this.#deadlines.add(job.slot, nowMs + job.ackDeadlineMs);
      this.#port.changed(job, "tried");
      this.#port.give(worker.number, job.delivery, job);
    }
  }

  /** A worker lets go of a hand-out. `then` decides about the job, if it still had it. */
  #settle(
    number: number,
    delivery: number,
    nowMs: number,
    then: (line: Line, job: Job) => void,
  ): boolean {
    const worker = this.#workers.get(number);
    const job = worker?.deliveries.get(delivery);
    if (job === undefined) this.counters.stale++;
    if (worker === undefined || !worker.deliveries.delete(delivery)) return false;
    const line = this.#table.line(worker.topic);
    line.offer(worker);
    if (job !== undefined) {
      this.#withdraw(line, job);
      then(line, job);
    }
    this.#assign(line, nowMs);
    return job !== undefined;
  }

  #withdraw(line: Line, job: Job): void {
    this.#deadlines.remove(job.slot);
    job.worker = undefined;
    line.working--;
  }

  #overdue(line: Line, job: Job, nowMs: number): void {
    const worker = job.worker as Worker;
    const { delivery } = job;
    this.counters.expired++;
    // The worker is still busy with it, so it gets nothing else in its stead until it says that it has ended.
    worker.deliveries.set(delivery, undefined);
    this.#port.takeBack(worker.number, delivery);
    this.#failed(line, job, "its deadline passed", 0, nowMs, true);
  }

  /** An attempt was not acknowledged. `isTaken`: by the hub, so that the worker's books are not in order yet. */
  #failed(
    line: Line,
    job: Job,
    reason: string,
    delayMs: number,
    nowMs: number,
    isTaken: boolean,
  ): void {
    if (isTaken) this.#withdraw(line, job);
    if (job.attempts >= job.maxAttempts) {
      this.#bury(line, job, reason);
      this.#port.changed(job, "dead");
    } else if (delayMs > 0) this.#delay(job, nowMs + delayMs);
    else line.pushFront(job);
  }

  #bury(line: Line, job: Job, reason: string): void {
    job.state = "dead";
    job.reason = reason;
    job.grave = ++this.#lastGrave;
    line.dead.set(job.id, job);
  }

  #delay(job: Job, dueMs: number): void {
    job.state = "delayed";
    job.dueMs = dueMs;
    this.#deadlines.add(job.slot, dueMs);
  }

  /** 100 ms, 200 ms, 400 ms … at most 30 s; up to a half less, so that what failed together does not come together. */
  #pause(attempts: number): number {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
    return pause * (1 - this.#random() / 2);
  }
}
