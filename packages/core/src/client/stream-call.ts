import type { ElpisError, Leaving, StreamCall, StreamOptions } from "@elpis/api";
import {
  bodyEnd,
  bodyStart,
  emptyFrame,
  Kind,
  paddingOf,
  protocolError,
  remainingOf,
  setCorrelation,
  sizeOf,
  topicOf,
} from "@elpis/protocol";
import { badArgument, badPayload, cancelled, deadlinePassed, overloaded } from "../errors.ts";
import type { Checks } from "./checks.ts";
import { Drained } from "./drained.ts";
import { InOrder } from "./in-order.ts";
import { checkWindow, creditFrame, ITEMS, itemFrame, type StreamPort } from "./stream-frames.ts";
import { ReceivingHalf, readOnce } from "./stream-receiver.ts";
import { SendingHalf } from "./stream-sender.ts";
import type { Waiter } from "./waiters.ts";

/** What may wait for credit here when whoever sends does not heed that `send` is pending. */
const MAX_WAITING_ITEMS = 65_536;
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const DONE: Promise<void> = Promise.resolve();

/**
 * A stream that this peer opened. It may be made before there is a way to the hub: what is sent waits for credit anyhow.
 * To the table of calls it is one call, which a reply or a fault ends.
 */
export class OpenedStream implements StreamCall<unknown, unknown>, Waiter {
  owed: number | undefined = 1;
  onFree: (() => void) | undefined;
  /** Who follows it. */
  leaving: Leaving | undefined;
  readonly topic: string;
  /** Zero: without a bound. */
  readonly timeoutMs: number;
  readonly #maxFrameBytes: number;
  /** Only where there is a schema for what is sent. */
  readonly #checks: Checks | undefined;
  readonly #sending: SendingHalf;
  readonly #receiving: ReceivingHalf<unknown>;
  readonly #items: AsyncIterable<unknown>;
  readonly #room = new Drained();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.cancel(this.#signal?.reason);
  #port: StreamPort | undefined;
  #correlation = 0;
  #isEnded = false;
  /** Items whose schema takes its time. */
  #inOrder: InOrder | undefined;
  /** Somebody waits for room. */
  #isWaiting = false;
  #isOver = false;
  #error: ElpisError | undefined;

  /**
   * @param timeoutMs a whole number of milliseconds, or 0
   * @throws ELPIS_HUB_BAD_ARGUMENT
   */
  constructor(
    topic: string,
    timeoutMs: number,
    options: StreamOptions | undefined,
    maxFrameBytes: number,
    checks?: Checks,
  ) {
    this.topic = topic;
    this.timeoutMs = timeoutMs;
    this.#maxFrameBytes = maxFrameBytes;
    this.#checks = checks?.has(topic, "sent") === true ? checks : undefined;
    this.#receiving = new ReceivingHalf(checkWindow(options?.window), {
      grant: (items, bytes) => this.#send(creditFrame(this.#correlation, items, bytes, 0)),
      left: () => this.cancel(),
    });
    this.#items = readOnce(
      this.#receiving,
      checks?.has(topic, "item") === true ? (item) => this.#checked(checks, item) : undefined,
    );
    this.#sending = new SendingHalf({
      data: (frame) => {
        setCorrelation(frame, 0, this.#correlation);
        this.#send(frame);
      },
      end: () => this.#send(emptyFrame(Kind.end, 0, this.#correlation)),
      room: () => {
        this.#isWaiting = false;
        this.#room.done();
      },
    });
    this.#signal = options?.signal;
    if (this.#signal?.aborted === true) this.#onAbort();
    else this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Whether it has ended, so that there is nothing to open any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The frame that opens it is on its way under this correlation. */
  opened(correlation: number, port: StreamPort): void {
    if (this.#isOver) return port.send(emptyFrame(Kind.cancel, 0, correlation));
    this.#correlation = correlation;
    this.#port = port;
    this.#receiving.begin();
    this.#sending.begin();
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.#items[Symbol.asyncIterator]();
  }

  send(item: unknown): Promise<void> {
    if (this.#isOver) return refused(this.#reason());
    if (this.#isEnded) {
      return refused(badArgument("send", "a stream that was not ended", "one that was"));
    }
    try {
      if (this.#checks === undefined) return this.#push(item);
      const approved = this.#checks.approve(this.topic, "sent", item);
      if (this.#inOrder === undefined && !(approved instanceof Promise)) return this.#push(item);
      return this.#pushInOrder(approved);
    } catch (error) {
      this.#abandon(error as ElpisError);
      return refused(error);
    }
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#inOrder === undefined) this.#sending.end();
    else void this.#inOrder.run(this.topic, undefined, () => this.#sending.end());
  }

  cancel(reason?: unknown): void {
    if (this.#isOver) return;
    const error = cancelled(this, reason);
    this.#receiving.stop(error);
    this.#abandon(error);
  }

  /** An item came; false when nobody wants it any more. */
  data(chunk: Buffer, at: number): boolean {
    if (this.#receiving.isOver) return false;
    let item: unknown;
    try {
      item = ITEMS.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
    } catch (cause) {
      this.#abandon(badPayload(this, cause));
      return true;
    }
    if (!this.#receiving.accept(item, sizeOf(chunk, at) - paddingOf(chunk, at))) {
      this.#abandon(protocolError(`more came on "${this.topic}" than was granted`));
    }
    return true;
  }

  /** The other side takes more. */
  credit(chunk: Buffer, at: number): void {
    this.#sending.grant(topicOf(chunk, at), remainingOf(chunk, at));
  }

  answer(): void {
    this.#finish(undefined);
  }

  fail(error: ElpisError): void {
    this.#finish(error);
  }

  give(error: ElpisError): void {
    this.#finish(error);
  }

  expire(): void {
    this.#finish(deadlinePassed(this));
  }

  /** An item that cannot be sent ends the stream: it must not be missing among the others. */
  #push(item: unknown): Promise<void> {
    if (this.#isOver) return refused(this.#reason());
    const sending = this.#sending;
    sending.push(itemFrame(this, item, this.#correlation, 0, this.#maxFrameBytes));
    if (sending.hasRoom) return DONE;
    const isFlooded =
      sending.waiting > MAX_WAITING_ITEMS || sending.waitingBytes > MAX_WAITING_BYTES;
    if (isFlooded) throw overloaded(this);
    this.#isWaiting = true;
    const room = this.#room.wait();
    // Whoever does not look at it learns from the stream that it has failed.
    room.catch(() => {});
    return room;
  }

  #pushInOrder(approved: unknown): Promise<void> {
    this.#inOrder ??= new InOrder();
    if (this.#inOrder.waiting(this.topic) > MAX_WAITING_ITEMS) throw overloaded(this);
    const pushed = Promise.resolve(
      this.#inOrder.run(this.topic, approved, (item) => this.#push(item)),
    );
    pushed.catch((error: ElpisError) => this.#abandon(error));
    return pushed;
  }

  async #checked(checks: Checks, item: unknown): Promise<unknown> {
    try {
      return await checks.check(this.topic, "item", item);
    } catch (error) {
      this.#receiving.stop();
      this.#abandon(error as ElpisError);
      throw error;
    }
  }

  /** The stream ends from here; the hub answers the `cancel` with a fault, which frees the correlation. */
  #abandon(error: ElpisError): void {
    this.#send(emptyFrame(Kind.cancel, 0, this.#correlation));
    this.#finish(error);
  }

  #finish(error: ElpisError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.leaving?.ended?.(error);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#sending.stop();
    this.#receiving.end(error);
    if (this.#isWaiting) this.#room.fail(this.#reason());
  }

  /** Why nothing can be sent any more. */
  #reason(): ElpisError {
    return this.#error ?? cancelled(this, "the other side has ended it");
  }

  #send(frame: Buffer): void {
    if (!this.#isOver) this.#port?.send(frame);
  }
}

/** A promise that fails, and may be left alone. */
function refused(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}
