import type { Location, PeerChange } from "@elpis/api";
import {
  bodyEnd,
  bodyStart,
  correlationOf,
  emptyFrame,
  Flag,
  flagsOf,
  Kind,
  kindName,
  MAX_LISTENS,
  MAX_ROUTES,
  protocolError,
  readRoute,
  readTopic,
  topicOf,
} from "@elpis/protocol";
import { Directory, Route, type Topic } from "./directory.ts";
import type { HubLimits } from "./limits.ts";
import { Notices } from "./notices.ts";
import { Peer, type PeerPort } from "./peer.ts";

/** Who is there and who listens to what: everything that frames other than messages change. */
export class Membership {
  readonly peers: ReadonlyMap<number, Peer>;
  readonly notices: Notices;
  readonly #peers = new Map<number, Peer>();
  readonly #directory: Directory;
  #nextId = 1;

  constructor(limits: HubLimits, onChange: (change: PeerChange) => void) {
    this.peers = this.#peers;
    this.#directory = new Directory(limits.maxTopics);
    this.notices = new Notices(this.#peers, 2 * limits.maxPeerQueueBytes, onChange);
  }

  /** A peer number that was never given before. */
  reserveId(): number {
    return this.#nextId++;
  }

  join(location: Location, port: PeerPort, ready: boolean): Peer {
    const peer = new Peer(location, port, ready);
    this.#peers.set(location.id, peer);
    this.notices.changed("joined", peer);
    return peer;
  }

  /** Takes the peer out of every audience; whether it was there. The caller tells the others. */
  leave(peer: Peer): boolean {
    if (!this.#peers.delete(peer.location.id)) return false;
    this.#directory.forget(peer);
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
    const { topic, to } = readRoute(this.#body(chunk, at));
    const route = new Route(sender, this.#topic(topic), to, this.#directory);
    const replaced = sender.routes[number];
    sender.routes[number] = route;
    this.#directory.retain(route.topic);
    if (replaced !== undefined) this.#directory.release(replaced.topic);
  }

  #listen(sender: Peer, chunk: Buffer, at: number): void {
    if (sender.listens.size + sender.handles.size >= MAX_LISTENS) {
      throw protocolError(`a peer listens to more than ${MAX_LISTENS} topics`);
    }
    const topic = this.#topic(readTopic(this.#body(chunk, at)));
    this.notices.nameTopic(sender, topic);
    this.#directory.listen(sender, topic, isHandler(chunk, at));
  }

  #unlisten(sender: Peer, chunk: Buffer, at: number): void {
    const topic = this.#directory.find(readTopic(this.#body(chunk, at)));
    if (topic !== undefined) this.#directory.unlisten(sender, topic, isHandler(chunk, at));
  }

  #setReady(sender: Peer, ready: boolean): void {
    if (sender.ready === ready) return;
    sender.ready = ready;
    this.#directory.version++;
    this.notices.changed("changed", sender);
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

function isHandler(chunk: Buffer, at: number): boolean {
  return (flagsOf(chunk, at) & Flag.handler) !== 0;
}
