import { Fifo } from "./fifo.ts";

/** Items that are put in by one and taken out by another; what is put in is bounded by whoever puts it in. */
export class Mailbox<Item> implements AsyncIterableIterator<Item> {
  readonly #items = new Fifo<Item>();
  readonly #onLeft: () => void;
  #waiting: ((result: IteratorResult<Item>) => void) | undefined;
  #isOver = false;

  /** @param onLeft called when the one who takes wants no more */
  constructor(onLeft: () => void) {
    this.#onLeft = onLeft;
  }

  put(item: Item): void {
    if (this.#isOver) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#items.push(item);
    else waiting({ done: false, value: item });
  }

  /** Nothing more will be put in; what is in it can be taken. */
  end(): void {
    this.#isOver = true;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<Item>> {
    if (this.#items.size > 0) {
      return Promise.resolve({ done: false, value: this.#items.shift() as Item });
    }
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<Item>> {
    this.#items.clear();
    this.end();
    this.#onLeft();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
