import type { Location } from "@elpis/api";
import {
  correlationOf,
  emptyFrame,
  Fault,
  Flag,
  flagsOf,
  Kind,
  protocolError,
  remainingOf,
  setCode,
  setFlags,
  setKind,
  setSource,
  sizeOf,
  topicOf,
} from "@elpis/protocol";
import { Calls } from "./calls.ts";
import { newCounters, type RouterCounters } from "./counters.ts";
import { Delivery, lowBytesOf } from "./delivery.ts";
import type { Audience, Route } from "./directory.ts";
import { Lanes } from "./lanes.ts";
import { Latency } from "./latency.ts";
import type { HubLimits } from "./limits.ts";
import { Losses } from "./losses.ts";
import { Membership, type MembershipSettings } from "./membership.ts";
import type { Notices } from "./notices.ts";
import { Peer, type PeerPort } from "./peer.ts";
import { Traffic } from "./traffic.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** What the hub itself puts between two frames of one sender is less than this, in bytes. */
const NOTICE_BYTES = 4096;

/** What all parts of the router work on, and the steps that they have in common. */
export class RouterState {
  readonly limits: HubLimits;
  readonly counters: RouterCounters = newCounters();
  readonly traffic: Traffic = new Traffic();
  readonly latency: Latency = new Latency();
  readonly members: Membership;
  readonly notices: Notices;
  readonly calls: Calls;
  readonly lanes: Lanes;
  readonly losses: Losses;
  readonly delivery: Delivery;
  readonly room: WaitingRoom;
  /** Stands for whoever will answer a call that is kept. */
  readonly nobody: Peer;
  /** The hub's clock, in milliseconds. */
  now: number;
  /** No more than so many bytes stand between what a receiver has and what it will have of what is read now. */
  chunkBytes = 0;

  constructor(nowMs: number, settings: Omit<MembershipSettings, "traffic" | "isBeyondHelp">) {
    const { limits } = settings;
    const { traffic, counters } = this;
    this.limits = limits;
    this.now = nowMs;
    const isBeyondHelp = (peer: Peer): boolean => this.delivery.isBeyondHelp(peer);
    this.members = new Membership({ ...settings, traffic, isBeyondHelp });
    this.notices = this.members.notices;
    this.calls = new Calls(nowMs);
    this.lanes = new Lanes(this.notices, lowBytesOf(limits));
    this.losses = new Losses(this.notices);
    const { notices, lanes, losses } = this;
    this.delivery = new Delivery({ limits, notices, traffic, counters, lanes, losses });
    this.room = new WaitingRoom(limits.maxKept, limits.maxKeptBytes, this.members);
    this.nobody = nobody(traffic);
  }

  /** What is read now: when, and how much. */
  begin(nowMs: number, bytes: number): void {
    this.now = nowMs;
    this.delivery.begin(nowMs);
    // Each frame of a peer has 32 bytes at least, and what the hub says because of it may be as long.
    this.chunkBytes = 2 * bytes + NOTICE_BYTES;
  }

  /** @throws ELPIS_PROTOCOL_INVALID */
  routeOf(sender: Peer, chunk: Buffer, at: number): Route {
    const number = topicOf(chunk, at);
    const route = sender.routes[number];
    if (route === undefined) throw protocolError(`route number ${number} was not declared`);
    return route;
  }

  /** @throws ELPIS_PROTOCOL_INVALID */
  newCorrelation(sender: Peer, chunk: Buffer, at: number): number {
    const correlation = correlationOf(chunk, at);
    const { maxCallsPerPeer } = this.limits;
    if (correlation >= maxCallsPerPeer) {
      throw protocolError(`correlation ${correlation} is over ${maxCallsPerPeer - 1}`);
    }
    if (sender.asked[correlation] !== undefined) {
      throw protocolError(`correlation ${correlation} is used twice`);
    }
    return correlation;
  }

  /** When the sender of a call stops waiting; 0: never. */
  deadlineOf(chunk: Buffer, at: number): number {
    const remaining = remainingOf(chunk, at);
    return remaining === 0 ? 0 : this.now + remaining;
  }

  /** The peer with that number, where it does the verb for the topic. */
  named(id: number, route: Route, verb: Audience): Peer | undefined {
    const peer = this.members.peers.get(id);
    const topics = verb === "request" ? peer?.handles : peer?.listens;
    return topics?.has(route.topic) === true ? peer : undefined;
  }

  /** The peers that an event may go to. */
  hearers(sender: Peer, route: Route, target: number): readonly Peer[] {
    if (target === 0) return route.audience("event");
    const peer = this.named(target, route, "event");
    return peer === undefined || peer === sender ? [] : [peer];
  }

  /** Who is to work on a call; one who cannot is passed over where another can. */
  pick(route: Route, verb: Audience, target: number): Peer | undefined {
    if (target !== 0 && !route.isHashed) return this.named(target, route, verb);
    const peer = route.pick(verb, target);
    if (peer === undefined || !this.isOverloaded(peer)) return peer;
    return this.#anotherThan(peer, route.audience(verb)) ?? peer;
  }

  /** The next in line who can work, so that not one of them gets all that another cannot take. */
  #anotherThan(peer: Peer, audience: readonly Peer[]): Peer | undefined {
    const start = audience.indexOf(peer);
    for (let step = 1; step < audience.length; step++) {
      const other = audience[(start + step) % audience.length] as Peer;
      if (!this.isOverloaded(other)) return other;
    }
    return undefined;
  }

  isOverloaded(callee: Peer): boolean {
    return callee.openCalls >= this.limits.maxCallsPerPeer || this.delivery.isOverloaded(callee);
  }

  /** Whether the receiver can read the body of a frame; records that it needs and does not know are sent ahead. */
  canRead(sender: Peer, receiver: Peer, chunk: Buffer, at: number): boolean {
    if ((flagsOf(chunk, at) & Flag.records) === 0) return true;
    if (!receiver.readsRecords) return false;
    this.notices.shareRecords(sender, receiver);
    return true;
  }

  /** Gives a call back to its sender, who can make it again without records. */
  bounce(sender: Peer, chunk: Buffer, at: number): void {
    const frame = Buffer.from(chunk.subarray(at, at + sizeOf(chunk, at)));
    setKind(frame, 0, Kind.fault);
    setCode(frame, 0, Fault.plain);
    setFlags(frame, 0, Flag.returned | Flag.records);
    setSource(frame, 0, 0);
    this.notices.send(sender, frame);
  }

  /** Notes a call that is about to be handed to its callee; returns its number. */
  beginCall(sender: Peer, correlation: number, callee: Peer, deadlineMs: number): number {
    const number = this.calls.begin(sender, correlation, callee, deadlineMs, this.now);
    // Records may go out between now and the call.
    const between = this.chunkBytes + sender.recordBytes;
    this.calls.at(number).position = callee.port.position + between;
    return number;
  }

  /** Hands one event to all of them; says how many get it. */
  handToAll(
    sender: Peer,
    receivers: readonly Peer[],
    frame: Buffer,
  ): { accepted: number; dropped: number } {
    let dropped = 0;
    for (const peer of receivers) {
      this.traffic.went(peer.row, Kind.event, frame.length);
      dropped += this.delivery.hand(sender, peer, frame);
    }
    return { accepted: receivers.length - dropped, dropped };
  }

  /** Tells the caller of an open call, where there still is one, why there will be no answer. */
  answerFault(number: number, fault: Fault): void {
    const { caller, correlation, callee } = this.calls.at(number);
    if (caller === undefined) return;
    this.settled(caller, correlation, number);
    this.sendFault(caller, correlation, fault, callee === this.nobody ? undefined : callee);
  }

  /** The caller no longer waits: the callee is told, its answer will be dropped. */
  abandon(number: number): void {
    const { callee, position } = this.calls.at(number);
    if (callee === this.nobody) {
      this.room.remove(number);
      this.calls.end(number);
      return;
    }
    this.calls.abandon(number);
    if (callee === undefined) return;
    this.notices.sendUrgent(callee, emptyFrame(Kind.cancel, 0, number), position);
  }

  sendFault(caller: Peer, correlation: number, fault: Fault, about?: Peer): void {
    const frame = emptyFrame(Kind.fault, 0, correlation);
    setCode(frame, 0, fault);
    if (about !== undefined) {
      this.notices.introduce(about, caller);
      setSource(frame, 0, about.location.id);
    }
    this.notices.send(caller, frame);
  }

  /** One of the calls behind a correlation is over. */
  settled(caller: Peer, correlation: number, number: number): void {
    const asked = caller.asked[correlation];
    if (typeof asked === "object" && asked.length > 1) asked.splice(asked.indexOf(number), 1);
    else caller.asked[correlation] = undefined;
  }
}

/** The calls of a peer under one of its correlations. */
export function numbersIn(asked: number | number[] | undefined): readonly number[] {
  return typeof asked === "number" ? [asked] : (asked ?? []);
}

function nobody(traffic: Traffic): Peer {
  const nothing = (): void => {};
  const port: PeerPort = {
    queuedBytes: 0,
    position: 0,
    push: nothing,
    pushUrgent: nothing,
    close: nothing,
  };
  const name = "nobody";
  const location: Location = { id: 0, app: "", role: "peer", name, index: 0, pid: 0, epoch: 0 };
  return new Peer(location, port, false, traffic.begin());
}
