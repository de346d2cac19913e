import {
  type ElpisError,
  errorToData,
  hasCode,
  type Location,
  type Logger,
  type StreamContext,
} from "@elpis/api";
import {
  bodyEnd,
  bodyStart,
  emptyFrame,
  Fault,
  Flag,
  Kind,
  paddingOf,
  protocolError,
  remainingOf,
  sizeOf,
  topicOf,
} from "@elpis/protocol";
import { badArgument, badPayload, cancelled, deadlinePassed } from "../errors.ts";
import { errorFrame, faultFrame } from "./answers.ts";
import { type Checks, Refused } from "./checks.ts";
import { IncomingRequest } from "./incoming.ts";
import { isPromise } from "./is-promise.ts";
import { creditFrame, ITEMS, itemFrame, type StreamPort } from "./stream-frames.ts";
import { ReceivingHalf, readOnce } from "./stream-receiver.ts";
import { SendingHalf } from "./stream-sender.ts";

type Items = AsyncIterator<unknown> | Iterator<unknown>;

/** What a served stream is about, and what it needs of the client it belongs to. */
export interface ServedOptions {
  readonly topic: string;
  readonly from: Location;
  readonly deadline: number;
  readonly correlation: number;
  /** How many sent items may be under way. */
  readonly window: number;
  /** The connection that it came over. */
  readonly port: StreamPort;
  readonly log: Logger;
  readonly checks: Checks | undefined;
  /** The hub has its one answer: the correlation is no longer ours. */
  onAnswered(correlation: number): void;
}

/**
 * A stream of another peer that this one works on, and what its handler is told. Items are taken from the handler's
 * iterator one at a time and only while the other side has room, so nothing waits here. The hub gets one reply or fault.
 */
export class ServedStream extends IncomingRequest implements StreamContext<unknown> {
  readonly incoming: AsyncIterable<unknown>;
  readonly #options: ServedOptions;
  readonly #port: StreamPort;
  /** Only where there is a schema for items. */
  readonly #checks: Checks | undefined;
  readonly #sending: SendingHalf;
  readonly #receiving: ReceivingHalf<unknown>;
  #items: Items | undefined;
  /** The iterator was asked for an item and has not given it. */
  #isAsking = false;
  /** The iterator is being asked at this moment, in this turn. */
  #isCalling = false;
  #onDone: (() => void) | undefined;
  readonly #onGiven = (given: unknown): void => {
    try {
      this.#items = iterate(given);
    } catch (error) {
      return this.#failed(error);
    }
    this.#pump();
  };
  readonly #onItem = (result: IteratorResult<unknown>): void => {
    this.#isAsking = false;
    this.#take(result);
    this.#pump();
  };
  readonly #onApproved = (item: unknown): void => {
    this.#isAsking = false;
    this.#push(item);
    this.#pump();
  };
  readonly #onRefused = (error: unknown): void => {
    this.#isAsking = false;
    this.#refuse(error as ElpisError);
  };
  readonly #onError = (error: unknown): void => {
    this.#isAsking = false;
    this.#failed(error);
  };

  constructor(options: ServedOptions) {
    const { topic, correlation, window, port, checks } = options;
    super(topic, options.from, options.deadline, correlation);
    this.#options = options;
    this.#port = port;
    this.#checks = checks?.has(topic, "item") === true ? checks : undefined;
    this.#sending = new SendingHalf({
      data: (frame) => port.send(frame),
      // Its end is the answer.
      end: () => {},
      room: () => this.#pump(),
    });
    this.#receiving = new ReceivingHalf<unknown>(window, {
      grant: (items, bytes) => port.send(creditFrame(correlation, items, bytes, Flag.served)),
      // Whoever serves may stop listening and go on sending.
      left: () => {},
    });
    this.incoming = readOnce(
      {
        // Until it is asked for, nothing is to come.
        next: () => {
          this.#receiving.begin();
          return this.#receiving.next();
        },
        return: () => this.#receiving.return(),
      },
      checks?.has(topic, "sent") === true ? (item) => this.#checked(checks, item) : undefined,
    );
  }

  /**
   * Starts the handler.
   * @param serve gives what the handler gave, or a promise of it
   * @param onDone called once when the handler is done, which after a cancel may be later than the answer
   */
  run(serve: () => unknown, onDone: () => void): void {
    this.#onDone = onDone;
    if (performance.now() >= this.deadline) {
      this.finish(deadlinePassed(this));
      this.#answer(faultFrame(this.correlation, Fault.deadline));
      return this.#done();
    }
    try {
      const given = this.#within(serve);
      if (isPromise(given)) given.then(this.#onGiven, this.#onError);
      else this.#onGiven(given);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** An item came; false when nobody wants it any more. */
  data(chunk: Buffer, at: number): boolean {
    if (this.#receiving.isOver) return false;
    let item: unknown;
    try {
      item = ITEMS.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
    } catch (cause) {
      this.#break(badPayload(this.#name, cause), faultFrame(this.correlation, Fault.badPayload));
      return true;
    }
    if (!this.#receiving.accept(item, sizeOf(chunk, at) - paddingOf(chunk, at))) {
      this.#break(protocolError(`more came on "${this.topic}" than was granted`));
    }
    return true;
  }

  /** The other side takes more. */
  credit(chunk: Buffer, at: number): void {
    this.#sending.grant(topicOf(chunk, at), remainingOf(chunk, at));
  }

  /** The other side sends no more. */
  end(): void {
    this.#receiving.end();
  }

  /** Nobody waits for it any more: the handler is told, and the hub gets its last word. */
  cancel(error: ElpisError = cancelled(this.#name)): void {
    this.#break(error, faultFrame(this.correlation, Fault.cancelled));
  }

  /** One item of the handler, or its end. */
  #take({ done, value }: IteratorResult<unknown>): void {
    if (this.answered) return;
    if (done === true) {
      this.#ended();
      this.#answer(emptyFrame(Kind.reply, 0, this.correlation));
      return this.#done();
    }
    if (this.#checks === undefined) return this.#push(value);
    try {
      const approved = this.#checks.approve(this.topic, "item", value);
      if (!(approved instanceof Promise)) return this.#push(value);
      this.#isAsking = true;
      approved.then(this.#onApproved, this.#onRefused);
    } catch (error) {
      this.#refuse(error as ElpisError);
    }
  }

  #push(item: unknown): void {
    if (this.answered) return;
    let frame: Buffer;
    try {
      const { maxFrameBytes } = this.#port;
      frame = itemFrame(this.#name, item, this.correlation, Flag.served, maxFrameBytes);
    } catch (error) {
      const isTooLarge = hasCode(error, "ELPIS_HUB_TOO_LARGE");
      const fault = isTooLarge ? faultFrame(this.correlation, Fault.tooLarge) : undefined;
      return this.#break(error as ElpisError, fault);
    }
    this.#sending.push(frame);
  }

  /** A schema does not let an item pass. */
  #refuse(error: ElpisError): void {
    this.#break(error, this.#errorFrame(new Refused(error)));
  }

  async #checked(checks: Checks, item: unknown): Promise<unknown> {
    try {
      return await checks.check(this.topic, "sent", item);
    } catch (error) {
      this.#refuse(error as ElpisError);
      throw error;
    }
  }

  /** Takes items as long as there is room. A handler that has them ready is asked without a promise in between. */
  #pump(): void {
    const items = this.#items;
    if (items === undefined || this.#isAsking || this.#isCalling) return;
    while (!this.answered && this.#sending.hasRoom) {
      let result: IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
      this.#isCalling = true;
      try {
        result = this.#within(() => items.next());
      } catch (error) {
        this.#isCalling = false;
        return this.#failed(error);
      }
      this.#isCalling = false;
      if (isPromise(result)) {
        this.#isAsking = true;
        result.then(this.#onItem, this.#onError);
        break;
      }
      this.#take(result);
    }
    if (this.answered) this.#close();
  }

  /** A generator goes on in the context of whoever asks it, which is mostly the other side's credit. */
  #within<Result>(work: () => Result): Result {
    return this.arriving === undefined ? work() : this.arriving.run(work);
  }

  /** The handler threw. After the answer its error has nobody to go to: the handler was told that it is over. */
  #failed(error: unknown): void {
    this.#ended(error);
    if (!this.answered) this.#answer(this.#errorFrame(error));
    this.#done();
  }

  /** The stream ends before its handler has ended. */
  #break(error: ElpisError, frame?: Buffer): void {
    if (this.answered) return;
    this.#ended(error);
    this.#receiving.stop(error);
    this.#answer(frame ?? this.#errorFrame(error));
    this.abort();
    this.#close();
  }

  #answer(frame: Buffer): void {
    this.answered = true;
    this.#port.send(frame);
    this.#options.onAnswered(this.correlation);
    this.#sending.stop();
    this.#receiving.stop();
  }

  /** What follows it hears of its end once; what is cleaned up then belongs to it all the same. */
  #ended(error?: unknown): void {
    const { arriving } = this;
    this.finish(error);
    this.arriving = arriving && { run: (work) => arriving.run(work) };
  }

  /** Lets the handler's iterator clean up. */
  #close(): void {
    const items = this.#items;
    // In the midst of its own `next` it cannot be closed; `#pump` comes back to it.
    if (items === undefined || this.#isCalling) return;
    this.#items = undefined;
    try {
      const closed: unknown = this.#within(() => items.return?.());
      if (!isPromise(closed)) return this.#done();
      closed.then(
        () => this.#done(),
        (error: unknown) => this.#notClosed(error),
      );
    } catch (error) {
      this.#notClosed(error);
    }
  }

  #notClosed(error: unknown): void {
    this.#options.log.error(`a stream of "${this.topic}" failed as it was closed`, {
      error: errorToData(error, true),
    });
    this.#done();
  }

  #done(): void {
    const onDone = this.#onDone;
    this.#items = undefined;
    this.#onDone = undefined;
    onDone?.();
  }

  #errorFrame(error: unknown): Buffer {
    return errorFrame(ITEMS, this.correlation, error, this.#port.maxFrameBytes);
  }

  get #name(): { topic: string; timeoutMs: number } {
    return { topic: this.topic, timeoutMs: 0 };
  }
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
function iterate(given: unknown): Items {
  const items = given as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const iterator = items?.[Symbol.asyncIterator]?.() ?? items?.[Symbol.iterator]?.();
  if (iterator !== undefined) return iterator;
  throw badArgument("what a stream is served with", "something to iterate over", given);
}
