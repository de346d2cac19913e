import {
  type EventListener,
  errorToData,
  type HandleOptions,
  type Location,
  type Logger,
  type Off,
  type RequestHandler,
  toText,
} from "@elpis/api";
import {
  type BodyCodec,
  bodyEnd,
  bodyStart,
  correlationOf,
  emptyFrame,
  Fault,
  Flag,
  Kind,
  MAX_LISTENS,
  remainingOf,
  setCode,
  setFlags,
  topicOf,
} from "@elpis/protocol";
import { badArgument, duplicateHandler } from "../errors.ts";
import { Handler } from "./handler.ts";
import { Incoming, IncomingRequest } from "./incoming.ts";
import { checkTopic } from "./routes.ts";

/** What this peer does for one topic. */
interface Service {
  readonly topic: string;
  listeners: readonly EventListener<unknown>[];
  handler: Handler | undefined;
  /** The hub's number for the topic, once it is told. */
  number: number | undefined;
}

/** How services reach the hub. */
export interface ServicePort {
  send(frame: Buffer): void;
  readonly maxFrameBytes: number;
}

/** Runs the listeners and handlers of this peer and sends their answers. Every request is answered exactly once. */
export class Services {
  readonly #port: ServicePort;
  readonly #codec: BodyCodec;
  readonly #log: Logger;
  readonly #byName = new Map<string, Service>();
  /** By the hub's number for the topic. */
  readonly #byNumber: Array<Service | undefined> = [];
  readonly #open = new Map<number, { request: IncomingRequest; handler: Handler | undefined }>();

  constructor(port: ServicePort, codec: BodyCodec, log: Logger) {
    this.#port = port;
    this.#codec = codec;
    this.#log = log;
  }

  /** Requests that are being worked on. */
  get openRequests(): number {
    return this.#open.size;
  }

  on(topic: string, listener: EventListener<unknown>): Off {
    const service = this.#service(topic);
    if (service.listeners.length === 0) this.#checkRoom(service);
    // The same function may be registered twice; each registration ends by itself.
    const entry: EventListener<unknown> = (payload, context) => listener(payload, context);
    service.listeners = [...service.listeners, entry];
    if (service.listeners.length === 1) this.#declare(Kind.listen, topic, 0);
    return () => {
      if (!service.listeners.includes(entry)) return;
      service.listeners = service.listeners.filter((other) => other !== entry);
      if (service.listeners.length === 0) this.#declare(Kind.unlisten, topic, 0);
      this.#tidy(service);
    };
  }

  /** @throws ELPIS_HUB_DUPLICATE_HANDLER, ELPIS_HUB_BAD_ARGUMENT */
  handle(topic: string, run: RequestHandler<unknown, unknown>, options?: HandleOptions): Off {
    const service = this.#service(topic);
    if (service.handler !== undefined) throw duplicateHandler(topic);
    const handler = new Handler(run, options);
    this.#checkRoom(service);
    service.handler = handler;
    this.#declare(Kind.listen, topic, Flag.handler);
    return () => {
      if (service.handler !== handler) return;
      service.handler = undefined;
      this.#declare(Kind.unlisten, topic, Flag.handler);
      this.#tidy(service);
    };
  }

  /** The hub says which number it uses for a topic. */
  named(number: number, topic: string): void {
    const service = this.#byName.get(topic);
    if (service === undefined) return;
    if (service.number !== undefined) this.#byNumber[service.number] = undefined;
    service.number = number;
    this.#byNumber[number] = service;
  }

  event(chunk: Buffer, at: number, from: Location): void {
    const service = this.#byNumber[topicOf(chunk, at)];
    if (service === undefined) return;
    const payload = this.#unpack(chunk, at);
    const context = new Incoming(service.topic, from);
    for (const listener of service.listeners) this.#listen(listener, payload, context);
  }

  request(chunk: Buffer, at: number, from: Location): void {
    const service = this.#byNumber[topicOf(chunk, at)];
    const correlation = correlationOf(chunk, at);
    const handler = service?.handler;
    if (service === undefined || handler === undefined) {
      return this.#fault(correlation, Fault.noResponder);
    }
    const request = this.#incoming(service, chunk, at, from);
    const input = this.#input(chunk, at, correlation);
    if (input === BAD) return;
    const run = (): void => this.#run(request, handler, () => handler.run(input, request));
    if (!handler.admit(request, run)) return this.#fault(correlation, Fault.overloaded);
    if (!request.answered) this.#open.set(correlation, { request, handler });
  }

  consume(chunk: Buffer, at: number, from: Location): void {
    const service = this.#byNumber[topicOf(chunk, at)];
    const correlation = correlationOf(chunk, at);
    const listener = service?.listeners[0];
    if (service === undefined || listener === undefined) {
      return this.#fault(correlation, Fault.noResponder);
    }
    const request = this.#incoming(service, chunk, at, from);
    const payload = this.#input(chunk, at, correlation);
    if (payload === BAD) return;
    this.#run(request, undefined, async () => {
      try {
        await listener(payload, request);
      } catch (error) {
        this.#failed(service.topic, error);
        throw error;
      }
    });
    if (!request.answered) this.#open.set(correlation, { request, handler: undefined });
  }

  /** Nobody waits for the answer: the handler is told, and the hub gets its last word about the call. */
  cancel(correlation: number): void {
    const open = this.#open.get(correlation);
    if (open === undefined) return;
    const { request, handler } = open;
    handler?.drop(request);
    request.abort();
    this.#answer(request, faultFrame(correlation, Fault.cancelled));
  }

  /** The connection has ended: everybody who still works is told. */
  abortAll(): void {
    for (const { request, handler } of this.#open.values()) {
      handler?.drop(request);
      request.abort();
    }
    this.#open.clear();
  }

  /** The hub would end the connection of a peer that listens to more. */
  #checkRoom(service: Service): void {
    let listens = 0;
    if (this.#byName.size > MAX_LISTENS / 2) {
      for (const { listeners, handler } of this.#byName.values()) {
        listens += (listeners.length > 0 ? 1 : 0) + (handler === undefined ? 0 : 1);
      }
    }
    if (listens < MAX_LISTENS) return;
    this.#tidy(service);
    throw badArgument("topic", `at most ${MAX_LISTENS} that are listened to`, service.topic);
  }

  #service(topic: string): Service {
    let service = this.#byName.get(topic);
    if (service === undefined) {
      checkTopic(topic);
      service = { topic, listeners: [], handler: undefined, number: undefined };
      this.#byName.set(topic, service);
    }
    return service;
  }

  /** A topic that nobody here listens to any more is forgotten. */
  #tidy(service: Service): void {
    const { topic, listeners, handler, number } = service;
    if (listeners.length > 0 || handler !== undefined) return;
    if (this.#byName.get(topic) === service) this.#byName.delete(topic);
    if (number !== undefined) this.#byNumber[number] = undefined;
  }

  #incoming(service: Service, chunk: Buffer, at: number, from: Location): IncomingRequest {
    const remaining = remainingOf(chunk, at);
    const deadline = remaining === 0 ? Number.POSITIVE_INFINITY : performance.now() + remaining;
    return new IncomingRequest(service.topic, from, deadline, correlationOf(chunk, at));
  }

  #input(chunk: Buffer, at: number, correlation: number): unknown {
    try {
      return this.#codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
    } catch {
      this.#fault(correlation, Fault.badPayload);
      return BAD;
    }
  }

  #unpack(chunk: Buffer, at: number): unknown {
    return this.#codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
  }

  #listen(listener: EventListener<unknown>, payload: unknown, context: Incoming): void {
    try {
      const result = listener(payload, context);
      if (isPromise(result)) {
        Promise.resolve(result).catch((error) => this.#failed(context.topic, error));
      }
    } catch (error) {
      this.#failed(context.topic, error);
    }
  }

  #failed(topic: string, error: unknown): void {
    this.#log.error(`a listener to "${topic}" failed`, { error: errorToData(error, true) });
  }

  #run(request: IncomingRequest, handler: Handler | undefined, work: () => unknown): void {
    if (performance.now() >= request.deadline) {
      this.#answer(request, faultFrame(request.correlation, Fault.deadline));
      handler?.done();
      return;
    }
    const done = (frame: Buffer): void => {
      this.#answer(request, frame);
      handler?.done();
    };
    try {
      const result = work();
      if (isPromise(result)) {
        Promise.resolve(result).then(
          (value) => done(this.#replyFrame(request, value)),
          (error: unknown) => done(this.#errorFrame(request, error)),
        );
      } else {
        done(this.#replyFrame(request, result));
      }
    } catch (error) {
      done(this.#errorFrame(request, error));
    }
  }

  #answer(request: IncomingRequest, frame: Buffer): void {
    if (request.answered) return;
    request.answered = true;
    this.#open.delete(request.correlation);
    this.#port.send(frame);
  }

  #replyFrame(request: IncomingRequest, value: unknown): Buffer {
    const { correlation } = request;
    if (request.answered) return EMPTY;
    try {
      const frame = this.#codec.frame(value, Kind.reply, 0, correlation, 0, 0);
      return frame.length > this.#port.maxFrameBytes
        ? faultFrame(correlation, Fault.tooLarge)
        : frame;
    } catch (error) {
      return this.#errorFrame(request, error);
    }
  }

  #errorFrame(request: IncomingRequest, error: unknown): Buffer {
    if (request.answered) return EMPTY;
    const { correlation } = request;
    try {
      const frame = this.#codec.frame(errorToData(error), Kind.fault, 0, correlation, 0, 0);
      if (frame.length <= this.#port.maxFrameBytes) return frame;
    } catch {
      // The details of the error cannot be packed: its message can.
    }
    const short = { name: "Error", message: toText(error).slice(0, 1000) };
    return this.#codec.frame(short, Kind.fault, 0, correlation, 0, 0);
  }

  #fault(correlation: number, fault: Fault): void {
    this.#port.send(faultFrame(correlation, fault));
  }

  #declare(kind: Kind, topic: string, flags: number): void {
    const frame = this.#codec.frame(topic, kind, 0, 0, 0, 0);
    setFlags(frame, 0, flags);
    this.#port.send(frame);
  }
}

const BAD = Symbol("bad payload");
const EMPTY = Buffer.alloc(0);

function faultFrame(correlation: number, fault: Fault): Buffer {
  const frame = emptyFrame(Kind.fault, 0, correlation);
  setCode(frame, 0, fault);
  return frame;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    typeof value === "object" &&
    typeof (value as PromiseLike<unknown>).then === "function"
  );
}
