import type { HandleOptions, RequestHandler } from "@elpis/api";
import { badArgument } from "../errors.ts";
import type { IncomingRequest } from "./incoming.ts";

const DEFAULT_QUEUE = 1024;
const MAX_WEIGHT = 65_535;

type AnyHandler = RequestHandler<unknown, unknown>;

/** A call that waits for its turn. */
interface Waiting {
  readonly request: IncomingRequest;
  readonly run: () => void;
}

/** One handler with its bound on calls at once and its line of waiting ones. */
export class Handler {
  readonly run: AnyHandler;
  /** Its share of the calls, with `weighted` balance. */
  readonly weight: number;
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #isCalling = false;

  /** @throws ELPIS_HUB_BAD_ARGUMENT */
  constructor(run: AnyHandler, options: HandleOptions = {}) {
    const { concurrency = Number.POSITIVE_INFINITY, queue = DEFAULT_QUEUE, weight = 1 } = options;
    if (!(concurrency >= 1)) throw badArgument("concurrency", "a number from 1", concurrency);
    if (!(queue >= 0)) throw badArgument("queue", "a number from 0", queue);
    if (!(Number.isInteger(weight) && weight >= 1 && weight <= MAX_WEIGHT)) {
      throw badArgument("weight", `a whole number from 1 to ${MAX_WEIGHT}`, weight);
    }
    this.run = run;
    this.weight = weight;
    this.#concurrency = concurrency;
    this.#maxWaiting = queue;
  }

  /** Runs `run` now or in its turn; false when the line is full. */
  admit(request: IncomingRequest, run: () => void): boolean {
    if (this.#running < this.#concurrency) {
      this.#running++;
      run();
      return true;
    }
    if (this.#waiting.length >= this.#maxWaiting) return false;
    this.#waiting.push({ request, run });
    return true;
  }

  /** A call is over: those in line get their turn, one after the other however many end at once. */
  done(): void {
    this.#running--;
    if (this.#isCalling) return;
    this.#isCalling = true;
    while (this.#running < this.#concurrency) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#running++;
      next.run();
    }
    this.#isCalling = false;
  }

  /** Takes a call that nobody wants any more out of the line. Whether it was in it. */
  drop(request: IncomingRequest): boolean {
    const index = this.#waiting.findIndex((waiting) => waiting.request === request);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }
}
