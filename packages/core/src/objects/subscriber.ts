import { LANE_BYTES, LANE_MESSAGES } from "@elpis/protocol";

type Result = IteratorResult<Uint8Array, undefined>;

const DONE: Result = { done: true, value: undefined };

/**
 * What waits for one subscriber: at most 256 events and 1 MiB, the newest. It is read as an iterator, one item at a time.
 */
export class Subscriber implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #onClose: (subscriber: Subscriber) => void;
  #queue: Uint8Array[] = [];
  #bytes = 0;
  #waiting: { resolve(result: Result): void; reject(error: unknown): void } | undefined;
  #isOver = false;
  /** Why it ended, for whoever asks next. */
  #failure: { readonly error: unknown } | undefined;

  /** @param onClose called once, when nothing more will be taken */
  constructor(onClose: (subscriber: Subscriber) => void) {
    this.#onClose = onClose;
  }

  /** Takes an event; returns how many older ones had to make room. */
  push(event: Uint8Array): number {
    if (this.#isOver) return 0;
    if (this.#waiting !== undefined) {
      this.#waiting.resolve({ done: false, value: event });
      this.#waiting = undefined;
      return 0;
    }
    this.#queue.push(event);
    this.#bytes += event.length;
    let dropped = 0;
    while (this.#queue.length > 1 && this.#isFull()) {
      this.#bytes -= this.#queue.shift()?.length ?? 0;
      dropped++;
    }
    return dropped;
  }

  /** Ends it; what waits is forgotten, with an error for the other side where there is one. */
  close(failure?: { readonly error: unknown }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue = [];
    this.#bytes = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#failure = failure;
    else if (failure === undefined) waiting.resolve(DONE);
    else waiting.reject(failure.error);
    this.#onClose(this);
  }

  next(): Promise<Result> {
    const event = this.#queue.shift();
    if (event !== undefined) {
      this.#bytes -= event.length;
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#isOver) {
      const failure = this.#failure;
      this.#failure = undefined;
      return failure === undefined ? Promise.resolve(DONE) : Promise.reject(failure.error);
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<Result> {
    this.close();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #isFull(): boolean {
    return this.#queue.length > LANE_MESSAGES || this.#bytes > LANE_BYTES;
  }
}
