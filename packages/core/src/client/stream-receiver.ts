import type { ElpisError } from "@elpis/api";
import { LANE_BYTES } from "@elpis/protocol";
import { badArgument } from "../errors.ts";
import { Fifo } from "./stream-queue.ts";

/** Credit travels back when so many items have been taken, or so many bytes, or when nothing waits any more. */
const GRANT_ITEMS = 64;
const GRANT_BYTES = LANE_BYTES / 4;
const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** How the receiving half of a stream reaches the other end. */
export interface ReceivingPort {
  /** The other end may send so many more. */
  grant(items: number, bytes: number): void;
  /** The reader has left before the end. */
  left(): void;
}

interface Received<Item> {
  readonly value: Item;
  readonly bytes: number;
}

interface Reader<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: ElpisError) => void;
}

/**
 * One direction of a stream, at the end where items come out. It holds no more than the window that it has granted, and
 * grants again as its reader takes items. Items come before the end, and before an error; an error is given to one reader,
 * as a generator would.
 */
export class ReceivingHalf<Item> {
  readonly #port: ReceivingPort;
  readonly #window: number;
  readonly #grantItems: number;
  readonly #queue = new Fifo<Received<Item>>();
  readonly #readers = new Fifo<Reader<Item>>();
  /** What the other end may still send, as far as it has been granted. */
  #items = 0;
  #bytes = 0;
  /** What was taken and not granted again. */
  #owedItems = 0;
  #owedBytes = 0;
  #hasBegun = false;
  #isOver = false;
  #error: ElpisError | undefined;

  /** @param window how many items may be under way, from 1 */
  constructor(window: number, port: ReceivingPort) {
    this.#port = port;
    this.#window = window;
    // A smaller window is granted again by halves, so that its sender need not wait until all was taken.
    this.#grantItems = Math.min(GRANT_ITEMS, Math.ceil(window / 2));
  }

  /** Whether nothing more is wanted: what comes now is to be dropped. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Items that wait for a reader. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Grants the window, once. */
  begin(): void {
    if (this.#hasBegun || this.#isOver) return;
    this.#hasBegun = true;
    this.#grant(this.#window, LANE_BYTES);
  }

  /** Takes in an item whose frame had `bytes`; false when the other end had no credit for it. */
  accept(value: Item, bytes: number): boolean {
    if (this.#items < 1 || this.#bytes < 1) return false;
    this.#items--;
    this.#bytes -= bytes;
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#queue.push({ value, bytes });
    } else {
      reader.resolve({ done: false, value });
      this.#took(bytes);
    }
    return true;
  }

  /** Nothing more will come: with an error, or as it should be. Only the first call counts. */
  end(error?: ElpisError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    for (;;) {
      const reader = this.#readers.shift();
      if (reader === undefined) return;
      this.#last(reader);
    }
  }

  /** As {@link end}, and what waits is dropped. */
  stop(error?: ElpisError): void {
    this.#queue.clear();
    this.end(error);
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const received = this.#queue.shift();
    if (received !== undefined) {
      this.#took(received.bytes);
      return Promise.resolve({ done: false, value: received.value });
    }
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (this.#isOver) this.#last(reader);
      else this.#readers.push(reader);
    });
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    const isEarly = !this.#isOver;
    this.#error = undefined;
    this.stop();
    if (isEarly) this.#port.left();
    return Promise.resolve(DONE);
  }

  #last({ resolve, reject }: Reader<Item>): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) resolve(DONE);
    else reject(error);
  }

  #took(bytes: number): void {
    this.#owedItems++;
    this.#owedBytes += bytes;
    if (this.#isOver) return;
    const isBatch = this.#owedItems >= this.#grantItems || this.#owedBytes >= GRANT_BYTES;
    if (!isBatch && this.#queue.size > 0) return;
    const items = this.#owedItems;
    const owed = this.#owedBytes;
    this.#owedItems = 0;
    this.#owedBytes = 0;
    this.#grant(items, owed);
  }

  #grant(items: number, bytes: number): void {
    this.#items += items;
    this.#bytes += bytes;
    this.#port.grant(items, bytes);
  }
}

/** What {@link readOnce} reads from. */
export type Source<Item> = Pick<ReceivingHalf<Item>, "next" | "return">;

/**
 * What comes out of one half of a stream, for one loop.
 * @param check gives what is read in place of an item; what it throws, the reader gets
 */
export function readOnce<Item>(
  source: Source<Item>,
  check?: (item: Item) => Promise<Item>,
): AsyncIterable<Item> {
  let isRead = false;
  const checked = async (read: (item: Item) => Promise<Item>) => {
    const result = await source.next();
    return result.done === true ? result : { done: false, value: await read(result.value) };
  };
  return {
    [Symbol.asyncIterator]() {
      if (isRead) throw badArgument("stream", "one loop over it", "a second one");
      isRead = true;
      return {
        next: () => (check === undefined ? source.next() : checked(check)),
        return: () => source.return(),
      };
    },
  };
}
