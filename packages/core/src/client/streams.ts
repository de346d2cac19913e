import type {
  Arriving,
  ElpisError,
  Location,
  Logger,
  ServeOptions,
  StreamHandler,
} from "@elpis/api";
import {
  bodyEnd,
  bodyStart,
  correlationOf,
  Fault,
  Flag,
  flagsOf,
  Kind,
  kindOf,
  remainingOf,
} from "@elpis/protocol";
import { overloaded } from "../errors.ts";
import { faultFrame } from "./answers.ts";
import { type Checks, refusing } from "./checks.ts";
import { Handler } from "./handler.ts";
import { OpenedStream } from "./stream-call.ts";
import { checkWindow, ITEMS, type StreamPort } from "./stream-frames.ts";
import { ServedStream } from "./stream-served.ts";
import type { Waiter } from "./waiters.ts";

/** A handler of streams. It takes its place among the handlers of requests, and its turns are those of one. */
export class StreamServer extends Handler {
  readonly window: number;

  /** @throws ELPIS_HUB_BAD_ARGUMENT */
  constructor(serve: StreamHandler<unknown, unknown, unknown>, options?: ServeOptions) {
    super((input, context) => serve(input, context as ServedStream), options);
    this.window = checkWindow(options?.window);
  }
}

/** What a stream is opened with besides its frame. */
interface OpeningStream {
  readonly from: Location;
  /** The connection that it came over. */
  readonly port: StreamPort;
  readonly checks: Checks | undefined;
  /** Who follows it. */
  readonly arriving: Arriving | undefined;
}

/** The streams of one client: those that others opened here, and the frames of those that were opened from here. */
export class Streams {
  readonly #log: Logger;
  readonly #served = new Map<number, { stream: ServedStream; server: StreamServer }>();
  readonly #onAnswered = (correlation: number): void => {
    this.#served.delete(correlation);
  };
  #stray = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Streams of others that this peer works on. */
  get size(): number {
    return this.#served.size;
  }

  /** Frames that came for a stream that was over. */
  get stray(): number {
    return this.#stray;
  }

  /**
   * Another peer opens a stream.
   * @param service what this one does for the topic
   */
  open(
    service: { readonly topic: string; readonly handler: Handler | undefined } | undefined,
    chunk: Buffer,
    at: number,
    { from, port, checks, arriving }: OpeningStream,
  ): void {
    const correlation = correlationOf(chunk, at);
    const refuse = (fault: Fault, error?: ElpisError): void => {
      arriving?.ended?.(error);
      port.send(faultFrame(correlation, fault));
    };
    const server = service?.handler;
    if (service === undefined || !(server instanceof StreamServer))
      return refuse(Fault.noResponder);
    let input: unknown;
    try {
      input = ITEMS.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
    } catch (error) {
      return refuse(Fault.badPayload, error as ElpisError);
    }
    const remaining = remainingOf(chunk, at);
    const deadline = remaining === 0 ? Number.POSITIVE_INFINITY : performance.now() + remaining;
    const { topic } = service;
    const { window } = server;
    const log = this.#log;
    const onAnswered = this.#onAnswered;
    const options = { topic, from, deadline, correlation, window, port, log, checks, onAnswered };
    const stream = new ServedStream(options);
    stream.arriving = arriving;
    // Credit may come while it waits for its turn.
    this.#served.set(correlation, { stream, server });
    const serve = (): unknown => {
      if (checks?.has(topic, "input") !== true) return server.run(input, stream);
      const checked = refusing(() => checks.check(topic, "input", input));
      return checked instanceof Promise
        ? checked.then((value) => server.run(value, stream))
        : server.run(checked, stream);
    };
    if (server.admit(stream, () => stream.run(serve, () => server.done()))) return;
    this.#served.delete(correlation);
    refuse(Fault.overloaded, overloaded(stream));
  }

  /**
   * Takes a frame of kind `data`, `end` or `credit`.
   * @param asked finds what this peer waits for
   */
  frame(
    chunk: Buffer,
    at: number,
    asked: { waiting(correlation: number): Waiter | undefined },
  ): void {
    const correlation = correlationOf(chunk, at);
    const isServed = (flagsOf(chunk, at) & Flag.served) !== 0;
    const stream = isServed ? asked.waiting(correlation) : this.#served.get(correlation)?.stream;
    const isStream = stream instanceof OpenedStream || stream instanceof ServedStream;
    const kind = kindOf(chunk, at);
    if (!isStream) this.#stray++;
    else if (kind === Kind.credit) stream.credit(chunk, at);
    else if (kind === Kind.data && !stream.data(chunk, at)) this.#stray++;
    else if (kind === Kind.end && stream instanceof ServedStream) stream.end();
  }

  /** Nobody waits for it any more. Does nothing when it is not a stream that is worked on here. */
  cancel(correlation: number): void {
    const open = this.#served.get(correlation);
    if (open === undefined) return;
    open.server.drop(open.stream);
    open.stream.cancel();
  }

  /** The connection has ended: everybody who still works is told. */
  abortAll(error: ElpisError): void {
    for (const { stream, server } of [...this.#served.values()]) {
      server.drop(stream);
      stream.cancel(error);
    }
  }
}
