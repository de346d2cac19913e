import type { Location, PeerInfo } from "@elpis/api";
import type { Route, Topic } from "./directory.ts";

/** What the router needs of the connection to a peer. */
export interface PeerPort {
  /** Bytes that wait for this peer. */
  readonly queuedBytes: number;
  /** Adds bytes that are not touched any more: whole frames, or parts of one in order. */
  push(bytes: Buffer): void;
  /** Ends the connection and says why. */
  close(code: string, reason: string): void;
}

/** A peer as the router keeps it. */
export class Peer {
  readonly location: Location;
  readonly port: PeerPort;
  ready: boolean;
  /** Told of every change among the peers. */
  watching = false;
  readonly routes: Array<Route | undefined> = [];
  readonly listens: Set<Topic> = new Set();
  readonly handles: Set<Topic> = new Set();
  /** Numbers of the peers that this one can name. */
  readonly knows: Set<number> = new Set();
  /** What it asked and has no answer to yet, by the correlation it chose: a call, or the calls of a map. */
  readonly asked: Array<number | number[] | undefined> = [];
  /** Calls it was given and has not answered. */
  openCalls = 0;

  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Frames that were not delivered to it because too much waited already. */
  dropped = 0;

  constructor(location: Location, port: PeerPort, ready: boolean) {
    this.location = location;
    this.port = port;
    this.ready = ready;
  }

  get info(): PeerInfo {
    return { ...this.location, ready: this.ready };
  }
}

/** Everything about a peer for whoever looks at the hub. */
export interface PeerStats extends PeerInfo {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly queuedBytes: number;
  readonly openCalls: number;
  readonly dropped: number;
}

/** The counters of one peer. */
export function peerStats(peer: Peer): PeerStats {
  const { framesIn, framesOut, bytesIn, bytesOut, openCalls, dropped } = peer;
  const { queuedBytes } = peer.port;
  return { ...peer.info, framesIn, framesOut, bytesIn, bytesOut, queuedBytes, openCalls, dropped };
}
