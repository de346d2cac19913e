import type { Off } from "@elpis/api";
import type { Attributes } from "../attributes.ts";
import { callbackFailed, callbackLate } from "../errors.ts";
import type { Level } from "../levels.ts";
import type { Drops } from "./drops.ts";
import type { BatchObservableCallback, Observable } from "./instruments.ts";
import { ObservableHandle } from "./observable.ts";

/** A callback with what it may observe. */
interface Job {
  readonly observables: ReadonlySet<ObservableHandle>;
  readonly run: (take: Take) => void | Promise<void>;
  readonly key: object;
}

type Take = (observable: unknown, value: number, attributes: Attributes | undefined) => void;

/** Calls the callbacks of observables, in rounds that do not overlap. */
export class Observing {
  readonly #observables: ObservableHandle[] = [];
  readonly #batches = new Set<Job>();
  /** Callbacks that are still at work, from a round that did not wait for them any longer. */
  readonly #running = new Set<object>();
  readonly #drops: Drops;
  readonly #timeoutMs: number;
  readonly #onProblem: (error: Error) => void;
  #round = 0;
  #current: Promise<void> | undefined;

  constructor(drops: Drops, timeoutMs: number, onProblem: (error: Error) => void) {
    this.#drops = drops;
    this.#timeoutMs = timeoutMs;
    this.#onProblem = onProblem;
  }

  add(observable: ObservableHandle): void {
    this.#observables.push(observable);
  }

  addBatch(callback: BatchObservableCallback, observables: readonly Observable[]): Off {
    const own = new Set(observables.filter((one) => one instanceof ObservableHandle));
    const job: Job = {
      observables: own,
      key: {},
      run: (take) => callback({ observe: take }),
    };
    this.#batches.add(job);
    return () => void this.#batches.delete(job);
  }

  async observe(levels: ReadonlySet<Level> | undefined): Promise<void> {
    while (this.#current !== undefined) await this.#current;
    const pending = this.#begin(levels);
    if (pending === undefined) return;
    this.#current = pending.finally(() => {
      this.#current = undefined;
    });
    await this.#current;
  }

  /** @returns undefined when there was nothing to wait for */
  #begin(levels: ReadonlySet<Level> | undefined): Promise<void> | undefined {
    const round = ++this.#round;
    const due = this.#observables.filter(({ info }) => levels?.has(info.level) ?? true);
    const incomplete = new Set<ObservableHandle>();
    const state = { isOver: false };
    const waits: Promise<void>[] = [];
    for (const job of this.#jobsFor(new Set(due))) {
      const wait = this.#run(job, round, state, incomplete);
      if (wait !== undefined) waits.push(wait);
    }
    const end = (): void => {
      state.isOver = true;
      for (const one of due) one.endRound(round, !incomplete.has(one));
    };
    if (waits.length > 0) return Promise.all(waits).then(end);
    end();
    return undefined;
  }

  #jobsFor(due: ReadonlySet<ObservableHandle>): Job[] {
    const jobs: Job[] = [];
    for (const one of due) {
      for (const [callback, key] of one.callbacks) {
        jobs.push({
          observables: new Set([one]),
          key,
          run: (take) => callback({ observe: (value, attributes) => take(one, value, attributes) }),
        });
      }
    }
    for (const batch of this.#batches) {
      for (const one of batch.observables) {
        if (!due.has(one)) continue;
        jobs.push(batch);
        break;
      }
    }
    return jobs;
  }

  /** @returns what to wait for, if anything; never rejects */
  #run(
    job: Job,
    round: number,
    state: { readonly isOver: boolean },
    incomplete: Set<ObservableHandle>,
  ): Promise<void> | undefined {
    const leaveAsIs = (): void => {
      for (const one of job.observables) incomplete.add(one);
    };
    const fail = (error: unknown): void => {
      leaveAsIs();
      this.#drops.add("callback");
      const names = [...job.observables].map(({ info }) => info.name);
      this.#onProblem(callbackFailed(names, error));
    };
    if (this.#running.has(job.key)) {
      leaveAsIs();
      return undefined;
    }
    const take: Take = (observable, value, attributes) => {
      const isKnown =
        !state.isOver && observable instanceof ObservableHandle && job.observables.has(observable);
      if (isKnown) observable.take(round, value, attributes);
      else this.#drops.add("observation");
    };
    try {
      const result: unknown = job.run(take);
      return isThenable(result) ? this.#wait(job, result, fail) : undefined;
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  async #wait(job: Job, result: PromiseLike<void>, fail: (error: unknown) => void): Promise<void> {
    this.#running.add(job.key);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, this.#timeoutMs, "late");
      timer.unref();
    });
    const done = Promise.resolve(result).finally(() => this.#running.delete(job.key));
    try {
      if ((await Promise.race([done, late])) === "late") fail(callbackLate(this.#timeoutMs));
    } catch (error) {
      fail(error);
    } finally {
      clearTimeout(timer);
    }
    // What it ends with after its time is of interest to nobody.
    done.catch(() => {});
  }
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof (value as { then?: unknown } | undefined)?.then === "function";
}
