import { type Capability, capability } from "./capability.ts";
import type { PeerInfo } from "./location.ts";

/** What went to and from one peer in one class, since it joined. */
export interface TrafficFigures {
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesOut: number;
  readonly bytesOut: number;
  /** Frames that were not delivered to it because too much waited. */
  readonly dropped: number;
}

/** One peer, as the hub sees it. */
export interface PeerFigures extends PeerInfo {
  /** By class: `control`, `call`, `event`, `stream`. */
  readonly classes: Readonly<Record<string, TrafficFigures>>;
  /** Bytes that wait for it. */
  readonly queuedBytes: number;
  /** Calls it was given and has not answered. */
  readonly openCalls: number;
  /** Calls it made and has no answer to. */
  readonly askedCalls: number;
}

/** What a hub counts, since its start. */
export interface HubFigures {
  readonly peers: readonly PeerFigures[];
  readonly openCalls: number;
  /** How long calls took, in milliseconds. */
  readonly latency: {
    readonly count: number;
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  /** Connections that ended, by code. */
  readonly closes: Readonly<Record<string, number>>;
  /** Answers that came after their call was over, and answers to nothing that was asked. */
  readonly late: number;
  readonly stray: number;
  /** Deadlines that passed at the hub. */
  readonly expired: number;
  /** Requests that were refused, and events that were dropped, because too much waited. */
  readonly overloaded: number;
  readonly dropped: number;
  /** Events that nobody listened to, and messages that were kept for somebody who was not there. */
  readonly unheard: number;
  readonly kept: number;
}

/** Given by the hub to the plugins of the process that hosts it, mostly the master. */
export const hubFigures: Capability<{ read(): HubFigures }> = capability<{ read(): HubFigures }>(
  "elpis.hub-figures",
);
