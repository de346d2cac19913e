import type { JobLevel, JobReceipt, Logger } from "@elpis/api";
import { jobsNotDurable } from "../errors.ts";
import type { JournalFiles } from "./files.ts";
import type { Job, JobSpec } from "./job.ts";
import { Journal, type JournalStats } from "./journal.ts";
import type { JobLimits } from "./limits.ts";
import { type JobChange, JobQueue, type QueuePort } from "./queue.ts";
import type { JournalRecord } from "./records.ts";
import { Recovery } from "./recovery.ts";

/** What a record has besides its payload, about, in bytes. */
const RECORD_BYTES = 160;

export interface JobStoreOptions extends Omit<QueuePort, "changed"> {
  /** Folder of the journal; without it nothing can be durable. */
  readonly dir?: string;
  readonly log: Logger;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  readonly limits?: Partial<JobLimits>;
  readonly files?: JournalFiles;
  readonly compactBytes?: number;
}

/** The queue together with the journal of what is durable in it. */
export class JobStore {
  readonly queue: JobQueue;
  readonly #options: JobStoreOptions;
  /** Jobs on their way to the disk; each resolves with whether it got there. */
  readonly #committing = new Map<Job, Promise<void>>();
  #opening: Promise<Journal> | undefined;
  #journal: Journal | undefined;
  #durableBytes = 0;

  constructor(options: JobStoreOptions) {
    this.#options = options;
    const { give, takeBack, now, random, limits } = options;
    const port = { give, takeBack, changed: (job: Job, how: JobChange) => this.#changed(job, how) };
    this.queue = new JobQueue(port, now(), random, limits);
  }

  get journalStats(): JournalStats | undefined {
    return this.#journal?.stats();
  }

  /** Opens the journal and takes in what it holds. @throws ELPIS_JOBS_NOT_DURABLE, ELPIS_JOBS_DISK, ELPIS_JOBS_FORMAT */
  open(): Promise<Journal> {
    this.#opening ??= this.#open().catch((error) => {
      // The next one tries again: a full disk does not stay full.
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /**
   * Resolves when the job is as safe as `level` says, be it this one or an earlier one with its id.
   * @throws ELPIS_JOBS_FULL, ELPIS_JOBS_DISK, ELPIS_JOBS_NOT_DURABLE
   */
  async enqueue(spec: JobSpec, level: JobLevel): Promise<JobReceipt> {
    const { topic, id } = spec;
    if (level === "durable" && this.#journal === undefined) await this.open();
    for (;;) {
      const known = this.queue.find(topic, id, this.#options.now());
      if (known === undefined) {
        const job = this.queue.add(spec, this.#options.now(), level === "durable");
        if (level === "durable") await this.#commit(job);
        return { id, duplicate: false };
      }
      if (known === "done") return { id, duplicate: true };
      const committing = this.#committing.get(known);
      if (committing !== undefined) {
        // Its outcome is that of somebody else's call, who learns of it there.
        await committing.catch(() => undefined);
        continue;
      }
      if (level === "durable" && !known.durable) await this.#commit(known);
      return { id, duplicate: true };
    }
  }

  async close(): Promise<void> {
    const journal = await this.#opening?.catch(() => undefined);
    await journal?.close();
  }

  async #open(): Promise<Journal> {
    const { dir, log, files, compactBytes, now } = this.#options;
    if (dir === undefined) throw jobsNotDurable();
    const recovery = new Recovery();
    const journal = await Journal.open(
      {
        dir,
        log,
        ...(files !== undefined && { files }),
        ...(compactBytes !== undefined && { compactBytes }),
        snapshot: () => this.#snapshot(),
        liveBytes: () => this.#durableBytes,
      },
      (record) => recovery.add(record),
    );
    this.#journal = journal;
    for (const { topic, id } of recovery.done()) this.queue.restoreDone(topic, id, now());
    for (const job of recovery.jobs(Date.now())) {
      const { topic, id } = job.spec;
      // Where the folder came up while the hub ran, its ids may be in use.
      if (typeof this.queue.find(topic, id, now()) === "object") continue;
      this.#count(this.queue.restore(job, now()), 1);
    }
    return journal;
  }

  /** Writes a job that is held, or one that is known and shall be durable from now on. */
  #commit(job: Job): Promise<void> {
    const isNew = job.state === "held";
    // What becomes of a known one meanwhile is written behind it.
    if (!isNew) this.#setDurable(job, true);
    let isKnown = false;
    const promise = new Promise<void>((resolve, reject) => {
      this.#journal?.commit(putOf(job), (error) => {
        isKnown = true;
        this.#committing.delete(job);
        if (error === undefined) this.#committed(job, isNew);
        else this.#refused(job, isNew);
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    if (!isKnown) this.#committing.set(job, promise);
    if (job.state === "dead") this.#changed(job, "dead");
    return promise;
  }

  #committed(job: Job, isNew: boolean): void {
    if (!isNew) return;
    this.#setDurable(job, true);
    this.queue.release(job, this.#options.now());
  }

  #refused(job: Job, isNew: boolean): void {
    if (isNew) this.queue.drop(job);
    else this.#setDurable(job, false);
  }

  #setDurable(job: Job, durable: boolean): void {
    if (job.durable === durable || job.state === "gone") return;
    job.durable = durable;
    this.#count(job, durable ? 1 : -1);
  }

  #count(job: Job, times: 1 | -1): void {
    this.#durableBytes += times * (job.payload.length + RECORD_BYTES);
  }

  #changed(job: Job, change: JobChange): void {
    if (!job.durable) return;
    if (change === "done" || change === "discarded") this.#count(job, -1);
    this.#journal?.note(noteOf(job, change));
  }

  /** All that must outlive the hub. The list of jobs is taken at once; what becomes of them meanwhile is noted as well. */
  #snapshot(): Iterable<JournalRecord> {
    const jobs = [...this.queue.jobs()].filter((job) => job.durable);
    const done = [...this.queue.doneIds()];
    return snapshotOf(jobs, done);
  }
}

function* snapshotOf(
  jobs: readonly Job[],
  done: ReadonlyArray<{ topic: string; id: string }>,
): IterableIterator<JournalRecord> {
  for (const { topic, id } of done) yield { type: "done", topic, id };
  for (const job of jobs) {
    if (job.state === "gone") continue;
    yield putOf(job);
    if (job.state === "dead") yield noteOf(job, "dead");
  }
}

function putOf(job: Job): JournalRecord {
  const { topic, id, payload, attempts, maxAttempts, ackDeadlineMs, delayMs, atMs, from } = job;
  const { extension } = job;
  const rest = { attempts, maxAttempts, ackDeadlineMs, delayMs, atMs, from };
  return { type: "put", topic, id, payload, ...rest, ...(extension && { extension }) };
}

function noteOf({ topic, id, attempts, reason }: Job, change: JobChange): JournalRecord {
  if (change === "tried") return { type: "tried", topic, id, attempts };
  if (change === "dead") return { type: "dead", topic, id, attempts, reason };
  return { type: change, topic, id };
}
