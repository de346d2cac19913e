import type { CallOptions, ElpisError, Location, Logger, PeerInfo, Selector } from "@elpis/api";
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
  frameAround,
  Kind,
  LANE_MESSAGES,
  setCorrelation,
  setExtension,
  setFlags,
  sourceOf,
  type Welcome,
  writeHeader,
} from "@elpis/protocol";
import { cancelled, hubClosed, overloaded, tooLarge } from "../errors.ts";
import type { Link } from "../wire/link.ts";
import { Outbox } from "../wire/outbox.ts";
import { DEFAULT_TIMEOUT_MS, hashOf, waits } from "./call-options.ts";
import { OwnCalls } from "./calls.ts";
import { Drained } from "./drained.ts";
import { Inbound } from "./inbound.ts";
import { Lanes } from "./lanes.ts";
import type { PeerBook } from "./peer-book.ts";
import { readPeers } from "./peer-list.ts";
import { Records } from "./records.ts";
import { Routes, soleId } from "./routes.ts";
import type { Services } from "./services.ts";
import { OpenedStream } from "./stream-call.ts";
import { OneWaiter, type Waiter } from "./waiters.ts";

/** Above this much waiting to leave, `emit` asks its caller to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** How long what was sent may take to leave when this peer closes, in milliseconds. */
const FAREWELL_MS = 1000;
/** How often a call goes on to another peer because the one that was picked does not handle it any more. */
const MAX_REPEATS = 8;
/** So many events to single peers leave at once, within one turn. */
const LANE_FLUSH = LANE_MESSAGES / 2;
const DONE: Promise<void> = Promise.resolve();

/** What lasts longer than a connection. */
export interface SessionHost {
  readonly log: Logger;
  readonly services: Services;
  readonly book: PeerBook;
  /** The connection has ended. Returns what calls under way fail with. */
  lost(session: Session, cause: ElpisError): ElpisError;
  /** Events of this peer did not reach `to`. */
  dropped(topic: string, to: Location, count: number): void;
}

/** A call, or an event that is reported on, that was packed and may be sent later, or again. */
export interface PackedCall {
  readonly kind: Kind;
  readonly flags: number;
  /** Its body, behind room for a header. Copied before it is sent. */
  readonly frame: Buffer;
  /** What travels with it, between header and body. */
  readonly extension: Uint8Array | undefined;
  readonly options: Pick<CallOptions, "to" | "balance" | "signal"> | undefined;
}

/** One connection to the hub, from welcome to its end. */
export class Session {
  readonly location: Location;
  readonly maxFrameBytes: number;
  /** Names this run of the hub, where it does so. */
  readonly run: string | undefined;
  readonly codec: BodyCodec = new BodyCodec();
  readonly routes: Routes;
  readonly calls: OwnCalls;
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #host: SessionHost;
  readonly #inbound: Inbound;
  readonly #records: Records;
  #lanes: Lanes | undefined;
  #laneEvents = 0;
  #drained: Drained | undefined;
  #end: ElpisError | undefined;
  #goodbye: ElpisError | undefined;
  #isLeaving = false;
  #farewell: NodeJS.Timeout | undefined;

  constructor(link: Link, welcome: Welcome, host: SessionHost) {
    this.location = welcome.location;
    this.maxFrameBytes = welcome.maxFrameBytes;
    this.run = welcome.run;
    this.#link = link;
    this.#host = host;
    this.#outbox = new Outbox(link);
    this.calls = new OwnCalls(welcome.maxCalls, (correlation) =>
      this.send(emptyFrame(Kind.cancel, 0, correlation)),
    );
    this.routes = new Routes(this.codec, (frame) => this.send(frame));
    this.#records = new Records(this.codec, (frame) => this.send(frame));
    this.#inbound = new Inbound(this, host);
  }

  /** Sends a frame that was just made with this session's codec. */
  send(frame: Buffer): void {
    if (this.#end === undefined && !this.#isLeaving) this.#outbox.pushFresh(frame);
  }

  /**
   * Asks; `waiter` gets the answer, or whatever keeps the call from being sent.
   * @returns the correlation, or undefined when nothing was sent
   */
  ask(
    kind: Kind,
    waiter: Waiter,
    value: unknown,
    options?: CallOptions,
    extension?: Uint8Array,
  ): number | undefined {
    try {
      this.#checkOpen();
      const to = options?.to;
      const id = soleId(to);
      const balance = id === 0 ? options?.balance : undefined;
      const route = this.routes.number(waiter.topic, id === 0 ? to : undefined, balance);
      const target = typeof balance === "object" ? hashOf(balance.hash) : id;
      const frame = this.#packCall(value, kind, route, target, waiter.timeoutMs, extension);
      const flags = Flag.readsRecords | (waits(options) ? Flag.wait : 0);
      setFlags(frame, 0, flagsOf(frame, 0) | flags);
      if (kind !== Kind.open) {
        waiter.asked = { kind, route, target, flags, extension, repeats: 0 };
      }
      return this.#launch(frame, waiter, options?.signal, waiter.timeoutMs);
    } catch (error) {
      waiter.give(error as ElpisError);
      return undefined;
    }
  }

  /** A reply; with records, for a caller that reads them. @throws ELPIS_PROTOCOL_NOT_PACKABLE */
  packReply(value: unknown, correlation: number, withRecords: boolean): Buffer {
    if (!withRecords) return this.codec.frame(value, Kind.reply, 0, correlation, 0, 0);
    const frame = this.codec.frameWithRecords(value, Kind.reply, 0, correlation, 0, 0);
    this.#records.declare();
    return frame;
  }

  /** The value of a frame that came from `source`. @throws ELPIS_PROTOCOL_BAD_BODY */
  unpack(chunk: Buffer, at: number): unknown {
    const start = bodyStart(chunk, at);
    const end = bodyEnd(chunk, at);
    if ((flagsOf(chunk, at) & Flag.records) === 0) return this.codec.unpack(chunk, start, end);
    const reader = this.#records.of(sourceOf(chunk, at));
    return this.codec.unpackWithRecords(chunk, start, end, reader);
  }

  /** The hub tells of a peer. */
  learnPeer(id: number, readsRecords: boolean): void {
    this.#records.note(id, readsRecords);
  }

  /** A peer has declared a record. */
  learnRecord(source: number, keys: readonly string[]): void {
    this.#records.learn(source, keys);
  }

  /** Sends a call that was packed before, with `timeoutMs` left of its time. */
  again(call: PackedCall, waiter: Waiter, timeoutMs: number): void {
    const { kind, flags, extension, options } = call;
    try {
      this.#checkOpen();
      const to = options?.to;
      const id = soleId(to);
      const balance = id === 0 ? options?.balance : undefined;
      const route = this.routes.number(waiter.topic, id === 0 ? to : undefined, balance);
      const target = typeof balance === "object" ? hashOf(balance.hash) : id;
      // Whoever has the first frame may still write to it.
      const frame = Buffer.from(call.frame);
      writeHeader(frame, 0, frame.length, kind, route, 0, target, timeoutMs);
      if (extension !== undefined) setExtension(frame, 0, extension.length);
      setFlags(frame, 0, flags);
      if (kind !== Kind.event && kind !== Kind.open) {
        waiter.asked = { kind, route, target, flags, extension, repeats: 0 };
      }
      this.#launch(frame, waiter, options?.signal, timeoutMs);
      if (kind === Kind.event && id !== 0) void this.#lane(id, frame.length);
    } catch (error) {
      waiter.give(error as ElpisError);
    }
  }

  /**
   * Makes a call again whose body came back in the frame at `at`, because nobody had begun with it. False when that may not be:
   * it then has failed.
   */
  repeat(chunk: Buffer, at: number, { asked, topic }: Waiter): boolean {
    if (asked === undefined || asked.repeats++ >= MAX_REPEATS) return false;
    // One of those that were asked with a map has no answer; the others have theirs.
    if (asked.kind === Kind.map && codeOf(chunk, at) !== Fault.plain) return false;
    if (this.routes.topicOf(asked.route) !== topic) return false;
    const correlation = correlationOf(chunk, at);
    const remaining = this.calls.remaining(correlation);
    const { kind, route, target, flags, extension } = asked;
    let frame: Buffer;
    let withRecords = flagsOf(chunk, at) & Flag.records;
    if (codeOf(chunk, at) === Fault.plain && withRecords !== 0) {
      const value = this.#records.unpackOwn(chunk, at);
      frame = this.codec.frame(value, kind, route, correlation, target, remaining, extension);
      this.#records.avoid(route);
      withRecords = 0;
    } else {
      const body = chunk.subarray(bodyStart(chunk, at), bodyEnd(chunk, at));
      frame = frameAround(body, kind, route, correlation, target, remaining, extension);
    }
    setFlags(frame, 0, flags | withRecords);
    this.#outbox.push(frame);
    return true;
  }

  /** Sends an event. @throws what keeps it from being sent */
  emit(
    topic: string,
    payload: unknown,
    to: Selector | undefined,
    extension?: Uint8Array,
  ): Promise<void> {
    this.#checkOpen();
    const target = soleId(to);
    const route = this.routes.number(topic, target === 0 ? to : undefined);
    const frame = this.#packEvent(payload, route, target, extension);
    if (frame.length > this.maxFrameBytes) {
      throw tooLarge({ topic, timeoutMs: 0 }, frame.length, this.maxFrameBytes);
    }
    this.#outbox.pushFresh(frame);
    const room = target === 0 ? undefined : this.#lane(target, frame.length);
    return room ?? this.#room();
  }

  /** Resolves when more events may be sent to the peers that `to` means. */
  room(to: Selector | undefined): Promise<void> {
    const target = soleId(to);
    return (target === 0 ? undefined : this.#lanes?.room(target)) ?? this.#room();
  }

  /** The peers of the hub. @param flags `Flag.watch`: changes follow, and the book of peers is kept whole */
  listPeers(flags: number, onList: (peers: PeerInfo[]) => void): Promise<PeerInfo[]> {
    return new Promise((resolve, reject) => {
      const done = (body: unknown): void => {
        const peers = readPeers(body);
        onList(peers);
        resolve(peers);
      };
      const waiter = new OneWaiter("elpis.peers", DEFAULT_TIMEOUT_MS, done, reject);
      const frame = emptyFrame(Kind.peers);
      setFlags(frame, 0, flags);
      try {
        this.#checkOpen();
        this.#launch(frame, waiter, undefined, DEFAULT_TIMEOUT_MS);
      } catch (error) {
        reject(error);
      }
    });
  }

  /** Says goodbye and closes. The host hears of the end. */
  leave(): void {
    if (this.#isLeaving || this.#end !== undefined) return;
    this.#isLeaving = true;
    this.calls.giveUp(hubClosed("this peer left"));
    this.#outbox.push(emptyFrame(Kind.goodbye));
    this.#outbox.flushAll();
    this.#link.end();
    // A hub that does not read must not keep us.
    this.#farewell = setTimeout(() => this.#link.destroy(), FAREWELL_MS);
  }

  /** Takes whole frames from the hub. */
  frames(chunk: Buffer, from: number, to: number): void {
    this.#inbound.frames(chunk, from, to);
  }

  /** The hub lets so many more events go to one peer. */
  credit(target: number, messages: number, bytes: number): void {
    this.#lanes?.credit(target, messages, bytes);
  }

  /** A peer is not there any more. */
  gone(target: number): void {
    this.#lanes?.gone(target);
    this.#records.forget(target);
  }

  /** The hub wants to know whether this peer is alive: that overtakes what waits. */
  pong(correlation: number): void {
    this.#outbox.pushUrgent(emptyFrame(Kind.pong, 0, correlation));
  }

  /** The hub has said why it will close. */
  toldGoodbye(why: ElpisError): void {
    this.#goodbye = why;
  }

  /** The link has ended. */
  ended(cause: unknown): void {
    if (this.#end !== undefined) return;
    clearTimeout(this.#farewell);
    const reason = this.#isLeaving ? "this peer left" : "the link broke";
    this.#end = this.#goodbye ?? hubClosed(reason, undefined, cause);
    this.#end = this.#host.lost(this, this.#end);
    this.calls.giveUp(this.#end);
    this.#lanes?.fail(this.#end);
    this.#drained?.fail(this.#end);
  }

  #packEvent(
    payload: unknown,
    route: number,
    target: number,
    extension: Uint8Array | undefined,
  ): Buffer {
    if (target === 0 || !this.#records.areReadBy(target)) {
      return this.codec.frame(payload, Kind.event, route, 0, target, 0, extension);
    }
    const frame = this.codec.frameWithRecords(payload, Kind.event, route, 0, target, 0, extension);
    this.#records.declare();
    return frame;
  }

  #packCall(
    value: unknown,
    kind: Kind,
    route: number,
    target: number,
    ms: number,
    extension: Uint8Array | undefined,
  ): Buffer {
    if (kind === Kind.open || this.#records.avoids(route)) {
      return this.codec.frame(value, kind, route, 0, target, ms, extension);
    }
    const frame = this.codec.frameWithRecords(value, kind, route, 0, target, ms, extension);
    this.#records.declare();
    return frame;
  }

  /** @throws ELPIS_HUB_TOO_LARGE, ELPIS_HUB_OVERLOADED, ELPIS_HUB_CANCELLED */
  #launch(
    frame: Buffer,
    waiter: Waiter,
    signal: AbortSignal | undefined,
    timeoutMs: number,
  ): number {
    if (signal?.aborted === true) throw cancelled(waiter, signal.reason);
    if (frame.length > this.maxFrameBytes) {
      throw tooLarge(waiter, frame.length, this.maxFrameBytes);
    }
    const correlation = this.calls.begin(waiter, timeoutMs);
    if (correlation === undefined) throw overloaded(waiter, this.location);
    setCorrelation(frame, 0, correlation);
    this.#outbox.pushFresh(frame);
    if (waiter instanceof OpenedStream) waiter.opened(correlation, this);
    if (signal !== undefined) this.#cancelWith(signal, waiter, correlation);
    return correlation;
  }

  #cancelWith(signal: AbortSignal, waiter: Waiter, correlation: number): void {
    const onAbort = (): void => {
      if (this.calls.waiting(correlation) !== waiter) return;
      waiter.give(cancelled(waiter, signal.reason));
      this.send(emptyFrame(Kind.cancel, 0, correlation));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    waiter.onFree = () => signal.removeEventListener("abort", onAbort);
  }

  #lane(target: number, bytes: number): Promise<void> | undefined {
    this.#lanes ??= new Lanes();
    const room = this.#lanes.spend(target, bytes);
    // Whoever sends without a pause would only be heard when the lane is used up, and then wait for the hub.
    if (++this.#laneEvents % LANE_FLUSH === 0) this.#outbox.flush();
    return room;
  }

  #room(): Promise<void> {
    if (this.#outbox.queuedBytes <= HIGH_WATER_BYTES) return DONE;
    if (this.#drained === undefined) {
      const drained = new Drained();
      this.#drained = drained;
      this.#outbox.onDrain = () => drained.done();
    }
    return this.#drained.wait();
  }

  #checkOpen(): void {
    if (this.#end !== undefined) throw this.#end;
    if (this.#isLeaving) throw hubClosed("this peer left");
  }
}
