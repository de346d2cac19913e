import { Kind, kindOf, sizeOf, topicOf } from "@elpis/protocol";
import type { RouterCounters } from "./counters.ts";
import type { Lanes } from "./lanes.ts";
import type { HubLimits } from "./limits.ts";
import type { Losses } from "./losses.ts";
import { closeSlow, type Notices } from "./notices.ts";
import type { Peer } from "./peer.ts";
import { EVENT, type Traffic } from "./traffic.ts";

/** Up to this part of what may wait for a peer, nobody looks at it. */
const LOW_PART = 32;
/** How many events are kept for a listener that wants the latest ones, and their bytes. */
const MAX_LATEST = 64;
const MAX_LATEST_BYTES = 1024 * 1024;

/** An event for a listener that wants the latest ones. */
interface Latest {
  readonly sender: Peer;
  readonly frame: Buffer;
}

/** A receiver for which more waits than usual. */
interface HeldUp {
  readonly latest: Latest[];
  latestBytes: number;
}

/** The parts of the router that delivery works with. */
export interface DeliveryParts {
  readonly limits: HubLimits;
  readonly notices: Notices;
  readonly traffic: Traffic;
  readonly counters: RouterCounters;
  readonly lanes: Lanes;
  readonly losses: Losses;
}

/** Hands bytes to receivers, and decides what becomes of them when a receiver does not read fast enough. */
export class Delivery {
  readonly #limits: HubLimits;
  readonly #notices: Notices;
  readonly #traffic: Traffic;
  readonly #counters: RouterCounters;
  readonly #lanes: Lanes;
  readonly #losses: Losses;
  readonly #lowBytes: number;
  /** Everybody for whom much waits, or did when it was last looked at. */
  readonly #heldUp = new Map<Peer, HeldUp>();
  /** What waits for all of those, or a little less; undefined when that has to be added up. */
  #total: number | undefined;
  #now = 0;

  constructor(parts: DeliveryParts) {
    this.#limits = parts.limits;
    this.#notices = parts.notices;
    this.#traffic = parts.traffic;
    this.#counters = parts.counters;
    this.#lanes = parts.lanes;
    this.#losses = parts.losses;
    this.#lowBytes = lowBytesOf(parts.limits);
  }

  /** Something is read now. */
  begin(nowMs: number): void {
    this.#now = nowMs;
    this.#total = undefined;
  }

  /** Peers for which more waits than usual. */
  get heldUp(): number {
    return this.#heldUp.size;
  }

  /** Hands over whole frames of one sender. Returns how many of them the receiver will not get. */
  hand(sender: Peer, receiver: Peer, bytes: Buffer): number {
    const { port } = receiver;
    if (port.queuedBytes > this.#lowBytes || receiver.isHeldUp) {
      return this.#handToSlow(sender, receiver, bytes);
    }
    if (!receiver.knows(sender.location.id)) this.#notices.introduce(sender, receiver);
    port.push(bytes);
    return 0;
  }

  /** Hands over one large frame in pieces; whether the receiver gets it. */
  handPieces(sender: Peer, receiver: Peer, pieces: readonly Buffer[]): boolean {
    const first = pieces[0] as Buffer;
    const whole =
      receiver.port.queuedBytes > this.#lowBytes || receiver.isHeldUp
        ? Buffer.concat(pieces)
        : first;
    if (this.hand(sender, receiver, whole) > 0) return false;
    if (whole === first) for (const piece of pieces.slice(1)) receiver.port.push(piece);
    return true;
  }

  /** Whether so much waits for a peer that nobody should ask it anything. */
  isOverloaded({ port, isHeldUp }: Peer): boolean {
    const waiting = port.queuedBytes;
    if (waiting <= this.#lowBytes && !isHeldUp) return false;
    return waiting > this.#allowance(1);
  }

  /** Whether so much waits for a peer that it gets nothing any more, whatever is owed to it. */
  isBeyondHelp(peer: Peer): boolean {
    const waiting = peer.port.queuedBytes;
    if (waiting <= 2 * this.#lowBytes) return false;
    this.watch(peer);
    return waiting > 2 * this.#allowance(2);
  }

  /** Less waits for the peer: what was kept for it goes on, and those who send to it may send more. */
  drained(peer: Peer): void {
    this.#total = undefined;
    if (peer.port.queuedBytes <= this.#lowBytes) this.#release(peer);
  }

  #release(peer: Peer): void {
    this.#lanes.opened(peer);
    const held = this.#heldUp.get(peer);
    if (held === undefined) return;
    this.#heldUp.delete(peer);
    peer.isHeldUp = false;
    for (const { sender, frame } of held.latest) {
      this.#notices.introduce(sender, peer);
      peer.port.push(frame);
    }
  }

  forget(peer: Peer): void {
    this.#total = undefined;
    this.#heldUp.delete(peer);
    for (const [receiver, held] of this.#heldUp) {
      // Nobody could be told who sent it.
      for (let at = held.latest.length - 1; at >= 0; at--) {
        const { sender, frame } = held.latest[at] as Latest;
        if (sender !== peer) continue;
        held.latestBytes -= frame.length;
        held.latest.splice(at, 1);
        this.#countLost(receiver, frame);
      }
    }
  }

  /** Marks a peer as one to be told of when its queue is short again. */
  watch(peer: Peer): void {
    if (peer.isHeldUp) return;
    peer.isHeldUp = true;
    this.#heldUp.set(peer, { latest: [], latestBytes: 0 });
    this.#count(peer.port.queuedBytes);
  }

  /** What may wait for one peer now: less when for all together more waits than so many times what may. */
  #allowance(times: number): number {
    const { maxTotalQueueBytes, maxPeerQueueBytes } = this.#limits;
    this.#total ??= this.#addUp();
    return this.#total > times * maxTotalQueueBytes ? this.#lowBytes : maxPeerQueueBytes;
  }

  #addUp(): number {
    let total = 0;
    for (const [{ port }, { latestBytes }] of this.#heldUp) {
      total += port.queuedBytes + latestBytes;
    }
    return total;
  }

  /** Adding up costs as much as there are peers that are held up: once for all that is read together. */
  #count(bytes: number): void {
    if (this.#total !== undefined) this.#total += bytes;
  }

  /** A peer that does not read loses events; answers are owed to it, but not without end. */
  #handToSlow(sender: Peer, receiver: Peer, bytes: Buffer): number {
    const { port } = receiver;
    this.watch(receiver);
    if (this.isBeyondHelp(receiver)) {
      closeSlow(receiver);
      return count(bytes);
    }
    this.#notices.introduce(sender, receiver);
    const allowance = this.#allowance(1);
    const before = port.queuedBytes;
    let lost = 0;
    for (let at = 0; at < bytes.length; at += sizeOf(bytes, at)) {
      const frame = bytes.subarray(at, at + sizeOf(bytes, at));
      if (kindOf(frame, 0) !== Kind.event) port.push(frame);
      else if (!this.#handEvent(sender, receiver, frame, allowance)) lost++;
    }
    this.#count(port.queuedBytes - before);
    // The connection may have caught up while nobody was told of it.
    if (port.queuedBytes <= this.#lowBytes) this.#release(receiver);
    return lost;
  }

  #handEvent(sender: Peer, receiver: Peer, frame: Buffer, allowance: number): boolean {
    const rule = receiver.ruleFor(topicOf(frame, 0));
    if (rule === "drop-old") return this.#keepLatest(sender, receiver, frame, allowance);
    if (receiver.port.queuedBytes <= allowance) {
      receiver.port.push(frame);
      return true;
    }
    if (rule === "disconnect") closeSlow(receiver);
    this.#lose(sender, receiver, frame);
    return false;
  }

  /** Keeps the order among those that are kept: once one is, all are. */
  #keepLatest(sender: Peer, receiver: Peer, frame: Buffer, allowance: number): boolean {
    const held = this.#heldUp.get(receiver);
    if (
      held === undefined ||
      (held.latest.length === 0 && receiver.port.queuedBytes <= allowance)
    ) {
      receiver.port.push(frame);
      return true;
    }
    // A copy, because the bytes around it would be kept as well.
    held.latest.push({ sender, frame: Buffer.from(frame) });
    const before = held.latestBytes;
    held.latestBytes += frame.length;
    const maxBytes = Math.min(MAX_LATEST_BYTES, allowance);
    while (
      held.latest.length > MAX_LATEST ||
      (held.latestBytes > maxBytes && held.latest.length > 1)
    ) {
      const oldest = held.latest.shift() as Latest;
      held.latestBytes -= oldest.frame.length;
      this.#lose(oldest.sender, receiver, oldest.frame);
    }
    this.#count(held.latestBytes - before);
    return true;
  }

  #lose(sender: Peer, receiver: Peer, frame: Buffer): void {
    this.#countLost(receiver, frame);
    this.#losses.add(sender, receiver, topicOf(frame, 0), this.#now);
  }

  #countLost(receiver: Peer, frame: Buffer): void {
    this.#counters.dropped++;
    this.#traffic.dropped(receiver.row, EVENT, frame.length);
  }
}

function count(bytes: Buffer): number {
  let frames = 0;
  for (let at = 0; at < bytes.length; at += sizeOf(bytes, at)) frames++;
  return frames;
}

/** Up to so much may wait for a peer as if it were nothing, in bytes. */
export function lowBytesOf({ maxPeerQueueBytes }: HubLimits): number {
  return Math.floor(maxPeerQueueBytes / LOW_PART);
}
