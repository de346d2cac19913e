import {
  correlationOf,
  emptyFrame,
  Fault,
  Flag,
  flagsOf,
  HEADER_BYTES,
  Kind,
  protocolError,
  remainingOf,
  setCorrelation,
  setFlags,
  setKind,
  setSource,
  setTopic,
  sizeOf,
  targetOf,
  topicOf,
} from "@elpis/protocol";
import type { Audience, Route } from "./directory.ts";
import type { Peer } from "./peer.ts";
import { numbersIn, type RouterState } from "./state.ts";
import type { Waiting } from "./waiting.ts";

/**
 * Everything that one peer asks and another answers: requests, consumes, maps and streams. The header is changed in place;
 * the methods return where the frame is to go, or undefined when there is nothing to hand on.
 */
export class Exchanges {
  readonly #state: RouterState;
  readonly #waiting: Waiting;

  constructor(state: RouterState, waiting: Waiting) {
    this.#state = state;
    this.#waiting = waiting;
  }

  /** A request, a consume, or the opening of a stream. */
  ask(sender: Peer, chunk: Buffer, at: number, verb: Audience): Peer | undefined {
    const state = this.#state;
    const route = state.routeOf(sender, chunk, at);
    const correlation = state.newCorrelation(sender, chunk, at);
    const callee = state.pick(route, verb, targetOf(chunk, at));
    if (callee === undefined) {
      if ((flagsOf(chunk, at) & Flag.wait) !== 0) {
        this.#waiting.keep(sender, correlation, route, chunk, at);
      } else {
        state.sendFault(sender, correlation, Fault.noResponder);
      }
      return undefined;
    }
    if (state.isOverloaded(callee)) {
      state.counters.overloaded++;
      state.sendFault(sender, correlation, Fault.overloaded);
      return undefined;
    }
    if (!state.canRead(sender, callee, chunk, at)) {
      state.bounce(sender, chunk, at);
      return undefined;
    }
    const number = state.beginCall(sender, correlation, callee, state.deadlineOf(chunk, at));
    sender.asked[correlation] = number;
    setCorrelation(chunk, at, number);
    setTopic(chunk, at, route.topic.id);
    setSource(chunk, at, sender.location.id);
    return callee;
  }

  /** The one answer to a call: of whatever kind it is, it is over. */
  answer(sender: Peer, chunk: Buffer, at: number): Peer | undefined {
    const { calls, counters, latency, now } = this.#state;
    const number = correlationOf(chunk, at);
    const call = calls.of(sender, number);
    if (call === undefined) {
      counters.stray++;
      return undefined;
    }
    const { caller, correlation, startedMs } = call;
    calls.end(number);
    if (caller === undefined) {
      counters.late++;
      return undefined;
    }
    latency.add(now - startedMs);
    this.#state.settled(caller, correlation, number);
    this.#state.canRead(sender, caller, chunk, at);
    setCorrelation(chunk, at, correlation);
    setSource(chunk, at, sender.location.id);
    return caller;
  }

  /** An item of a stream. When one cannot be handed on the stream ends: items are never left out. */
  data(sender: Peer, chunk: Buffer, at: number): Peer | undefined {
    const state = this.#state;
    const number = this.#streamOf(sender, chunk, at);
    if (number === undefined) return undefined;
    const { caller, callee, correlation } = state.calls.at(number);
    const isServed = (flagsOf(chunk, at) & Flag.served) !== 0;
    const receiver = isServed ? caller : callee;
    if (receiver === undefined) return undefined;
    // Nobody has given credit on a call that nobody has taken.
    if (receiver === state.nobody || state.delivery.isOverloaded(receiver)) {
      this.#fail(number);
      return undefined;
    }
    state.canRead(sender, receiver, chunk, at);
    setCorrelation(chunk, at, isServed ? correlation : number);
    setSource(chunk, at, sender.location.id);
    return receiver;
  }

  /** Credit for a stream, or the end of what its caller sends. */
  pass(sender: Peer, chunk: Buffer, at: number, kind: number): void {
    const { calls, counters, limits, nobody, notices, room } = this.#state;
    const flags = flagsOf(chunk, at);
    if ((flags & Flag.lane) !== 0) throw protocolError("a peer gives no credit for lanes");
    const number = this.#streamOf(sender, chunk, at);
    if (number === undefined) return;
    const { caller, callee, correlation, position } = calls.at(number);
    const isServed = (flags & Flag.served) !== 0;
    const receiver = isServed ? caller : callee;
    if (receiver === undefined) return;
    // Before it is the receiver that is sent away.
    if (receiver.port.queuedBytes > limits.maxPeerQueueBytes) return this.#fail(number);
    const its = isServed ? correlation : number;
    const frame = emptyFrame(kind, topicOf(chunk, at), its, 0, remainingOf(chunk, at));
    setFlags(frame, 0, flags);
    setSource(frame, 0, sender.location.id);
    if (receiver === nobody) {
      if (!room.follow(number, frame)) counters.late++;
      return;
    }
    notices.introduce(sender, receiver);
    if (kind === Kind.end) notices.send(receiver, frame);
    else notices.sendUrgent(receiver, frame, isServed ? 0 : position);
  }

  map(sender: Peer, chunk: Buffer, at: number): void {
    const state = this.#state;
    const route = state.routeOf(sender, chunk, at);
    const correlation = state.newCorrelation(sender, chunk, at);
    const callees = this.#mapped(route, targetOf(chunk, at));
    if (!callees.every((callee) => state.canRead(sender, callee, chunk, at))) {
      return state.bounce(sender, chunk, at);
    }
    state.notices.plan(sender, correlation, callees);
    const deadline = state.deadlineOf(chunk, at);
    const size = sizeOf(chunk, at);
    const body = chunk.subarray(at + HEADER_BYTES, at + size);
    const numbers: number[] = [];
    const busy: Peer[] = [];
    for (const callee of callees) {
      if (state.isOverloaded(callee)) {
        busy.push(callee);
        continue;
      }
      const number = state.beginCall(sender, correlation, callee, deadline);
      numbers.push(number);
      const header = Buffer.from(chunk.subarray(at, at + HEADER_BYTES));
      setKind(header, 0, Kind.request);
      setCorrelation(header, 0, number);
      setTopic(header, 0, route.topic.id);
      setSource(header, 0, sender.location.id);
      state.traffic.went(callee.row, Kind.request, size);
      state.delivery.handPieces(sender, callee, [header, body]);
    }
    if (numbers.length > 0) sender.asked[correlation] = numbers;
    state.counters.overloaded += busy.length;
    for (const peer of busy) state.sendFault(sender, correlation, Fault.overloaded, peer);
  }

  cancel(sender: Peer, correlation: number): void {
    for (const number of [...numbersIn(sender.asked[correlation])]) {
      this.#state.answerFault(number, Fault.cancelled);
      this.#state.abandon(number);
    }
  }

  /** The peer has left: whoever waits for it is told, and whoever works for it. */
  leave(peer: Peer): void {
    const state = this.#state;
    for (const number of state.calls.givenTo(peer)) {
      state.answerFault(number, Fault.peerLost);
      state.calls.end(number);
    }
    for (const asked of peer.asked) {
      for (const number of numbersIn(asked)) state.abandon(number);
    }
  }

  expire(nowMs: number): void {
    const state = this.#state;
    state.calls.expire(nowMs, (number) => {
      state.counters.expired++;
      // An event has no time of its own but that in which somebody may come.
      const isEvent = state.room.kindOf(number) === Kind.event;
      state.answerFault(number, isEvent ? Fault.noResponder : Fault.deadline);
      state.abandon(number);
    });
  }

  /** Ends a stream because too much waits for one of its ends. */
  #fail(number: number): void {
    this.#state.counters.overloaded++;
    this.#state.answerFault(number, Fault.overloaded);
    this.#state.abandon(number);
  }

  /** The call that a frame of a stream belongs to. */
  #streamOf(sender: Peer, chunk: Buffer, at: number): number | undefined {
    const { calls, counters } = this.#state;
    const correlation = correlationOf(chunk, at);
    if ((flagsOf(chunk, at) & Flag.served) === 0) {
      const asked = sender.asked[correlation];
      if (typeof asked === "number") return asked;
      counters.late++;
      return undefined;
    }
    const call = calls.of(sender, correlation);
    if (call?.caller !== undefined) return correlation;
    if (call === undefined) counters.stray++;
    else counters.late++;
    return undefined;
  }

  #mapped(route: Route, target: number): readonly Peer[] {
    if (target === 0 || route.isHashed) return route.audience("request");
    const peer = this.#state.named(target, route, "request");
    return peer === undefined ? [] : [peer];
  }
}
