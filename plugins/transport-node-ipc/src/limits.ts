/** What the door to node-ipc bounds. */
export interface DoorLimits {
  /** Largest message in either direction, in bytes of JSON. */
  readonly maxMessageBytes: number;
  /** Connections, those that have not proved themselves included. */
  readonly maxConnections: number;
}

/** Room for what the door itself has to say. */
export const LEAST: DoorLimits = { maxMessageBytes: 4096, maxConnections: 1 };

export const DEFAULT_LIMITS: DoorLimits = { maxMessageBytes: 1024 * 1024, maxConnections: 100 };

/** Connections that have not proved themselves; more are refused. */
export const MAX_HALF_OPEN = 32;
/** How long a client has to prove itself, in milliseconds. */
export const AUTH_MS = 1000;
/** How long a message may take from its first byte to its last, in milliseconds. */
export const INCOMPLETE_MS = 5000;
/** What may wait for one client, in bytes. Above half of it events are dropped and requests refused. */
export const MAX_PENDING_BYTES: number = 8 * 1024 * 1024;
/** Calls under way of one client, and to it. */
export const MAX_CALLS = 1024;
/** Levels of a value. */
export const MAX_DEPTH = 64;
/** How long a goodbye may take to leave, in milliseconds. */
export const FAREWELL_MS = 1000;
