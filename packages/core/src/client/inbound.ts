import type { ElpisError, Location } from "@elpis/api";
import {
  bodyEnd,
  bodyStart,
  codeOf,
  correlationOf,
  Fault,
  Flag,
  flagsOf,
  Kind,
  kindOf,
  readGoodbye,
  readLocation,
  readRecord,
  readTopic,
  remainingOf,
  sizeOf,
  sourceOf,
  topicOf,
} from "@elpis/protocol";
import { badPayload, type CallName, hubClosed } from "../errors.ts";
import { faultFrame } from "./answers.ts";
import type { OwnCalls } from "./calls.ts";
import { faultError } from "./faults.ts";
import type { PeerBook } from "./peer-book.ts";
import type { Services } from "./services.ts";
import type { Session, SessionHost } from "./session.ts";
import { MapWaiter } from "./waiters.ts";

/**
 * Takes what the hub sends over one connection to whom it concerns. A payload that does not read fails its call or is
 * dropped; what the hub itself says and does not read is thrown, and ends the connection.
 */
export class Inbound {
  readonly #session: Session;
  readonly #host: SessionHost;
  readonly #services: Services;
  readonly #book: PeerBook;
  readonly #calls: OwnCalls;
  /** Of the frames that are being read: where calls are cancelled. */
  #cancelled: ReadonlyMap<number, number> | undefined;

  constructor(session: Session, host: SessionHost) {
    this.#session = session;
    this.#host = host;
    this.#services = host.services;
    this.#book = host.book;
    this.#calls = session.calls;
  }

  /** Takes whole frames. @throws ELPIS_PROTOCOL_INVALID */
  frames(chunk: Buffer, from: number, to: number): void {
    // Where this process did not read for a while, a call may be over before it is seen: it is not begun.
    this.#cancelled = cancelledIn(chunk, from, to);
    for (let at = from; at < to; at += sizeOf(chunk, at)) this.#frame(chunk, at);
    this.#cancelled = undefined;
  }

  #frame(chunk: Buffer, at: number): void {
    switch (kindOf(chunk, at)) {
      case Kind.reply:
        return this.#onReply(chunk, at);
      case Kind.request:
        if (this.#isOver(chunk, at)) return;
        return this.#services.request(chunk, at, this.#peer(sourceOf(chunk, at)));
      case Kind.event:
        return this.#services.event(chunk, at, this.#peer(sourceOf(chunk, at)));
      case Kind.fault:
        return this.#onFault(chunk, at);
      case Kind.consume:
        if (this.#isOver(chunk, at)) return;
        return this.#services.consume(chunk, at, this.#peer(sourceOf(chunk, at)));
      case Kind.cancel:
        return this.#services.cancel(correlationOf(chunk, at));
      case Kind.data:
        return this.#onData(chunk, at);
      default:
        return this.#onControl(chunk, at);
    }
  }

  #isOver(chunk: Buffer, at: number): boolean {
    if (this.#cancelled === undefined) return false;
    const correlation = correlationOf(chunk, at);
    // One before the call is about an earlier call with its number.
    if (!((this.#cancelled.get(correlation) ?? 0) > at)) return false;
    this.#session.send(faultFrame(correlation, Fault.cancelled));
    return true;
  }

  #onControl(chunk: Buffer, at: number): void {
    switch (kindOf(chunk, at)) {
      case Kind.topic:
        return this.#services.named(topicOf(chunk, at), readTopic(this.#body(chunk, at)));
      case Kind.peer: {
        const ready = (flagsOf(chunk, at) & Flag.ready) !== 0;
        const location = readLocation(this.#body(chunk, at));
        this.#session.learnPeer(location.id, (flagsOf(chunk, at) & Flag.reads) !== 0);
        return this.#book.put(location, ready);
      }
      case Kind.peerGone:
        this.#session.gone(sourceOf(chunk, at));
        return this.#book.remove(sourceOf(chunk, at));
      case Kind.open:
        if (this.#isOver(chunk, at)) return;
        return this.#services.open(chunk, at, this.#peer(sourceOf(chunk, at)), this.#session);
      case Kind.end:
        return this.#onData(chunk, at);
      case Kind.credit:
        return this.#onCredit(chunk, at);
      case Kind.dropped:
        return this.#onDropped(chunk, at);
      case Kind.mapPlan:
        return this.#onPlan(chunk, at);
      case Kind.record:
        return this.#session.learnRecord(sourceOf(chunk, at), readRecord(this.#body(chunk, at)));
      case Kind.ping:
        return this.#session.pong(correlationOf(chunk, at));
      case Kind.goodbye: {
        const { code, reason } = readGoodbye(this.#body(chunk, at));
        return this.#session.toldGoodbye(hubClosed(reason, code));
      }
      default:
      // A newer hub may say more than this client knows.
    }
  }

  #onReply(chunk: Buffer, at: number): void {
    const correlation = correlationOf(chunk, at);
    const waiter = this.#calls.waiting(correlation);
    if (waiter === undefined) return;
    const from = this.#book.find(sourceOf(chunk, at));
    try {
      waiter.answer(this.#session.unpack(chunk, at), from);
    } catch (cause) {
      waiter.fail(badPayload(waiter, cause), from);
    }
    this.#calls.heard(correlation, waiter);
  }

  #onFault(chunk: Buffer, at: number): void {
    const correlation = correlationOf(chunk, at);
    const waiter = this.#calls.waiting(correlation);
    if (waiter === undefined) return;
    const isReturned = (flagsOf(chunk, at) & Flag.returned) !== 0;
    if (isReturned && this.#session.repeat(chunk, at, waiter)) return;
    const from = this.#book.find(sourceOf(chunk, at));
    waiter.fail(this.#faultOf(chunk, at, waiter, from), from);
    this.#calls.heard(correlation, waiter);
  }

  #faultOf(chunk: Buffer, at: number, call: CallName, from: Location | undefined): ElpisError {
    const code = codeOf(chunk, at);
    try {
      const hasBody = code === Fault.remote || code === Fault.badPayload;
      return faultError(code, hasBody ? this.#body(chunk, at) : undefined, call, from);
    } catch (cause) {
      return badPayload(call, cause);
    }
  }

  #onPlan(chunk: Buffer, at: number): void {
    const correlation = correlationOf(chunk, at);
    const waiter = this.#calls.waiting(correlation);
    if (!(waiter instanceof MapWaiter) || waiter.owed !== undefined) return;
    const peers: Location[] = [];
    const end = bodyEnd(chunk, at);
    for (let id = bodyStart(chunk, at); id + 4 <= end; id += 4) {
      peers.push(this.#peer(chunk.readUInt32LE(id)));
    }
    waiter.plan(peers);
    this.#calls.release(correlation, waiter);
  }

  #onCredit(chunk: Buffer, at: number): void {
    if ((flagsOf(chunk, at) & Flag.lane) === 0) return this.#onData(chunk, at);
    this.#session.credit(sourceOf(chunk, at), topicOf(chunk, at), remainingOf(chunk, at));
  }

  #onData(chunk: Buffer, at: number): void {
    this.#services.streams.frame(chunk, at, this.#calls);
  }

  #onDropped(chunk: Buffer, at: number): void {
    const topic = this.#session.routes.topicOf(topicOf(chunk, at));
    if (topic === undefined) return;
    this.#host.dropped(topic, this.#peer(sourceOf(chunk, at)), remainingOf(chunk, at));
  }

  /** A hub introduces everybody before it names them; one that did not is shown for what it is. */
  #peer(id: number): Location {
    const { app } = this.#session.location;
    return (
      this.#book.find(id) ?? { id, app, role: "peer", name: "unknown", index: 0, pid: 0, epoch: 0 }
    );
  }

  #body(chunk: Buffer, at: number): unknown {
    return this.#session.codec.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
  }
}

/** By call that is cancelled in `chunk[from..to)`: where the last of the frames is that say so. */
function cancelledIn(chunk: Buffer, from: number, to: number): Map<number, number> | undefined {
  let positions: Map<number, number> | undefined;
  for (let at = from; at < to; at += sizeOf(chunk, at)) {
    if (kindOf(chunk, at) !== Kind.cancel) continue;
    positions ??= new Map();
    positions.set(correlationOf(chunk, at), at);
  }
  return positions;
}
