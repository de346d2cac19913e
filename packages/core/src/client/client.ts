import {
  type CallOptions,
  type Client,
  type ElpisError,
  type EmitOptions,
  type EventListener,
  errorToData,
  type HandleOptions,
  type Location,
  type Logger,
  type MapAnswers,
  matches,
  type Off,
  type PeerChange,
  type PeerInfo,
  type RequestHandler,
  type Selector,
} from "@elpis/api";
import {
  BodyCodec,
  bodyEnd,
  bodyStart,
  codeOf,
  correlationOf,
  emptyFrame,
  Fault,
  Flag,
  flagsOf,
  Kind,
  kindOf,
  readGoodbye,
  readLocation,
  readTopic,
  setCorrelation,
  setFlags,
  sizeOf,
  sourceOf,
  topicOf,
} from "@elpis/protocol";
import { badArgument, badPayload, cancelled, hubClosed, overloaded, tooLarge } from "../errors.ts";
import type { Link } from "../wire/link.ts";
import { Outbox } from "../wire/outbox.ts";
import { OwnCalls } from "./calls.ts";
import { Drained } from "./drained.ts";
import { faultError } from "./faults.ts";
import { PeerBook } from "./peer-book.ts";
import { Routes, soleId } from "./routes.ts";
import { Services } from "./services.ts";
import { MapWaiter, OneWaiter, type Waiter } from "./waiters.ts";

const DEFAULT_TIMEOUT_MS = 5000;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Above this much waiting to leave, `emit` asks its caller to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** How long what was sent may take to leave when this peer closes, in milliseconds. */
const FAREWELL_MS = 1000;
/** How long until the list of peers is asked for again when it could not be had, in milliseconds. */
const WATCH_RETRY_MS = 100;
const DONE: Promise<void> = Promise.resolve();

/** What the handshake has settled. */
export interface Session {
  readonly link: Link;
  readonly location: Location;
  readonly maxFrameBytes: number;
  readonly maxCalls: number;
  readonly log: Logger;
}

/** The one implementation of {@link Client}; untyped inside, typed by the interface. */
export class HubClient implements Client {
  readonly location: Location;
  readonly closed: Promise<ElpisError | undefined>;
  readonly maxFrameBytes: number;
  readonly #link: Link;
  readonly #log: Logger;
  readonly #outbox: Outbox;
  readonly #codec = new BodyCodec();
  readonly #routes: Routes;
  readonly #calls: OwnCalls;
  readonly #services: Services;
  readonly #book: PeerBook;
  #resolveClosed: (cause: ElpisError | undefined) => void = () => {};
  #end: ElpisError | undefined;
  #goodbye: ElpisError | undefined;
  #isLeaving = false;
  #isWatching = false;
  readonly #drained = new Drained();

  constructor({ link, location, maxFrameBytes, maxCalls, log }: Session) {
    this.location = location;
    this.maxFrameBytes = maxFrameBytes;
    this.#link = link;
    this.#log = log;
    this.#outbox = new Outbox(link);
    this.#book = new PeerBook((error) => {
      log.error("a watcher of peers failed", { error: errorToData(error, true) });
    });
    this.#calls = new OwnCalls(maxCalls);
    this.#routes = new Routes(this.#codec, (frame) => this.send(frame));
    this.#services = new Services(this, this.#codec, log);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    link.onDrain(() => this.#drained.done());
  }

  /** Requests of others that this process works on. */
  get openRequests(): number {
    return this.#services.openRequests;
  }

  on(topic: string, listener: EventListener<unknown>): Off {
    return this.#services.on(topic, listener);
  }

  handle(topic: string, run: RequestHandler<unknown, unknown>, options?: HandleOptions): Off {
    return this.#services.handle(topic, run, options);
  }

  emit(topic: string, payload: unknown, options?: EmitOptions): Promise<void> {
    try {
      this.#checkOpen();
      const to = options?.to;
      const target = soleId(to);
      const route = this.#routes.number(topic, target === 0 ? to : undefined);
      const frame = this.#codec.frame(payload, Kind.event, route, 0, target, 0);
      this.#checkSize(frame, { topic, timeoutMs: 0 });
      this.#outbox.pushFresh(frame);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#outbox.queuedBytes > HIGH_WATER_BYTES ? this.#drained.wait() : DONE;
  }

  request(topic: string, input: unknown, options?: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiter = new OneWaiter(topic, timeoutOf(options), resolve, reject);
      this.#ask(Kind.request, waiter, input, options);
    });
  }

  async consume(topic: string, payload: unknown, options?: CallOptions): Promise<void> {
    await new Promise((resolve, reject) => {
      const waiter = new OneWaiter(topic, timeoutOf(options), resolve, reject);
      this.#ask(Kind.consume, waiter, payload, options);
    });
  }

  map(topic: string, input: unknown, options?: CallOptions): Promise<MapAnswers<unknown>> {
    return new Promise((resolve, reject) => {
      const waiter = new MapWaiter(topic, timeoutOf(options), resolve, reject);
      this.#ask(Kind.map, waiter, input, options);
    });
  }

  async peers(selector?: Selector): Promise<PeerInfo[]> {
    const peers = await this.#listPeers(0);
    return peers.filter((peer) => matches(selector, peer));
  }

  watchPeers(listener: (change: PeerChange) => void, selector?: Selector): Off {
    const off = this.#book.watch(listener, selector);
    this.#watch();
    return off;
  }

  setReady(ready: boolean): void {
    const frame = emptyFrame(Kind.state);
    setFlags(frame, 0, ready ? Flag.ready : 0);
    this.send(frame);
  }

  async close(): Promise<void> {
    if (!this.#isLeaving && this.#end === undefined) {
      this.#isLeaving = true;
      this.#calls.giveUp(hubClosed("this peer left"));
      this.#outbox.push(emptyFrame(Kind.goodbye));
      this.#outbox.flush();
      this.#link.end();
      // A hub that does not read must not keep us.
      const timer = setTimeout(() => this.#link.destroy(), FAREWELL_MS);
      await this.closed;
      clearTimeout(timer);
    }
    await this.closed;
  }

  /** Sends a frame that this client has just made. */
  send(frame: Buffer): void {
    if (this.#end === undefined && !this.#isLeaving) this.#outbox.pushFresh(frame);
  }

  /** Takes whole frames from the hub. */
  frames(chunk: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at += sizeOf(chunk, at)) this.#frame(chunk, at);
  }

  /** The link has ended. */
  ended(cause: unknown): void {
    if (this.#end !== undefined) return;
    this.#end =
      this.#goodbye ??
      hubClosed(this.#isLeaving ? "this peer left" : "the link broke", undefined, cause);
    this.#calls.giveUp(this.#end);
    this.#services.abortAll();
    this.#drained.fail(this.#end);
    this.#resolveClosed(this.#isLeaving ? undefined : this.#end);
  }

  #ask(kind: Kind, waiter: Waiter, value: unknown, options: CallOptions | undefined): void {
    let correlation: number | undefined;
    try {
      this.#checkOpen();
      if (options?.signal?.aborted === true) throw cancelled(waiter, options.signal.reason);
      const to = options?.to;
      const target = soleId(to);
      const route = this.#routes.number(waiter.topic, target === 0 ? to : undefined);
      const frame = this.#codec.frame(value, kind, route, 0, target, waiter.timeoutMs);
      this.#checkSize(frame, waiter);
      correlation = this.#calls.begin(waiter);
      if (correlation === undefined) throw overloaded(waiter, this.location);
      setCorrelation(frame, 0, correlation);
      this.#outbox.pushFresh(frame);
    } catch (error) {
      waiter.give(error as ElpisError);
      return;
    }
    if (options?.signal !== undefined) this.#cancelWith(options.signal, waiter, correlation);
  }

  #cancelWith(signal: AbortSignal, waiter: Waiter, correlation: number): void {
    const onAbort = (): void => {
      if (this.#calls.waiting(correlation) !== waiter) return;
      waiter.give(cancelled(waiter, signal.reason));
      this.send(emptyFrame(Kind.cancel, 0, correlation));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    waiter.onFree = () => signal.removeEventListener("abort", onAbort);
  }

  #frame(chunk: Buffer, at: number): void {
    switch (kindOf(chunk, at)) {
      case Kind.reply:
        return this.#onReply(chunk, at);
      case Kind.request:
        return this.#services.request(chunk, at, this.#from(chunk, at));
      case Kind.event:
        return this.#onEvent(chunk, at);
      case Kind.fault:
        return this.#onFault(chunk, at);
      case Kind.consume:
        return this.#services.consume(chunk, at, this.#from(chunk, at));
      case Kind.cancel:
        return this.#services.cancel(correlationOf(chunk, at));
      default:
        return this.#onControl(chunk, at);
    }
  }

  #onControl(chunk: Buffer, at: number): void {
    switch (kindOf(chunk, at)) {
      case Kind.topic:
        return this.#services.named(topicOf(chunk, at), readTopic(this.#body(chunk, at)));
      case Kind.peer: {
        const ready = (flagsOf(chunk, at) & Flag.ready) !== 0;
        return this.#book.put(readLocation(this.#body(chunk, at)), ready);
      }
      case Kind.peerGone:
        return this.#book.remove(sourceOf(chunk, at));
      case Kind.mapPlan:
        return this.#onPlan(chunk, at);
      case Kind.ping:
        return this.send(emptyFrame(Kind.pong, 0, correlationOf(chunk, at)));
      case Kind.goodbye: {
        const { code, reason } = readGoodbye(this.#body(chunk, at));
        this.#goodbye = hubClosed(reason, code);
        return;
      }
      default:
      // A newer hub may say more than this client knows.
    }
  }

  #onEvent(chunk: Buffer, at: number): void {
    try {
      this.#services.event(chunk, at, this.#from(chunk, at));
    } catch (error) {
      this.#log.error("an event could not be read", { error: String(error) });
    }
  }

  #onReply(chunk: Buffer, at: number): void {
    const correlation = correlationOf(chunk, at);
    const waiter = this.#calls.waiting(correlation);
    if (waiter === undefined) return;
    try {
      waiter.answer(this.#body(chunk, at), this.#book.find(sourceOf(chunk, at)));
    } catch (cause) {
      waiter.fail(badPayload(waiter, cause), this.#book.find(sourceOf(chunk, at)));
    }
    this.#calls.heard(correlation, waiter);
  }

  #onFault(chunk: Buffer, at: number): void {
    const correlation = correlationOf(chunk, at);
    const waiter = this.#calls.waiting(correlation);
    if (waiter === undefined) return;
    const from = this.#book.find(sourceOf(chunk, at));
    waiter.fail(this.#faultOf(chunk, at, waiter, from), from);
    this.#calls.heard(correlation, waiter);
  }

  #faultOf(chunk: Buffer, at: number, waiter: Waiter, from: Location | undefined): ElpisError {
    const code = codeOf(chunk, at);
    try {
      const body = code === Fault.remote ? this.#body(chunk, at) : undefined;
      return faultError(code, body, waiter, from);
    } catch (cause) {
      return badPayload(waiter, cause);
    }
  }

  #onPlan(chunk: Buffer, at: number): void {
    const correlation = correlationOf(chunk, at);
    const waiter = this.#calls.waiting(correlation);
    if (!(waiter instanceof MapWaiter)) return;
    const peers: Location[] = [];
    const end = bodyEnd(chunk, at);
    for (let id = bodyStart(chunk, at); id < end; id += 4) {
      peers.push(this.#peer(chunk.readUInt32LE(id)));
    }
    waiter.plan(peers);
    this.#calls.release(correlation, waiter);
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#listPeers(Flag.watch).catch(() => {
      this.#isWatching = false;
      // Whoever watches learns from `closed` that the link has ended; anything else passes.
      if (this.#end === undefined) setTimeout(() => this.#watch(), WATCH_RETRY_MS).unref();
    });
  }

  #listPeers(flags: number): Promise<PeerInfo[]> {
    return new Promise((resolve, reject) => {
      const done = (peers: unknown): void => {
        if (flags === Flag.watch) this.#book.begin(peers as PeerInfo[]);
        resolve(peers as PeerInfo[]);
      };
      const waiter = new OneWaiter("elpis.peers", DEFAULT_TIMEOUT_MS, done, reject);
      const correlation = this.#end === undefined ? this.#calls.begin(waiter) : undefined;
      if (correlation === undefined) return reject(this.#end ?? overloaded(waiter, this.location));
      const frame = emptyFrame(Kind.peers, 0, correlation);
      setFlags(frame, 0, flags);
      this.send(frame);
    });
  }

  #from(chunk: Buffer, at: number): Location {
    return this.#peer(sourceOf(chunk, at));
  }

  /** A hub introduces everybody before it names them; one that did not is shown for what it is. */
  #peer(id: number): Location {
    const { app } = this.location;
    return (
      this.#book.find(id) ?? { id, app, role: "peer", name: "unknown", index: 0, pid: 0, epoch: 0 }
    );
  }

  #body(chunk: Buffer, at: number): unknown {
    return this.#codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
  }

  #checkOpen(): void {
    if (this.#end !== undefined) throw this.#end;
    if (this.#isLeaving) throw hubClosed("this peer left");
  }

  #checkSize(frame: Buffer, call: { topic: string; timeoutMs: number }): void {
    if (frame.length > this.maxFrameBytes) throw tooLarge(call, frame.length, this.maxFrameBytes);
  }
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
function timeoutOf(options: CallOptions | undefined): number {
  const timeoutMs = options?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (!(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw badArgument("timeoutMs", `milliseconds from 1 to ${MAX_TIMEOUT_MS}`, timeoutMs);
  }
  return Math.ceil(timeoutMs);
}
