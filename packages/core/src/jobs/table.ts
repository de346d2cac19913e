import { jobsFull } from "../errors.ts";
import type { DoneIds } from "./done-ids.ts";
import type { Job, JobSpec } from "./job.ts";
import type { JobLimits } from "./limits.ts";
import { Line } from "./line.ts";

/** Every job and every topic, with what bounds them. */
export class JobTable {
  readonly #limits: JobLimits;
  readonly #done: DoneIds;
  readonly #lines = new Map<string, Line>();
  readonly #slots: Array<Job | undefined> = [];
  readonly #freeSlots: number[] = [];
  #size = 0;
  #bytes = 0;
  #lastOrder = 0;

  constructor(limits: JobLimits, done: DoneIds) {
    this.#limits = limits;
    this.#done = done;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  lines(): Iterable<Line> {
    return this.#lines.values();
  }

  find(topic: string): Line | undefined {
    return this.#lines.get(topic);
  }

  at(slot: number): Job {
    return this.#slots[slot] as Job;
  }

  /** The line of a new job. @throws ELPIS_JOBS_FULL */
  admit({ topic, payload }: JobSpec): Line {
    const { maxJobs, maxBytes } = this.#limits;
    if (this.#size >= maxJobs) throw jobsFull("jobs", maxJobs);
    if (this.#bytes + payload.length > maxBytes) throw jobsFull("bytes of jobs", maxBytes);
    return this.newLine(topic);
  }

  /** The line of a topic that may be new. @throws ELPIS_JOBS_FULL */
  newLine(topic: string): Line {
    if (!this.#lines.has(topic) && this.#lines.size >= this.#limits.maxTopics) this.#makeRoom();
    return this.line(topic);
  }

  /** The line of a topic, whatever the limits say. */
  line(topic: string): Line {
    let line = this.#lines.get(topic);
    if (line === undefined) {
      line = new Line(topic);
      this.#lines.set(topic, line);
    }
    return line;
  }

  /** Adds a job, held. */
  insert(spec: JobSpec, line: Line, nowMs: number): Job {
    const job: Job = {
      ...spec,
      slot: this.#freeSlots.pop() ?? this.#slots.length,
      order: ++this.#lastOrder,
      dueMs: nowMs + spec.delayMs,
      state: "held",
      attempts: 0,
      durable: false,
      reason: "",
      grave: 0,
      delivery: 0,
      worker: undefined,
    };
    this.#slots[job.slot] = job;
    line.jobs.set(job.id, job);
    line.held++;
    this.#size++;
    this.#bytes += job.payload.length;
    return job;
  }

  remove(line: Line, job: Job): void {
    line.jobs.delete(job.id);
    this.#slots[job.slot] = undefined;
    this.#freeSlots.push(job.slot);
    this.#size--;
    this.#bytes -= job.payload.length;
    job.state = "gone";
  }

  /** Forgets a topic without jobs and workers, with its counts. @throws ELPIS_JOBS_FULL */
  #makeRoom(): void {
    for (const line of this.#lines.values()) {
      if (!line.isIdle) continue;
      this.#done.forget(line);
      this.#lines.delete(line.topic);
      return;
    }
    throw jobsFull("topics", this.#limits.maxTopics);
  }
}
