import { createStore, type Delta, type DeltaAnswer, type Store } from "../../src/index.ts";

/** A delta as `collect` and a sender make it, for those who test what takes it. */
export interface DeltaMaker {
  readonly store: Store;
  /** @param more parts that are to be different */
  next(more?: Partial<Delta>): Delta;
}

export function deltaMaker(run: string, store: Store = createStore({ run })): DeltaMaker {
  let seq = 0;
  return {
    store,
    next: (more = {}) => {
      if (more.full === true) store.forgetCollected();
      const { isCut, ...changes } = store.collect();
      seq++;
      return structuredClone({
        v: 1,
        run,
        seq,
        full: seq === 1,
        more: isCut,
        carried: false,
        attempted: false,
        final: false,
        start: store.startTime,
        time: 0,
        everyMs: 5000,
        ...changes,
        ...more,
      } satisfies Delta);
    },
  };
}

/** Somebody to send to, whose answers a test decides on. */
export class Receiver {
  readonly got: Delta[] = [];
  #next: ((delta: Delta) => Promise<DeltaAnswer>)[] = [];

  /** What is said to the next ones, in turn; `taken` to all after them. */
  answers(...answers: (DeltaAnswer | Error | "never")[]): this {
    this.#next = answers.map((answer) => () => {
      if (answer instanceof Error) return Promise.reject(answer);
      return answer === "never" ? new Promise<DeltaAnswer>(() => {}) : Promise.resolve(answer);
    });
    return this;
  }

  readonly send = (delta: Delta): Promise<DeltaAnswer> => {
    this.got.push(structuredClone(delta));
    return this.#next.shift()?.(delta) ?? Promise.resolve("taken");
  };
}
