import type { PeerChange } from "@elpis/api";
import {
  BodyCodec,
  emptyFrame,
  Flag,
  HEADER_BYTES,
  Kind,
  kindOf,
  protocolError,
  setFlags,
  setSource,
  writeHeader,
} from "@elpis/protocol";
import type { Topic } from "./directory.ts";
import type { Peer } from "./peer.ts";
import type { Traffic } from "./traffic.ts";

/** The frames that the hub makes itself: who is there, who came and went, what a number means. */
export class Notices {
  readonly #codec = new BodyCodec();
  readonly #peers: ReadonlyMap<number, Peer>;
  readonly #traffic: Traffic;
  readonly #isBeyondHelp: (peer: Peer) => boolean;
  readonly #onChange: (change: PeerChange) => void;

  constructor(
    peers: ReadonlyMap<number, Peer>,
    traffic: Traffic,
    isBeyondHelp: (peer: Peer) => boolean,
    onChange: (change: PeerChange) => void,
  ) {
    this.#peers = peers;
    this.#traffic = traffic;
    this.#isBeyondHelp = isBeyondHelp;
    this.#onChange = onChange;
  }

  /** The body of a control frame. */
  unpack(chunk: Buffer, start: number, end: number): unknown {
    try {
      return this.#codec.unpack(chunk, start, end);
    } catch (cause) {
      throw protocolError("the body of a control frame is not msgpack", { cause: String(cause) });
    }
  }

  /** What the hub itself has to say is owed to a peer, but not without end. */
  send(to: Peer, frame: Buffer): void {
    if (this.#isBeyondHelp(to)) return closeSlow(to);
    this.#traffic.went(to.row, kindOf(frame, 0), frame.length);
    to.port.push(frame);
  }

  /** As {@link send}, ahead of what waits, but behind what was pushed before the position `after`. */
  sendUrgent(to: Peer, frame: Buffer, after: number): void {
    if (this.#isBeyondHelp(to)) return closeSlow(to);
    this.#traffic.went(to.row, kindOf(frame, 0), frame.length);
    to.port.pushUrgent(frame, after);
  }

  /** Answers a call that the hub itself was asked. */
  reply(to: Peer, correlation: number, body: unknown): void {
    this.send(to, this.#codec.frame(body, Kind.reply, 0, correlation, 0, 0));
  }

  /** Tells a peer that another one is not there. */
  gone(to: Peer, id: number): void {
    const frame = emptyFrame(Kind.peerGone);
    setSource(frame, 0, id);
    this.send(to, frame);
  }

  /** Makes sure that `to` can name `peer`. */
  introduce(peer: Peer, to: Peer): void {
    const { id } = peer.location;
    if (to.learn(id)) this.send(to, this.#peerFrame(peer));
  }

  /** Makes sure that `to` can read records of `peer`. */
  shareRecords(peer: Peer, to: Peer): void {
    const { id } = peer.location;
    const known = to.recordsKnown(id);
    if (known === peer.records.length) return;
    this.introduce(peer, to);
    to.learnRecords(id, peer.records.length);
    for (const frame of peer.records.slice(known)) this.send(to, frame);
  }

  nameTopic(to: Peer, topic: Topic): void {
    this.send(to, this.#codec.frame(topic.name, Kind.topic, topic.id, 0, 0, 0));
  }

  /** Tells watchers of a change, and of a departure also those who could name the peer. */
  changed(type: PeerChange["type"], peer: Peer): void {
    const { id } = peer.location;
    let frame: Buffer | undefined;
    for (const other of this.#peers.values()) {
      if (type === "left") {
        if (other.unlearn(id)) this.gone(other, id);
      } else if (other.watching) {
        other.learn(id);
        frame ??= this.#peerFrame(peer);
        this.send(other, frame);
      }
    }
    this.#onChange({ type, peer: peer.info });
  }

  /** Answers who is there; with the flag `watch`, changes follow. */
  list(to: Peer, correlation: number, flags: number): void {
    const peers = [...this.#peers.values()];
    if ((flags & Flag.watch) !== 0) {
      to.watching = true;
      for (const peer of peers) to.learn(peer.location.id);
    }
    const infos = peers.map((peer) => peer.info);
    this.reply(to, correlation, infos);
  }

  /** Tells who asks a map which peers will each answer it. */
  plan(to: Peer, correlation: number, callees: readonly Peer[]): void {
    const frame = Buffer.alloc(HEADER_BYTES + 4 * callees.length);
    writeHeader(frame, 0, frame.length, Kind.mapPlan, 0, correlation, 0, 0);
    for (const [index, callee] of callees.entries()) {
      this.introduce(callee, to);
      frame.writeUInt32LE(callee.location.id, HEADER_BYTES + 4 * index);
    }
    this.send(to, frame);
  }

  #peerFrame(peer: Peer): Buffer {
    const frame = this.#codec.frame(peer.location, Kind.peer, 0, 0, 0, 0);
    setFlags(frame, 0, (peer.ready ? Flag.ready : 0) | (peer.readsRecords ? Flag.reads : 0));
    return frame;
  }
}

/** Ends the connection to a peer that does not read what is owed to it. */
export function closeSlow({ port }: Peer): void {
  const reason = `${port.queuedBytes} bytes wait for a peer that does not read them`;
  port.close("ELPIS_HUB_SLOW_PEER", reason);
}
