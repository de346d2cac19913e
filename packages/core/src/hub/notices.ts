import type { PeerChange } from "@elpis/api";
import {
  BodyCodec,
  emptyFrame,
  Flag,
  HEADER_BYTES,
  Kind,
  protocolError,
  setFlags,
  setSource,
  writeHeader,
} from "@elpis/protocol";
import type { Topic } from "./directory.ts";
import type { Peer } from "./peer.ts";

/** The frames that the hub makes itself: who is there, who came and went, what a number means. */
export class Notices {
  readonly #codec = new BodyCodec();
  readonly #peers: ReadonlyMap<number, Peer>;
  readonly #maxQueueBytes: number;
  readonly #onChange: (change: PeerChange) => void;

  constructor(
    peers: ReadonlyMap<number, Peer>,
    maxQueueBytes: number,
    onChange: (change: PeerChange) => void,
  ) {
    this.#peers = peers;
    this.#maxQueueBytes = maxQueueBytes;
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
    if (to.port.queuedBytes > this.#maxQueueBytes) return closeSlow(to);
    to.framesOut++;
    to.bytesOut += frame.length;
    to.port.push(frame);
  }

  /** Makes sure that `to` can name `peer`. */
  introduce(peer: Peer, to: Peer): void {
    const { id } = peer.location;
    if (to.knows.has(id)) return;
    to.knows.add(id);
    this.send(to, this.#peerFrame(peer));
  }

  nameTopic(to: Peer, topic: Topic): void {
    this.send(to, this.#codec.frame(topic.name, Kind.topic, topic.id, 0, 0, 0));
  }

  /** Tells watchers of a change, and of a departure also those who could name the peer. */
  changed(type: PeerChange["type"], peer: Peer): void {
    const { id } = peer.location;
    for (const other of this.#peers.values()) {
      if (type === "left") {
        if (!other.knows.delete(id)) continue;
        const frame = emptyFrame(Kind.peerGone);
        setSource(frame, 0, id);
        this.send(other, frame);
      } else if (other.watching) {
        other.knows.add(id);
        this.send(other, this.#peerFrame(peer));
      }
    }
    this.#onChange({ type, peer: peer.info });
  }

  /** Answers who is there; with the flag `watch`, changes follow. */
  list(to: Peer, correlation: number, flags: number): void {
    const peers = [...this.#peers.values()];
    if ((flags & Flag.watch) !== 0) {
      to.watching = true;
      for (const peer of peers) to.knows.add(peer.location.id);
    }
    const infos = peers.map((peer) => peer.info);
    this.send(to, this.#codec.frame(infos, Kind.reply, 0, correlation, 0, 0));
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
    if (peer.ready) setFlags(frame, 0, Flag.ready);
    return frame;
  }
}

/** Ends the connection to a peer that does not read what is owed to it. */
export function closeSlow({ port }: Peer): void {
  const reason = `${port.queuedBytes} bytes wait for a peer that does not read them`;
  port.close("ELPIS_HUB_SLOW_PEER", reason);
}
