import {
  type Arriving,
  type EventListener,
  errorToData,
  type HandleOptions,
  type HubTracing,
  type ListenOptions,
  type Location,
  type Logger,
  type Off,
  type RequestHandler,
  type ServeOptions,
  type StreamHandler,
} from "@elpis/api";
import { correlationOf, Fault, Flag, flagsOf, Kind, remainingOf, topicOf } from "@elpis/protocol";
import { cancelled, deadlinePassed, hubClosed, overloaded } from "../errors.ts";
import { errorFrame, faultFrame, replyFrame, returnedFrame } from "./answers.ts";
import { type Checks, refusing } from "./checks.ts";
import { extensionIn, messageOf } from "./followed.ts";
import { Handler } from "./handler.ts";
import { InOrder } from "./in-order.ts";
import { Incoming, IncomingRequest } from "./incoming.ts";
import { isPromise } from "./is-promise.ts";
import { Registry, type Service } from "./registry.ts";
import type { Session } from "./session.ts";
import type { StreamPort } from "./stream-frames.ts";
import { StreamServer, Streams } from "./streams.ts";

/** What a listener has thrown. */
interface ListenerFailure {
  readonly error: unknown;
}

/** Events of one topic that may wait for the schema of an earlier one. */
const MAX_UNCHECKED = 1024;
/** Events that cannot be used are written to the log at most so often, in milliseconds. */
const BAD_EVENT_LOG_MS = 1000;

/**
 * Runs the listeners and handlers of this peer and sends their answers. Every request is answered exactly once, on the
 * connection that it came over, or not at all when that has ended.
 */
export class Services {
  /** How payloads are checked; undefined where no schema was ever given. */
  checks: Checks | undefined;
  /** Who follows messages; undefined: nobody. */
  tracing: HubTracing | undefined;
  /** The streams among them. */
  readonly streams: Streams;
  readonly #log: Logger;
  readonly #registry = new Registry();
  readonly #open = new Map<number, { request: IncomingRequest; handler: Handler | undefined }>();
  #session: Session | undefined;
  #inOrder: InOrder | undefined;
  #badEvents = 0;
  #badEventsLogged = 0;
  #badEventLoggedAt = Number.NEGATIVE_INFINITY;

  constructor(log: Logger) {
    this.#log = log;
    this.streams = new Streams(log);
  }

  /** Requests that are being worked on. */
  get openRequests(): number {
    return this.#open.size + this.streams.size;
  }

  /** Events that no listener was told of, because they could not be read or did not pass their schema. */
  get badEvents(): number {
    return this.#badEvents;
  }

  /** There is a connection: everything is declared to the hub at its end. */
  attach(session: Session): void {
    this.#session = session;
    this.#registry.attach(session);
  }

  /** The connection has ended: everybody who still works is told, and no answer leaves over another one. */
  detach(): void {
    this.#session = undefined;
    this.#registry.detach();
    for (const { request, handler } of this.#open.values()) {
      if (handler?.drop(request) === true) request.finish(cancelled(request));
      request.answered = true;
      request.abort();
    }
    this.#open.clear();
    this.streams.abortAll(hubClosed("the link broke"));
  }

  /** Tells the hub now of what has ended in this turn. */
  flush(): void {
    this.#registry.flush();
  }

  on(topic: string, listener: EventListener<unknown>, options?: ListenOptions): Off {
    return this.#registry.on(topic, listener, options);
  }

  /** @throws ELPIS_HUB_DUPLICATE_HANDLER, ELPIS_HUB_BAD_ARGUMENT */
  handle(topic: string, run: RequestHandler<unknown, unknown>, options?: HandleOptions): Off {
    return this.#registry.handle(topic, new Handler(run, options));
  }

  /** @throws ELPIS_HUB_DUPLICATE_HANDLER, ELPIS_HUB_BAD_ARGUMENT */
  serve(
    topic: string,
    serve: StreamHandler<unknown, unknown, unknown>,
    options?: ServeOptions,
  ): Off {
    return this.#registry.handle(topic, new StreamServer(serve, options));
  }

  /** The hub says which number it uses for a topic. */
  named(number: number, topic: string): void {
    this.#registry.named(number, topic);
  }

  event(chunk: Buffer, at: number, from: Location): void {
    const service = this.#registry.find(topicOf(chunk, at));
    if (service === undefined) return;
    let payload: unknown;
    try {
      payload = this.#unpack(chunk, at);
      if (this.checks?.has(service.topic, "payload") === true) {
        payload = this.checks.check(service.topic, "payload", payload);
      }
    } catch (error) {
      return this.#badEvent(service, from, error);
    }
    const arriving = this.#arriving(Kind.event, service, chunk, at, from);
    if (this.#inOrder === undefined && !(payload instanceof Promise)) {
      return this.#tell(service, payload, from, arriving);
    }
    this.#tellInOrder(service, payload, from, arriving);
  }

  request(chunk: Buffer, at: number, from: Location): void {
    const service = this.#registry.find(topicOf(chunk, at));
    const correlation = correlationOf(chunk, at);
    const handler = service?.handler;
    if (service === undefined || handler === undefined) return this.#giveBack(chunk, at);
    if (handler instanceof StreamServer) return this.#fault(correlation, Fault.noResponder);
    const request = this.#incoming(service, chunk, at, from);
    const input = this.#input(chunk, at);
    if (input === BAD) return;
    request.arriving = this.#arriving(Kind.request, service, chunk, at, from, input);
    const run = (): void =>
      this.#run(request, handler, () =>
        this.checks?.covers(service.topic) === true
          ? this.checks.around(service.topic, input, (checked) => handler.run(checked, request))
          : handler.run(input, request),
      );
    if (!handler.admit(request, run)) {
      request.finish(overloaded(request));
      return this.#fault(correlation, Fault.overloaded);
    }
    if (!request.answered) this.#open.set(correlation, { request, handler });
  }

  /** Another peer opens a stream. */
  open(chunk: Buffer, at: number, from: Location, port: StreamPort): void {
    const service = this.#registry.find(topicOf(chunk, at));
    const arriving =
      service?.handler instanceof StreamServer
        ? this.#arriving(Kind.open, service, chunk, at, from)
        : undefined;
    this.streams.open(service, chunk, at, { from, port, checks: this.checks, arriving });
  }

  consume(chunk: Buffer, at: number, from: Location): void {
    const service = this.#registry.find(topicOf(chunk, at));
    const correlation = correlationOf(chunk, at);
    const listening = service?.listeners[0];
    if (service === undefined || listening === undefined) return this.#giveBack(chunk, at);
    const { topic } = service;
    const request = this.#incoming(service, chunk, at, from);
    const payload = this.#input(chunk, at);
    if (payload === BAD) return;
    request.arriving = this.#arriving(Kind.consume, service, chunk, at, from);
    this.#run(request, undefined, async () => {
      const { checks } = this;
      const checked =
        checks === undefined ? payload : refusing(() => checks.check(topic, "payload", payload));
      const value = checked instanceof Promise ? await checked : checked;
      try {
        await listening.listener(value, request);
      } catch (error) {
        this.#failed(topic, error);
        throw error;
      }
    });
    if (!request.answered) this.#open.set(correlation, { request, handler: undefined });
  }

  /** Nobody waits for the answer: the handler is told, and the hub gets its last word about the call. */
  cancel(correlation: number): void {
    const open = this.#open.get(correlation);
    if (open === undefined) return this.streams.cancel(correlation);
    const { request, handler } = open;
    // One that still waited for its turn will never be done.
    if (handler?.drop(request) === true) request.finish(cancelled(request));
    request.abort();
    this.#answer(request, faultFrame(correlation, Fault.cancelled));
  }

  #arriving(
    kind: Kind,
    { topic }: Service,
    chunk: Buffer,
    at: number,
    from: Location,
    input?: unknown,
  ): Arriving | undefined {
    if (this.tracing === undefined) return undefined;
    const message = messageOf(kind, topic, input);
    return message && this.tracing.arriving(message, from, extensionIn(chunk, at));
  }

  #incoming(service: Service, chunk: Buffer, at: number, from: Location): IncomingRequest {
    const remaining = remainingOf(chunk, at);
    const deadline = remaining === 0 ? Number.POSITIVE_INFINITY : performance.now() + remaining;
    const readsRecords = (flagsOf(chunk, at) & Flag.readsRecords) !== 0;
    const correlation = correlationOf(chunk, at);
    return new IncomingRequest(service.topic, from, deadline, correlation, readsRecords);
  }

  #input(chunk: Buffer, at: number): unknown {
    try {
      return this.#unpack(chunk, at);
    } catch {
      this.#fault(correlationOf(chunk, at), Fault.badPayload);
      return BAD;
    }
  }

  #unpack(chunk: Buffer, at: number): unknown {
    return (this.#session as Session).unpack(chunk, at);
  }

  #tell(service: Service, payload: unknown, from: Location, arriving: Arriving | undefined): void {
    const context = new Incoming(service.topic, from);
    if (arriving === undefined) {
      for (const { listener } of service.listeners) void this.#listen(listener, payload, context);
      return;
    }
    const told = arriving.run(() =>
      service.listeners.map(({ listener }) => this.#listen(listener, payload, context)),
    );
    void Promise.all(told).then((all) => arriving.ended?.(all.find((one) => one)?.error));
  }

  /** A schema may take its time; those that come behind do not overtake the event that it looks at. */
  #tellInOrder(
    service: Service,
    payload: unknown,
    from: Location,
    arriving: Arriving | undefined,
  ): void {
    this.#inOrder ??= new InOrder();
    const bad = (error: unknown): void => {
      arriving?.ended?.(error);
      this.#badEvent(service, from, error);
    };
    if (this.#inOrder.waiting(service.topic) >= MAX_UNCHECKED) {
      return bad("too many wait for its schema");
    }
    const told = this.#inOrder.run(service.topic, payload, (value) =>
      this.#tell(service, value, from, arriving),
    );
    if (told instanceof Promise) told.catch(bad);
  }

  /** How the listener has failed, where it has; it may take its time. */
  #listen(
    listener: EventListener<unknown>,
    payload: unknown,
    context: Incoming,
  ): Promise<ListenerFailure | undefined> | ListenerFailure | undefined {
    const fail = (error: unknown): ListenerFailure => {
      this.#failed(context.topic, error);
      return { error };
    };
    try {
      const result = listener(payload, context);
      return isPromise(result) ? Promise.resolve(result).then(() => undefined, fail) : undefined;
    } catch (error) {
      return fail(error);
    }
  }

  #failed(topic: string, error: unknown): void {
    this.#log.error(`a listener to "${topic}" failed`, { error: errorToData(error, true) });
  }

  /** Whoever sends rubbish must not fill the log with it. */
  #badEvent({ topic }: Service, from: Location, error: unknown): void {
    this.#badEvents++;
    const now = performance.now();
    if (now - this.#badEventLoggedAt < BAD_EVENT_LOG_MS) return;
    const count = this.#badEvents - this.#badEventsLogged;
    this.#badEventLoggedAt = now;
    this.#badEventsLogged = this.#badEvents;
    this.#log.error(`events were dropped, the last one of "${topic}"`, {
      count,
      from,
      error: errorToData(error),
    });
  }

  #run(request: IncomingRequest, handler: Handler | undefined, work: () => unknown): void {
    if (performance.now() >= request.deadline) {
      request.finish(deadlinePassed(request));
      this.#answer(request, faultFrame(request.correlation, Fault.deadline));
      handler?.done();
      return;
    }
    const { arriving } = request;
    try {
      const result = arriving === undefined ? work() : arriving.run(work);
      if (isPromise(result)) {
        Promise.resolve(result).then(
          (value) => this.#done(request, handler, value),
          (error: unknown) => this.#broke(request, handler, error),
        );
      } else {
        this.#done(request, handler, result);
      }
    } catch (error) {
      this.#broke(request, handler, error);
    }
  }

  #done(request: IncomingRequest, handler: Handler | undefined, value: unknown): void {
    request.finish();
    const session = this.#session;
    if (!request.answered && session !== undefined) {
      this.#answer(request, replyFrame(session, request, value));
    }
    handler?.done();
  }

  #broke(request: IncomingRequest, handler: Handler | undefined, error: unknown): void {
    request.finish(error);
    const session = this.#session;
    if (!request.answered && session !== undefined) {
      const { codec, maxFrameBytes } = session;
      this.#answer(request, errorFrame(codec, request.correlation, error, maxFrameBytes));
    }
    handler?.done();
  }

  #answer(request: IncomingRequest, frame: Buffer): void {
    if (request.answered) return;
    request.answered = true;
    this.#open.delete(request.correlation);
    this.#session?.send(frame);
  }

  /** A call that was on its way when its handler ended here: another peer may have one. */
  #giveBack(chunk: Buffer, at: number): void {
    this.#session?.send(returnedFrame(chunk, at));
  }

  #fault(correlation: number, fault: Fault): void {
    this.#session?.send(faultFrame(correlation, fault));
  }
}

const BAD = Symbol("bad payload");
