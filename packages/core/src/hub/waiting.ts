import {
  Fault,
  Kind,
  kindOf,
  setCorrelation,
  setFlags,
  setRemaining,
  setSource,
  setTopic,
  sizeOf,
  targetOf,
} from "@elpis/protocol";
import type { Route } from "./directory.ts";
import type { Peer } from "./peer.ts";
import type { RouterState } from "./state.ts";
import type { Kept } from "./waiting-room.ts";

/** Keeps messages until somebody is there for them. */
export class Waiting {
  readonly #state: RouterState;

  constructor(state: RouterState) {
    this.#state = state;
  }

  /** Keeps the message, or refuses when there is no room. */
  keep(sender: Peer, correlation: number, route: Route, chunk: Buffer, at: number): void {
    const { calls, counters, nobody, now, room } = this.#state;
    const size = sizeOf(chunk, at);
    if (!room.hasRoom(size)) {
      counters.overloaded++;
      this.#state.sendFault(sender, correlation, Fault.overloaded);
      return;
    }
    counters.kept++;
    const deadlineMs = this.#state.deadlineOf(chunk, at);
    const number = calls.begin(sender, correlation, nobody, deadlineMs, now);
    sender.asked[correlation] = number;
    // A copy: the bytes around it would be kept as well.
    const frame = Buffer.from(chunk.subarray(at, at + size));
    const { version } = route.topic;
    room.add({ number, sender, route, frame, deadlineMs, followers: [], version });
  }

  /** Looks whether somebody is there now. */
  retry(): void {
    for (const kept of this.#state.room.all()) {
      const { version } = kept.route.topic;
      if (kept.version === version) continue;
      kept.version = version;
      if (kindOf(kept.frame, 0) === Kind.event) this.#retryEvent(kept);
      else this.#retryCall(kept);
    }
  }

  #retryEvent({ sender, route, frame, number }: Kept): void {
    const state = this.#state;
    const receivers = state.hearers(sender, route, targetOf(frame, 0));
    if (receivers.length === 0) return;
    const { correlation } = state.calls.at(number);
    state.room.remove(number);
    state.calls.end(number);
    state.settled(sender, correlation, number);
    setFlags(frame, 0, 0);
    state.notices.reply(sender, correlation, state.handToAll(sender, receivers, frame));
  }

  #retryCall({ sender, route, frame, number, deadlineMs, followers }: Kept): void {
    const state = this.#state;
    const kind = kindOf(frame, 0);
    const callee = state.pick(
      route,
      kind === Kind.consume ? "consume" : "request",
      targetOf(frame, 0),
    );
    if (callee === undefined) return;
    if (state.isOverloaded(callee)) {
      state.counters.overloaded++;
      state.answerFault(number, Fault.overloaded);
      state.abandon(number);
      return;
    }
    state.room.remove(number);
    if (!state.canRead(sender, callee, frame, 0)) {
      const { correlation } = state.calls.at(number);
      state.calls.end(number);
      state.settled(sender, correlation, number);
      return state.bounce(sender, frame, 0);
    }
    state.calls.give(number, callee);
    state.calls.at(number).position = callee.port.position + state.chunkBytes + frame.length;
    setCorrelation(frame, 0, number);
    setTopic(frame, 0, route.topic.id);
    setSource(frame, 0, sender.location.id);
    if (deadlineMs > 0) setRemaining(frame, 0, Math.max(1, Math.ceil(deadlineMs - state.now)));
    state.traffic.went(callee.row, kind, frame.length);
    state.delivery.hand(sender, callee, frame);
    for (const follower of followers) state.notices.send(callee, follower);
  }
}
