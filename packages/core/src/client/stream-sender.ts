import { Fifo } from "./stream-queue.ts";

/** How the sending half of a stream reaches the other end, and whoever fills it. */
export interface SendingPort {
  /** An item leaves. */
  data(frame: Buffer): void;
  /** The last item has left. */
  end(): void;
  /** There is room for an item. */
  room(): void;
}

/**
 * One direction of a stream, at the end where items go in. It begins without credit and sends no more than the other end
 * has granted; what is pushed beyond that waits here. The last item may be larger than the bytes that are left, so that
 * an item of any size gets through.
 */
export class SendingHalf {
  readonly #port: SendingPort;
  readonly #queue = new Fifo<Buffer>();
  #queuedBytes = 0;
  #items = 0;
  #bytes = 0;
  #hasBegun = false;
  #isEnding = false;
  #isOver = false;

  constructor(port: SendingPort) {
    this.#port = port;
  }

  /** Whether the next item would leave at once. */
  get hasRoom(): boolean {
    // With credit nothing waits: it would have left.
    return this.isOpen && this.#hasCredit;
  }

  /** Whether more may be pushed: nobody has ended it. */
  get isOpen(): boolean {
    return !this.#isEnding && !this.#isOver;
  }

  /** Items that wait for credit. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Their bytes. */
  get waitingBytes(): number {
    return this.#queuedBytes;
  }

  /** There is a way to the other end: what needs no credit may go. */
  begin(): void {
    this.#hasBegun = true;
    this.#endWhenEmpty();
  }

  /** An item leaves, or waits for credit. Does nothing when the half is not open. */
  push(frame: Buffer): void {
    if (!this.isOpen) return;
    if (this.hasRoom) return this.#emit(frame);
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
  }

  /** The other end takes so many more. */
  grant(items: number, bytes: number): void {
    if (this.#isOver) return;
    this.#items += items;
    this.#bytes += bytes;
    while (this.#hasCredit) {
      const frame = this.#queue.shift();
      if (frame === undefined) break;
      this.#queuedBytes -= frame.length;
      this.#emit(frame);
    }
    this.#endWhenEmpty();
    if (this.hasRoom) this.#port.room();
  }

  /** No more will be pushed: the other end is told behind the last item. */
  end(): void {
    if (!this.isOpen) return;
    this.#isEnding = true;
    this.#endWhenEmpty();
  }

  /** Nobody wants more: what waits is dropped, and the other end is told nothing. */
  stop(): void {
    this.#isOver = true;
    this.#queue.clear();
    this.#queuedBytes = 0;
  }

  get #hasCredit(): boolean {
    return this.#items > 0 && this.#bytes > 0;
  }

  #emit(frame: Buffer): void {
    this.#items--;
    this.#bytes -= frame.length;
    this.#port.data(frame);
  }

  #endWhenEmpty(): void {
    const isDue = this.#hasBegun && this.#isEnding && !this.#isOver;
    if (!isDue || this.#queue.size > 0) return;
    this.#isOver = true;
    this.#port.end();
  }
}
