import type { RequestContext } from "@elpis/api";
import { badArgument, objectOverloaded } from "../errors.ts";

const MAX_WAITING = 1024;

/** Bounds how many calls of one object run at once; more wait in line, and beyond that they are refused. */
export class Gate {
  readonly #object: string;
  readonly #concurrency: number;
  /** Those in line, in order. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  /** @throws ELPIS_HUB_BAD_ARGUMENT */
  constructor(object: string, concurrency: number = Number.POSITIVE_INFINITY) {
    if (!(concurrency >= 1)) throw badArgument("concurrency", "a number from 1", concurrency);
    this.#object = object;
    this.#concurrency = concurrency;
  }

  /**
   * Runs `work` now or in its turn; not at all when the caller gives up while it waits.
   * @throws ELPIS_OBJECT_OVERLOADED
   */
  run(work: () => unknown, context: Pick<RequestContext, "signal">): unknown {
    if (this.#concurrency === Number.POSITIVE_INFINITY) return work();
    if (this.#running < this.#concurrency) return this.#start(work);
    if (this.#waiting.size >= MAX_WAITING) throw objectOverloaded(this.#object);
    const { signal } = context;
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener("abort", leave);
        this.#start(work).then(resolve, reject);
      };
      const leave = (): void => {
        this.#waiting.delete(turn);
        reject(signal.reason);
      };
      this.#waiting.add(turn);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  async #start(work: () => unknown): Promise<unknown> {
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #next(): void {
    const [turn] = this.#waiting;
    if (turn === undefined) return;
    this.#waiting.delete(turn);
    turn();
  }
}
