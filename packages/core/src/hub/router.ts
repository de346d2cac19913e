import type { Location, PeerChange } from "@elpis/api";
import {
  correlationOf,
  Flag,
  flagsOf,
  isForwarded,
  Kind,
  kindName,
  kindOf,
  paddingOf,
  protocolError,
  setFlags,
  setSource,
  setTopic,
  sizeOf,
  targetOf,
} from "@elpis/protocol";
import { debug } from "../debug.ts";
import type { RouterCounters } from "./counters.ts";
import type { Route } from "./directory.ts";
import { Exchanges } from "./exchanges.ts";
import type { LatencyStats } from "./latency.ts";
import type { HubLimits } from "./limits.ts";
import { Peer, type PeerPort, type PeerStats, peerStats, type Traits } from "./peer.ts";
import { RouterState } from "./state.ts";
import { EVENT } from "./traffic.ts";
import { Waiting } from "./waiting.ts";

const trace = debug("router");

/** An event with one of these is answered by the hub. */
const REPORTED = Flag.report | Flag.wait;

/** Where frames go: nowhere (the router took them itself), to one peer, or to several. */
type Destination = Peer | readonly Peer[] | undefined;

export interface RouterOptions {
  /** Told of every change among the peers. */
  readonly onChange?: (change: PeerChange) => void;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
  /** The number of the first peer. @default 1 */
  readonly firstId?: number;
}

/** What the hub keeps besides its peers; all of it is 0 when nothing is under way. */
export interface RouterTables {
  /** Requests and streams without an answer. */
  readonly calls: number;
  readonly deadlines: number;
  /** Messages for those who are not there yet. */
  readonly kept: number;
  /** Pairs of peers between which credit is owed. */
  readonly lanes: number;
  /** Peers for which more than usual waits. */
  readonly heldUp: number;
  /** Topics that somebody needs. */
  readonly topics: number;
}

/**
 * The hub as a state machine: frames in, frames out, without sockets, timers or a clock of its own. Payloads are never
 * looked at. The header is changed in place and the bytes go on as they came.
 *
 * This file cuts what came into runs of frames with one destination and knows what becomes of events. Calls and streams are
 * in `exchanges.ts`, messages for those who are not there in `waiting.ts`, slow receivers in `delivery.ts`, who is meant
 * in `directory.ts`, everything that is no message in `membership.ts`; what they share is in `state.ts`.
 */
export class Router {
  readonly #state: RouterState;
  readonly #exchanges: Exchanges;
  readonly #waiting: Waiting;
  /** Of the frames that are about to be handed on together: those that count against a lane. */
  #laneMessages = 0;
  #laneBytes = 0;

  constructor(limits: HubLimits, nowMs: number, options: RouterOptions = {}) {
    const { onChange = () => {}, random = Math.random, firstId = 1 } = options;
    this.#state = new RouterState(nowMs, { limits, onChange, random, firstId });
    this.#waiting = new Waiting(this.#state);
    this.#exchanges = new Exchanges(this.#state, this.#waiting);
  }

  get counters(): RouterCounters {
    return this.#state.counters;
  }

  /** How long calls took until their answer came. */
  get latency(): LatencyStats {
    return this.#state.latency.read();
  }

  /** Whether {@link tick} has anything to wait for. */
  get wantsTick(): boolean {
    return this.#state.calls.hasDeadlines || this.#state.losses.hasUntold;
  }

  get tables(): RouterTables {
    const { calls, room, lanes, delivery, members } = this.#state;
    return {
      calls: calls.open,
      deadlines: calls.deadlines,
      kept: room.size,
      lanes: lanes.size,
      heldUp: delivery.heldUp,
      topics: members.topics,
    };
  }

  peers(): IterableIterator<Peer> {
    return this.#state.members.peers.values();
  }

  statsOf(peer: Peer): PeerStats {
    return peerStats(peer, this.#state.traffic);
  }

  /** A peer number that was never given before. */
  reserveId(): number {
    return this.#state.members.reserveId();
  }

  join(location: Location, port: PeerPort, ready: boolean, traits: Traits = {}): Peer {
    return this.#state.members.join(location, port, ready, traits);
  }

  /** Takes a peer out of rotation, whatever it says of itself, or back in. */
  setAside(id: number, isAside: boolean): void {
    this.#state.members.setAside(id, isAside);
  }

  /** A peer's connection has ended: whoever waits for it is told at once. */
  leave(peer: Peer): void {
    const { members, lanes, losses, delivery, notices } = this.#state;
    if (!members.leave(peer)) return;
    this.#exchanges.leave(peer);
    lanes.forget(peer);
    losses.forget(peer);
    delivery.forget(peer);
    notices.changed("left", peer);
  }

  /** Ends the wait for every call whose deadline has passed, and tells of losses. */
  tick(nowMs: number): void {
    this.#state.begin(nowMs, 0);
    this.#exchanges.expire(nowMs);
    this.#state.losses.tell(nowMs);
  }

  /** Less waits for a peer than did. */
  drained(peer: Peer): void {
    this.#state.delivery.drained(peer);
  }

  /**
   * Takes the whole frames in `chunk[from..to)` that `sender` sent. Neighbours with one destination leave as one piece.
   * @throws ELPIS_PROTOCOL_INVALID
   */
  receive(sender: Peer, chunk: Buffer, from: number, to: number, nowMs: number): void {
    this.#state.begin(nowMs, to - from);
    const { traffic } = this.#state;
    let start = from;
    let destination: Destination;
    let at = from;
    try {
      while (at < to) {
        const size = sizeOf(chunk, at);
        const kind = kindOf(chunk, at);
        traffic.came(sender.row, kind, size);
        // What the router itself acts on must not overtake what was sent before it.
        if (destination !== undefined && !isHandedOn(chunk, at, kind)) {
          this.#forward(sender, destination, chunk, start, at);
          destination = undefined;
        }
        const next = this.#route(sender, chunk, at, kind);
        if (next !== destination) {
          if (destination !== undefined) this.#forward(sender, destination, chunk, start, at);
          destination = next;
          start = at;
        }
        if (next instanceof Peer) {
          traffic.went(next.row, kind, size);
          if (kind === Kind.event && targetOf(chunk, at) !== 0) {
            this.#laneMessages++;
            this.#laneBytes += size - paddingOf(chunk, at);
          }
        }
        at += size;
      }
    } finally {
      if (destination !== undefined) this.#forward(sender, destination, chunk, start, at);
    }
  }

  /**
   * Takes one large frame in pieces, of a kind that {@link isForwarded}; the first piece holds the whole header.
   * @throws ELPIS_PROTOCOL_INVALID
   */
  receivePieces(sender: Peer, pieces: readonly Buffer[], nowMs: number): void {
    const { delivery, traffic } = this.#state;
    const first = pieces[0] as Buffer;
    const kind = kindOf(first, 0);
    if ((flagsOf(first, 0) & wholeFlags(kind)) !== 0) {
      const whole = Buffer.concat(pieces);
      return this.receive(sender, whole, 0, whole.length, nowMs);
    }
    const size = sizeOf(first, 0);
    this.#state.begin(nowMs, size);
    traffic.came(sender.row, kind, size);
    const destination = this.#route(sender, first, 0, kind);
    if (destination === undefined) return;
    const isToOne = destination instanceof Peer;
    for (const peer of isToOne ? [destination] : destination) {
      traffic.went(peer.row, kind, size);
      delivery.handPieces(sender, peer, pieces);
    }
    if (isToOne && kind === Kind.event && targetOf(first, 0) !== 0) {
      this.#passLane(sender, destination, 1, size - paddingOf(first, 0));
    }
  }

  #route(sender: Peer, chunk: Buffer, at: number, kind: number): Destination {
    trace?.("%s from %d, %d bytes", kindName(kind), sender.location.id, sizeOf(chunk, at));
    switch (kind) {
      case Kind.event:
        return this.#event(sender, chunk, at);
      case Kind.request:
      case Kind.open:
        return this.#exchanges.ask(sender, chunk, at, "request");
      case Kind.reply:
      case Kind.fault:
        return this.#exchanges.answer(sender, chunk, at);
      case Kind.consume:
        return this.#exchanges.ask(sender, chunk, at, "consume");
      case Kind.data:
        return this.#exchanges.data(sender, chunk, at);
      case Kind.map:
        this.#exchanges.map(sender, chunk, at);
        return undefined;
      case Kind.credit:
      case Kind.end:
        this.#exchanges.pass(sender, chunk, at, kind);
        return undefined;
      case Kind.cancel:
        this.#exchanges.cancel(sender, correlationOf(chunk, at));
        return undefined;
      default:
        this.#control(sender, chunk, at, kind);
        return undefined;
    }
  }

  #control(sender: Peer, chunk: Buffer, at: number, kind: number): void {
    this.#state.members.control(sender, chunk, at, kind);
    // Somebody may be there now for what is kept.
    const mayHelp = kind === Kind.listen || kind === Kind.state;
    if (mayHelp && this.#state.room.size > 0) this.#waiting.retry();
  }

  #event(sender: Peer, chunk: Buffer, at: number): Destination {
    const route = this.#state.routeOf(sender, chunk, at);
    const target = targetOf(chunk, at);
    setTopic(chunk, at, route.topic.id);
    setSource(chunk, at, sender.location.id);
    const flags = flagsOf(chunk, at);
    if ((flags & REPORTED) !== 0) {
      this.#reported(sender, route, chunk, at);
      return undefined;
    }
    if (target !== 0) return this.#eventTo(sender, target, route, chunk, at);
    if ((flags & Flag.records) !== 0) throw protocolError("records in an event to many");
    const audience = route.audience("event");
    if (audience.length > 1) return audience;
    if (audience.length === 0) this.#state.counters.unheard++;
    return audience[0];
  }

  /** An event to one peer: what does not reach it gives its credit back. */
  #eventTo(sender: Peer, target: number, route: Route, chunk: Buffer, at: number): Destination {
    const peer = this.#state.named(target, route, "event");
    if (peer !== undefined && peer !== sender) {
      if (this.#state.canRead(sender, peer, chunk, at)) return peer;
      throw protocolError("records in an event to a peer that reads none");
    }
    this.#state.counters.unheard++;
    this.#giveBack(sender, target, chunk, at);
    return undefined;
  }

  #giveBack(sender: Peer, target: number, chunk: Buffer, at: number): void {
    const { lanes, members, notices } = this.#state;
    const known = members.peers.get(target);
    if (known === undefined) notices.gone(sender, target);
    else lanes.giveBack(sender, known, 1, sizeOf(chunk, at) - paddingOf(chunk, at));
  }

  /** An event whose sender wants to know what became of it, and may want it kept. */
  #reported(sender: Peer, route: Route, chunk: Buffer, at: number): void {
    const state = this.#state;
    const correlation = state.newCorrelation(sender, chunk, at);
    const target = targetOf(chunk, at);
    // Its sender waits for the hub's word: the lane does not have to hold it back.
    if (target !== 0) this.#giveBack(sender, target, chunk, at);
    const receivers = state.hearers(sender, route, target);
    if (receivers.length === 0 && (flagsOf(chunk, at) & Flag.wait) !== 0) {
      this.#waiting.keep(sender, correlation, route, chunk, at);
      return;
    }
    if (receivers.length === 0) state.counters.unheard++;
    setFlags(chunk, at, 0);
    const frame = chunk.subarray(at, at + sizeOf(chunk, at));
    state.notices.reply(sender, correlation, state.handToAll(sender, receivers, frame));
  }

  #forward(
    sender: Peer,
    destination: Peer | readonly Peer[],
    chunk: Buffer,
    from: number,
    to: number,
  ): void {
    const { delivery, traffic } = this.#state;
    const bytes = from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
    if (destination instanceof Peer) {
      delivery.hand(sender, destination, bytes);
      if (this.#laneMessages > 0) {
        this.#passLane(sender, destination, this.#laneMessages, this.#laneBytes);
        this.#laneMessages = 0;
        this.#laneBytes = 0;
      }
      return;
    }
    let frames = 0;
    for (let at = from; at < to; at += sizeOf(chunk, at)) frames++;
    for (const peer of destination) {
      traffic.wentTogether(peer.row, EVENT, frames, bytes.length);
      delivery.hand(sender, peer, bytes);
    }
  }

  #passLane(sender: Peer, receiver: Peer, messages: number, bytes: number): void {
    const { delivery, lanes } = this.#state;
    if (lanes.passed(sender, receiver, messages, bytes)) delivery.watch(receiver);
  }
}

/** Flags of frames that the router may have to keep, or to give back, so that it needs all their bytes. */
function wholeFlags(kind: number): number {
  if (kind === Kind.event) return REPORTED;
  const isCall = kind === Kind.request || kind === Kind.consume || kind === Kind.open;
  return isCall ? Flag.wait | Flag.records : 0;
}

/** Whether frames before this one may wait for it, to be handed on together. */
function isHandedOn(chunk: Buffer, at: number, kind: number): boolean {
  return isForwarded(kind) && (kind !== Kind.event || (flagsOf(chunk, at) & REPORTED) === 0);
}
