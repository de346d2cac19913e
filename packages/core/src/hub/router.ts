import type { Location, PeerChange } from "@elpis/api";
import {
  correlationOf,
  emptyFrame,
  Fault,
  HEADER_BYTES,
  isForwarded,
  Kind,
  kindOf,
  protocolError,
  remainingOf,
  setCode,
  setCorrelation,
  setKind,
  setSource,
  setTopic,
  sizeOf,
  targetOf,
  topicOf,
} from "@elpis/protocol";
import { Calls } from "./calls.ts";
import { newCounters, type RouterCounters } from "./counters.ts";
import type { Audience, Route } from "./directory.ts";
import type { HubLimits } from "./limits.ts";
import { Membership } from "./membership.ts";
import { closeSlow, type Notices } from "./notices.ts";
import { Peer, type PeerPort } from "./peer.ts";

/** Where frames go: nowhere (the router took them itself), to one peer, or to several. */
type Destination = Peer | readonly Peer[] | undefined;

/**
 * The hub as a state machine: frames in, frames out, without sockets, timers or a clock of its own. Payloads are never
 * looked at. The header is changed in place and the bytes go on as they came.
 */
export class Router {
  readonly counters: RouterCounters = newCounters();
  readonly #limits: HubLimits;
  readonly #members: Membership;
  readonly #notices: Notices;
  readonly #calls: Calls;
  #now: number;

  /** @param onChange told of every change among the peers */
  constructor(limits: HubLimits, nowMs: number, onChange: (change: PeerChange) => void = () => {}) {
    this.#limits = limits;
    this.#now = nowMs;
    this.#members = new Membership(limits, onChange);
    this.#notices = this.#members.notices;
    this.#calls = new Calls(nowMs);
  }

  /** Whether {@link expire} has anything to wait for. */
  get hasDeadlines(): boolean {
    return this.#calls.hasDeadlines;
  }

  /** Requests without an answer. */
  get openCalls(): number {
    return this.#calls.open;
  }

  peers(): IterableIterator<Peer> {
    return this.#members.peers.values();
  }

  /** A peer number that was never given before. */
  reserveId(): number {
    return this.#members.reserveId();
  }

  join(location: Location, port: PeerPort, ready: boolean): Peer {
    return this.#members.join(location, port, ready);
  }

  /** A peer's connection has ended: whoever waits for it is told at once. */
  leave(peer: Peer): void {
    if (!this.#members.leave(peer)) return;
    for (const number of this.#calls.givenTo(peer)) {
      this.#answerFault(number, Fault.peerLost);
      this.#calls.end(number);
    }
    for (const asked of peer.asked) {
      for (const number of typeof asked === "number" ? [asked] : (asked ?? []))
        this.#abandon(number);
    }
    this.#notices.changed("left", peer);
  }

  /** Ends the wait for every call whose deadline has passed. */
  expire(nowMs: number): void {
    this.#now = nowMs;
    this.#calls.expire(nowMs, (number) => {
      this.counters.expired++;
      this.#answerFault(number, Fault.deadline);
      this.#abandon(number);
    });
  }

  /**
   * Takes the whole frames in `chunk[from..to)` that `sender` sent. Neighbours with one destination leave as one piece.
   * @throws ELPIS_PROTOCOL_INVALID
   */
  receive(sender: Peer, chunk: Buffer, from: number, to: number, nowMs: number): void {
    this.#now = nowMs;
    let start = from;
    let count = 0;
    let destination: Destination;
    let at = from;
    try {
      while (at < to) {
        const size = sizeOf(chunk, at);
        const kind = kindOf(chunk, at);
        // What the router itself acts on must not overtake what was sent before it.
        if (destination !== undefined && !isForwarded(kind)) {
          this.#forward(sender, destination, chunk, start, at, count);
          destination = undefined;
        }
        const next = this.#route(sender, chunk, at, kind);
        if (next !== destination) {
          if (destination !== undefined)
            this.#forward(sender, destination, chunk, start, at, count);
          destination = next;
          start = at;
          count = 0;
        }
        at += size;
        count++;
        sender.framesIn++;
      }
    } finally {
      if (destination !== undefined) this.#forward(sender, destination, chunk, start, at, count);
      sender.bytesIn += to - from;
    }
  }

  /**
   * Takes one large frame in pieces, of a kind that {@link isForwarded}; the first piece holds the whole header.
   * @throws ELPIS_PROTOCOL_INVALID
   */
  receivePieces(sender: Peer, pieces: readonly Buffer[], nowMs: number): void {
    this.#now = nowMs;
    const [first, ...rest] = pieces as readonly [Buffer, ...Buffer[]];
    sender.framesIn++;
    sender.bytesIn += sizeOf(first, 0);
    const destination = this.#route(sender, first, 0, kindOf(first, 0));
    if (destination === undefined) return;
    for (const peer of destination instanceof Peer ? [destination] : destination) {
      if (!this.#deliver(sender, peer, first, 1)) continue;
      for (const piece of rest) {
        peer.port.push(piece);
        peer.bytesOut += piece.length;
      }
    }
  }

  #route(sender: Peer, chunk: Buffer, at: number, kind: number): Destination {
    switch (kind) {
      case Kind.event:
        return this.#event(sender, chunk, at);
      case Kind.request:
        return this.#ask(sender, chunk, at, "request");
      case Kind.reply:
      case Kind.fault:
        return this.#answer(sender, chunk, at);
      case Kind.consume:
        return this.#ask(sender, chunk, at, "consume");
      case Kind.map:
        this.#map(sender, chunk, at);
        return undefined;
      case Kind.cancel:
        this.#cancel(sender, correlationOf(chunk, at));
        return undefined;
      default:
        this.#members.control(sender, chunk, at, kind);
        return undefined;
    }
  }

  #event(sender: Peer, chunk: Buffer, at: number): Destination {
    const route = this.#routeOf(sender, chunk, at);
    setTopic(chunk, at, route.topic.id);
    setSource(chunk, at, sender.location.id);
    const target = targetOf(chunk, at);
    if (target === sender.location.id) return undefined;
    if (target !== 0) return this.#named(target, route, "event");
    const audience = route.audience("event");
    return audience.length < 2 ? audience[0] : audience;
  }

  #ask(sender: Peer, chunk: Buffer, at: number, verb: Audience): Destination {
    const route = this.#routeOf(sender, chunk, at);
    const correlation = this.#newCorrelation(sender, chunk, at);
    const target = targetOf(chunk, at);
    const callee = target === 0 ? route.pick(verb) : this.#named(target, route, verb);
    if (callee === undefined) return this.#refuse(sender, correlation, Fault.noResponder);
    if (this.#isOverloaded(callee)) {
      this.counters.overloaded++;
      return this.#refuse(sender, correlation, Fault.overloaded);
    }
    const number = this.#calls.begin(sender, correlation, callee, this.#deadlineOf(chunk, at));
    sender.asked[correlation] = number;
    setCorrelation(chunk, at, number);
    setTopic(chunk, at, route.topic.id);
    setSource(chunk, at, sender.location.id);
    return callee;
  }

  #answer(sender: Peer, chunk: Buffer, at: number): Destination {
    const number = correlationOf(chunk, at);
    const call = this.#calls.of(sender, number);
    if (call === undefined) {
      this.counters.stray++;
      return undefined;
    }
    const { caller, correlation } = call;
    this.#calls.end(number);
    if (caller === undefined) {
      this.counters.late++;
      return undefined;
    }
    this.#settled(caller, correlation, number);
    setCorrelation(chunk, at, correlation);
    setSource(chunk, at, sender.location.id);
    return caller;
  }

  #map(sender: Peer, chunk: Buffer, at: number): void {
    const route = this.#routeOf(sender, chunk, at);
    const correlation = this.#newCorrelation(sender, chunk, at);
    const callees = this.#mapped(route, targetOf(chunk, at));
    this.#notices.plan(sender, correlation, callees);
    const deadline = this.#deadlineOf(chunk, at);
    const size = sizeOf(chunk, at);
    const body = chunk.subarray(at + HEADER_BYTES, at + size);
    const numbers: number[] = [];
    const busy: Peer[] = [];
    for (const callee of callees) {
      if (this.#isOverloaded(callee)) {
        busy.push(callee);
        continue;
      }
      const number = this.#calls.begin(sender, correlation, callee, deadline);
      numbers.push(number);
      const header = Buffer.from(chunk.subarray(at, at + HEADER_BYTES));
      setKind(header, 0, Kind.request);
      setCorrelation(header, 0, number);
      setTopic(header, 0, route.topic.id);
      setSource(header, 0, sender.location.id);
      this.#notices.introduce(sender, callee);
      callee.port.push(header);
      callee.port.push(body);
      callee.framesOut++;
      callee.bytesOut += size;
    }
    if (numbers.length > 0) sender.asked[correlation] = numbers;
    this.counters.overloaded += busy.length;
    for (const peer of busy) this.#sendFault(sender, correlation, Fault.overloaded, peer);
  }

  #cancel(sender: Peer, correlation: number): void {
    const asked = sender.asked[correlation];
    const numbers = typeof asked === "number" ? [asked] : (asked ?? []);
    for (const number of [...numbers]) {
      this.#answerFault(number, Fault.cancelled);
      this.#abandon(number);
    }
  }

  #forward(
    sender: Peer,
    destination: Peer | readonly Peer[],
    chunk: Buffer,
    from: number,
    to: number,
    count: number,
  ): void {
    const bytes = from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
    if (destination instanceof Peer) {
      this.#deliver(sender, destination, bytes, count);
    } else {
      for (const peer of destination) this.#deliver(sender, peer, bytes, count);
    }
  }

  /** Whether the bytes were taken. */
  #deliver(sender: Peer, receiver: Peer, bytes: Buffer, count: number): boolean {
    const { port } = receiver;
    if (port.queuedBytes > this.#limits.maxPeerQueueBytes) {
      return this.#deliverToSlow(sender, receiver, bytes, count);
    }
    if (!receiver.knows.has(sender.location.id)) this.#notices.introduce(sender, receiver);
    port.push(bytes);
    receiver.framesOut += count;
    receiver.bytesOut += bytes.length;
    return true;
  }

  /** A peer that does not read loses events; answers are owed to it, but not without end. */
  #deliverToSlow(sender: Peer, receiver: Peer, bytes: Buffer, count: number): boolean {
    const { port } = receiver;
    if (port.queuedBytes > 2 * this.#limits.maxPeerQueueBytes) {
      closeSlow(receiver);
      return false;
    }
    this.#notices.introduce(sender, receiver);
    let dropped = 0;
    for (let at = 0; at < bytes.length; at += sizeOf(bytes, at)) {
      if (kindOf(bytes, at) === Kind.event) dropped++;
      else port.push(bytes.subarray(at, at + sizeOf(bytes, at)));
    }
    receiver.dropped += dropped;
    this.counters.dropped += dropped;
    receiver.framesOut += count - dropped;
    return dropped < count;
  }

  #routeOf(sender: Peer, chunk: Buffer, at: number): Route {
    const number = topicOf(chunk, at);
    const route = sender.routes[number];
    if (route === undefined) throw protocolError(`route number ${number} was not declared`);
    return route;
  }

  #newCorrelation(sender: Peer, chunk: Buffer, at: number): number {
    const correlation = correlationOf(chunk, at);
    if (correlation >= this.#limits.maxCallsPerPeer) {
      throw protocolError(`correlation ${correlation} is over ${this.#limits.maxCallsPerPeer - 1}`);
    }
    if (sender.asked[correlation] !== undefined) {
      throw protocolError(`correlation ${correlation} is used twice`);
    }
    return correlation;
  }

  #mapped(route: Route, target: number): readonly Peer[] {
    if (target === 0) return route.audience("request");
    const peer = this.#named(target, route, "request");
    return peer === undefined ? [] : [peer];
  }

  #named(id: number, route: Route, verb: Audience): Peer | undefined {
    const peer = this.#members.peers.get(id);
    const topics = verb === "request" ? peer?.handles : peer?.listens;
    return topics?.has(route.topic) === true ? peer : undefined;
  }

  #deadlineOf(chunk: Buffer, at: number): number {
    const remaining = remainingOf(chunk, at);
    return remaining === 0 ? 0 : this.#now + remaining;
  }

  #isOverloaded(callee: Peer): boolean {
    return (
      callee.openCalls >= this.#limits.maxCallsPerPeer ||
      callee.port.queuedBytes > this.#limits.maxPeerQueueBytes
    );
  }

  #refuse(caller: Peer, correlation: number, fault: Fault): undefined {
    this.#sendFault(caller, correlation, fault);
    return undefined;
  }

  /** Tells the caller of an open call, where there still is one, why there will be no answer. */
  #answerFault(number: number, fault: Fault): void {
    const { caller, correlation, callee } = this.#calls.at(number);
    if (caller === undefined) return;
    this.#settled(caller, correlation, number);
    this.#sendFault(caller, correlation, fault, callee);
  }

  /** The caller no longer waits: the callee is told, its answer will be dropped. */
  #abandon(number: number): void {
    const { callee } = this.#calls.at(number);
    this.#calls.abandon(number);
    if (callee !== undefined) this.#notices.send(callee, emptyFrame(Kind.cancel, 0, number));
  }

  #sendFault(caller: Peer, correlation: number, fault: Fault, about?: Peer): void {
    const frame = emptyFrame(Kind.fault, 0, correlation);
    setCode(frame, 0, fault);
    if (about !== undefined) {
      this.#notices.introduce(about, caller);
      setSource(frame, 0, about.location.id);
    }
    this.#notices.send(caller, frame);
  }

  /** One of the calls behind a correlation is over. */
  #settled(caller: Peer, correlation: number, number: number): void {
    const asked = caller.asked[correlation];
    if (typeof asked === "object" && asked.length > 1) asked.splice(asked.indexOf(number), 1);
    else caller.asked[correlation] = undefined;
  }
}
