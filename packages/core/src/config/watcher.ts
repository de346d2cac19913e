import type { ConfigItem } from "./config-wire.ts";

type Result = IteratorResult<ConfigItem, undefined>;

const DONE: Result = { done: true, value: undefined };

/** One who watches a key. It is told the present value when it asks, and what lies between two questions is left out. */
export class Watcher implements AsyncIterableIterator<ConfigItem, undefined> {
  readonly #read: () => ConfigItem;
  readonly #onClose: (watcher: Watcher) => void;
  #isChanged = true;
  #isOver = false;
  #waiting: ((result: Result) => void) | undefined;

  /** @param read the present value */
  constructor(read: () => ConfigItem, onClose: (watcher: Watcher) => void) {
    this.#read = read;
    this.#onClose = onClose;
  }

  /** The value is another. */
  changed(): void {
    const waiting = this.#waiting;
    this.#isChanged = waiting === undefined;
    this.#waiting = undefined;
    waiting?.({ done: false, value: this.#read() });
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting?.(DONE);
    this.#waiting = undefined;
    this.#onClose(this);
  }

  next(): Promise<Result> {
    if (this.#isOver) return Promise.resolve(DONE);
    if (this.#isChanged) {
      this.#isChanged = false;
      return Promise.resolve({ done: false, value: this.#read() });
    }
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<Result> {
    this.close();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
