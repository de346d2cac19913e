import { readFileSync } from "node:fs";
import { join } from "node:path";

const RECORD_BYTES = 16;

/** The workers of one topic of jobs, and what they wrote down, those that were killed included. */
export class Staff {
  #run;
  #topic;
  #concurrency;
  #workers = [];
  #files = [];

  constructor(run, topic, concurrency) {
    this.#run = run;
    this.#topic = topic;
    this.#concurrency = concurrency;
  }

  /** Starts workers. `manner` says how they treat jobs: see the actor. */
  hire(hub, howMany, manner = {}) {
    const hireOne = async () => {
      const file = join(this.#run.home, `jobs.${this.#topic}.${this.#files.length}`);
      this.#files.push(file);
      const actor = this.#run.start("g12-worker");
      const concurrency = this.#concurrency;
      await actor.call("begin", {
        hub: hub.name,
        topic: this.#topic,
        file,
        concurrency,
        ...manner,
      });
      this.#workers.push(actor);
      return actor;
    };
    return Promise.all(Array.from({ length: howMany }, hireOne));
  }

  /** Kills the one that is there longest, and hires another. */
  async replaceOne(hub) {
    const worker = this.#workers.shift();
    worker.kill();
    await worker.exited;
    await this.hire(hub, 1);
  }

  /** How often each job was begun. */
  begun(jobs) {
    return this.#count(jobs, false);
  }

  /** How often jobs were begun that had been begun before. */
  begunAgain(jobs) {
    return this.begun(jobs).reduce((all, times) => all + Math.max(0, times - 1), 0);
  }

  /**
   * For jobs that were done and then begun again: how long before the last end of a hub they were done, at most, in
   * milliseconds. Their acknowledgement cannot have been on disk.
   * @param ends when hubs were killed
   */
  longestUnsaved(ends) {
    const done = [];
    for (const { n, at, isDone } of this.#records())
      if (isDone) done[n] = Math.min(done[n] ?? at, at);
    let longest = 0;
    for (const { n, at, isDone } of this.#records()) {
      if (isDone || done[n] === undefined || at <= done[n]) continue;
      const end = Math.max(...ends.filter((time) => time <= at));
      longest = Math.max(longest, end - done[n]);
    }
    return longest;
  }

  /** How many jobs were never done to their end. */
  unfinished(jobs) {
    return this.#count(jobs, true).filter((times) => times === 0).length;
  }

  /** By number of the job: when that attempt was begun. */
  beganAt(attempt) {
    const times = [];
    for (const record of this.#records()) {
      if (record.attempt === attempt && !record.isDone) times[record.n] = record.at;
    }
    return times;
  }

  dismiss() {
    for (const worker of this.#workers) worker.kill();
  }

  #count(jobs, isDone) {
    const times = new Array(jobs).fill(0);
    for (const record of this.#records()) if (record.isDone === isDone) times[record.n]++;
    return times;
  }

  *#records() {
    for (const file of this.#files) {
      const bytes = readFileSync(file);
      for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
        yield {
          n: bytes.readUInt32LE(at),
          attempt: bytes.readUInt16LE(at + 4),
          isDone: bytes.readUInt16LE(at + 6) === 1,
          at: bytes.readDoubleLE(at + 8),
        };
      }
    }
  }
}
