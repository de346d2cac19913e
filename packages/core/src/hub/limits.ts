import { MAX_FRAME_BYTES } from "@elpis/protocol";

/** What a hub bounds. All are per hub unless they say otherwise. */
export interface HubLimits {
  /** Largest message, header included, in bytes. @default 1048576 */
  readonly maxFrameBytes: number;
  /** What may wait for one peer, in bytes; beyond it events are dropped and requests refused. @default 8388608 */
  readonly maxPeerQueueBytes: number;
  /** What may wait for all peers together, in bytes; beyond it those for whom most waits are refused more. @default 67108864 */
  readonly maxTotalQueueBytes: number;
  /** Messages that may be kept for peers that are not there yet. @default 1024 */
  readonly maxKept: number;
  /** Their bytes. @default 4194304 */
  readonly maxKeptBytes: number;
  /** Requests that one peer may have asked, or been given, without an answer. @default 65536 */
  readonly maxCallsPerPeer: number;
  /** Topics. @default 65536 */
  readonly maxTopics: number;
  /** Connections from outside that have not proved who they are; more wait in line. @default 32 */
  readonly maxHalfOpen: number;
  /** Connections from outside, half-open ones and those in line included. @default 1024 */
  readonly maxConnections: number;
  /** How long a peer has to prove who it is, in milliseconds. @default 1000 */
  readonly handshakeTimeoutMs: number;
}

export const DEFAULT_LIMITS: HubLimits = {
  maxFrameBytes: MAX_FRAME_BYTES,
  maxPeerQueueBytes: 8 * 1024 * 1024,
  maxTotalQueueBytes: 64 * 1024 * 1024,
  maxKept: 1024,
  maxKeptBytes: 4 * 1024 * 1024,
  maxCallsPerPeer: 65_536,
  maxTopics: 65_536,
  maxHalfOpen: 32,
  maxConnections: 1024,
  handshakeTimeoutMs: 1000,
};
