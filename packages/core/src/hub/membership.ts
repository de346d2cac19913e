import type { Location, PeerChange } from "@elpis/api";
import {
  bodyEnd,
  bodyStart,
  correlationOf,
  emptyFrame,
  Flag,
  flagsOf,
  HUB_TOPIC_PREFIX,
  Kind,
  kindName,
  MAX_LISTENS,
  MAX_RECORDS,
  MAX_ROUTES,
  protocolError,
  readRecord,
  readRoute,
  readTopic,
  setSource,
  sizeOf,
  topicOf,
} from "@elpis/protocol";
import { Directory, Route, type Topic } from "./directory.ts";
import type { HubLimits } from "./limits.ts";
import { Notices } from "./notices.ts";
import { type OverflowRule, Peer, type PeerPort, type Traits } from "./peer.ts";
import type { Traffic } from "./traffic.ts";

/** A record that is larger costs more than it saves. */
const MAX_RECORD_BYTES = 4096;

export interface MembershipSettings {
  readonly limits: HubLimits;
  readonly traffic: Traffic;
  readonly onChange: (change: PeerChange) => void;
  /** In [0, 1). */
  readonly random: () => number;
  /** The number of the first peer. */
  readonly firstId: number;
  /** Whether so much waits for a peer that it gets nothing any more. */
  readonly isBeyondHelp: (peer: Peer) => boolean;
}

/** Who is there and who listens to what: everything that frames other than messages change. */
export class Membership {
  readonly peers: ReadonlyMap<number, Peer>;
  readonly notices: Notices;
  readonly #peers = new Map<number, Peer>();
  readonly #directory: Directory;
  readonly #traffic: Traffic;
  #nextId: number;

  constructor(settings: MembershipSettings) {
    const { limits, traffic, onChange, random, firstId, isBeyondHelp } = settings;
    this.peers = this.#peers;
    this.#traffic = traffic;
    this.#nextId = firstId;
    this.#directory = new Directory(limits.maxTopics, random);
    this.notices = new Notices(this.#peers, traffic, isBeyondHelp, onChange);
  }

  /** Topics that somebody needs. */
  get topics(): number {
    return this.#directory.size;
  }

  /** A peer number that was never given before. */
  reserveId(): number {
    return this.#nextId++;
  }

  /** The topic is needed, whatever becomes of the routes to it. */
  retain(topic: Topic): void {
    this.#directory.retain(topic);
  }

  release(topic: Topic): void {
    this.#directory.release(topic);
  }

  join(location: Location, port: PeerPort, ready: boolean, traits: Traits): Peer {
    const peer = new Peer(location, port, ready, this.#traffic.begin(), traits);
    this.#peers.set(location.id, peer);
    this.notices.changed("joined", peer);
    return peer;
  }

  /** Takes the peer out of every audience; whether it was there. The caller tells the others. */
  leave(peer: Peer): boolean {
    if (!this.#peers.delete(peer.location.id)) return false;
    this.#directory.forget(peer);
    this.#traffic.end(peer.row);
    return true;
  }

  /**
   * Carries out a frame that is no message.
   * @throws ELPIS_PROTOCOL_INVALID
   */
  control(sender: Peer, chunk: Buffer, at: number, kind: number): void {
    switch (kind) {
      case Kind.route:
        return this.#declareRoute(sender, chunk, at);
      case Kind.listen:
        return this.#listen(sender, chunk, at);
      case Kind.unlisten:
        return this.#unlisten(sender, chunk, at);
      case Kind.record:
        return this.#declareRecord(sender, chunk, at);
      case Kind.state:
        return this.#setReady(sender, (flagsOf(chunk, at) & Flag.ready) !== 0);
      case Kind.peers:
        return this.notices.list(sender, correlationOf(chunk, at), flagsOf(chunk, at));
      case Kind.ping:
        return this.notices.send(sender, emptyFrame(Kind.pong, 0, correlationOf(chunk, at)));
      case Kind.pong:
        return;
      case Kind.goodbye:
        return sender.port.close("ELPIS_HUB_CLOSED", "the peer left");
      default:
        throw protocolError(`a peer may not send ${kindName(kind)}`, { kind });
    }
  }

  #declareRoute(sender: Peer, chunk: Buffer, at: number): void {
    const number = topicOf(chunk, at);
    if (number >= MAX_ROUTES) {
      throw protocolError(`route number ${number} is over ${MAX_ROUTES - 1}`);
    }
    const { topic, to, balance } = readRoute(this.#body(chunk, at));
    const route = new Route(sender, { topic: this.#topic(topic), to, balance }, this.#directory);
    const replaced = sender.routes[number];
    sender.routes[number] = route;
    this.#directory.retain(route.topic);
    if (replaced !== undefined) this.#directory.release(replaced.topic);
  }

  /** Kept as it came, to be passed on to whoever gets a body that needs it. */
  #declareRecord(sender: Peer, chunk: Buffer, at: number): void {
    const size = sizeOf(chunk, at);
    const number = sender.records.length;
    if (topicOf(chunk, at) !== number || number >= MAX_RECORDS || size > MAX_RECORD_BYTES) {
      throw protocolError(`a record out of turn, or over ${MAX_RECORDS}, or too large`);
    }
    readRecord(this.#body(chunk, at));
    const frame = Buffer.from(chunk.subarray(at, at + size));
    setSource(frame, 0, sender.location.id);
    sender.addRecord(frame);
  }

  #listen(sender: Peer, chunk: Buffer, at: number): void {
    const name = readTopic(this.#body(chunk, at));
    const asHandler = isHandler(chunk, at);
    const isFull = sender.listens.size + sender.handles.size >= MAX_LISTENS;
    if (isFull && !this.#directory.knows(sender, name, asHandler)) {
      throw protocolError(`a peer listens to more than ${MAX_LISTENS} topics`);
    }
    if (asHandler && name.startsWith(HUB_TOPIC_PREFIX) && !sender.isHost) {
      throw protocolError(`only the hub itself handles ${HUB_TOPIC_PREFIX}*`, { topic: name });
    }
    const topic = this.#topic(name);
    this.notices.nameTopic(sender, topic);
    if (asHandler) this.#directory.handle(sender, topic, correlationOf(chunk, at) || 1);
    else this.#directory.listen(sender, topic, ruleOf(flagsOf(chunk, at)));
  }

  #unlisten(sender: Peer, chunk: Buffer, at: number): void {
    const topic = this.#directory.find(readTopic(this.#body(chunk, at)));
    if (topic !== undefined) this.#directory.unlisten(sender, topic, isHandler(chunk, at));
  }

  /** Takes a peer out of rotation, whatever it says of itself, or back in. Nothing happens when there is no such peer. */
  setAside(id: number, isAside: boolean): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) this.#changeReady(peer, () => (peer.isAside = isAside));
  }

  #setReady(sender: Peer, ready: boolean): void {
    this.#changeReady(sender, () => (sender.saysReady = ready));
  }

  #changeReady(peer: Peer, change: () => void): void {
    const before = peer.ready;
    change();
    if (peer.ready === before) return;
    this.#directory.touch(peer);
    this.notices.changed("changed", peer);
  }

  #topic(name: string): Topic {
    const topic = this.#directory.topic(name);
    if (topic === undefined) throw protocolError("there are too many topics", { topic: name });
    return topic;
  }

  #body(chunk: Buffer, at: number): unknown {
    return this.notices.unpack(chunk, bodyStart(chunk, at), bodyEnd(chunk, at));
  }
}

function ruleOf(flags: number): OverflowRule | undefined {
  if ((flags & Flag.disconnect) !== 0) return "disconnect";
  return (flags & Flag.dropOld) !== 0 ? "drop-old" : undefined;
}

function isHandler(chunk: Buffer, at: number): boolean {
  return (flagsOf(chunk, at) & Flag.handler) !== 0;
}
