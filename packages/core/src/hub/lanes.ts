import { emptyFrame, Flag, Kind, setFlags, setRemaining, setSource } from "@elpis/protocol";
import type { Notices } from "./notices.ts";
import type { Peer } from "./peer.ts";

/** Credit is granted in lots, so that it costs little; both are a quarter of the lane. */
const LOT_MESSAGES = 64;
const LOT_BYTES = 256 * 1024;

/** What one peer has sent to one other and was not given credit for again. */
interface Owed {
  messages: number;
  bytes: number;
}

/**
 * Credit for events to one peer. The hub grants it on the receiver's behalf, by what waits for the receiver: whoever sends
 * to a peer that does not read is held back, and nobody else. Every event that came is granted for once, whether it was
 * delivered or not.
 */
export class Lanes {
  readonly #notices: Notices;
  /** By receiver, then sender. */
  readonly #owed = new Map<Peer, Map<Peer, Owed>>();
  readonly #lowBytes: number;

  /** @param lowBytes up to so much may wait for a receiver while credit is given */
  constructor(notices: Notices, lowBytes: number) {
    this.#notices = notices;
    this.#lowBytes = lowBytes;
  }

  /** Lanes with credit that is still owed. */
  get size(): number {
    let size = 0;
    for (const senders of this.#owed.values()) size += senders.size;
    return size;
  }

  /** Events that were on their way from `sender` to `receiver`. Whether the credit has to wait. */
  passed(sender: Peer, receiver: Peer, messages: number, bytes: number): boolean {
    this.#notices.introduce(receiver, sender);
    const owed = this.#lane(sender, receiver);
    owed.messages += messages;
    owed.bytes += bytes;
    if (receiver.port.queuedBytes > this.#lowBytes) return true;
    if (owed.messages >= LOT_MESSAGES || owed.bytes >= LOT_BYTES) {
      this.#owed.get(receiver)?.delete(sender);
      this.#grant(sender, receiver, owed);
    }
    return false;
  }

  /** Little waits for the receiver: everybody who sent to it may go on. */
  opened(receiver: Peer): void {
    const senders = this.#owed.get(receiver);
    if (senders === undefined) return;
    this.#owed.delete(receiver);
    for (const [sender, owed] of senders) this.#grant(sender, receiver, owed);
  }

  forget(peer: Peer): void {
    this.#owed.delete(peer);
    for (const senders of this.#owed.values()) senders.delete(peer);
  }

  /** Gives credit back at once, as for events that the receiver does not listen to. */
  giveBack(sender: Peer, receiver: Peer, messages: number, bytes: number): void {
    this.#notices.introduce(receiver, sender);
    this.#grant(sender, receiver, { messages, bytes });
  }

  #lane(sender: Peer, receiver: Peer): Owed {
    let senders = this.#owed.get(receiver);
    if (senders === undefined) {
      senders = new Map();
      this.#owed.set(receiver, senders);
    }
    let owed = senders.get(sender);
    if (owed === undefined) {
      owed = { messages: 0, bytes: 0 };
      senders.set(sender, owed);
    }
    return owed;
  }

  #grant(sender: Peer, receiver: Peer, { messages, bytes }: Owed): void {
    const frame = emptyFrame(Kind.credit, messages);
    setFlags(frame, 0, Flag.lane);
    setSource(frame, 0, receiver.location.id);
    setRemaining(frame, 0, bytes);
    this.#notices.sendUrgent(sender, frame, 0);
  }
}
