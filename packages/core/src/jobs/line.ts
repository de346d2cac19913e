import { Fifo } from "./fifo.ts";
import type { Job, Worker } from "./job.ts";

/** Everything about one topic. */
export class Line {
  readonly topic: string;
  /** By id: every job that is not done. */
  readonly jobs: Map<string, Job> = new Map();
  /** By id, in the order in which they were given up. */
  readonly dead: Map<string, Job> = new Map();
  /** By id: when it was done. */
  readonly done: Map<string, number> = new Map();
  readonly doneOrder: Fifo<{ readonly id: string; readonly atMs: number }> = new Fifo();
  held = 0;
  working = 0;
  workers = 0;
  doneCount = 0;
  redelivered = 0;
  readonly #waiting = new Fifo<Job>();
  /** Handed out before and taken from a worker that is no more: these were at the front already. */
  readonly #again = new Fifo<Job>();
  /** Workers that can take one more, in turn. */
  readonly #row = new Fifo<Worker>();

  constructor(topic: string) {
    this.topic = topic;
  }

  get isIdle(): boolean {
    return this.jobs.size === 0 && this.workers === 0;
  }

  /** In line, delayed ones included. */
  get waiting(): number {
    return this.jobs.size - this.held - this.working - this.dead.size;
  }

  push(job: Job): void {
    job.state = "waiting";
    this.#waiting.push(job);
  }

  pushFront(job: Job): void {
    job.state = "waiting";
    this.#again.push(job);
  }

  /** Lets a worker stand in the row as long as it can take one more. */
  offer(worker: Worker): void {
    if (worker.isInRow || worker.deliveries.size >= worker.concurrency) return;
    worker.isInRow = true;
    this.#row.push(worker);
  }

  /** The next job and whose turn it is, while there are both. */
  match(): { readonly job: Job; readonly worker: Worker } | undefined {
    if (this.#again.size + this.#waiting.size === 0) return undefined;
    for (let worker = this.#row.shift(); worker !== undefined; worker = this.#row.shift()) {
      worker.isInRow = false;
      // It may have left, or have been told to take less, since it stood here.
      if (worker.deliveries.size >= worker.concurrency) continue;
      return { job: (this.#again.shift() ?? this.#waiting.shift()) as Job, worker };
    }
    return undefined;
  }
}
