import type { Off } from "@elpis/api";
import type { Store } from "../store/contract.ts";
import type { Delta, DeltaAnswer } from "./wire.ts";

/** The clocks of a sender. */
export interface SenderClock {
  /** Monotonic, in milliseconds. */
  now(): number;
  /** Milliseconds since 1970. */
  wallTime(): number;
  /** Calls `task` after `ms`, unless what it returns is called before. Should not keep a process alive. */
  after(ms: number, task: () => void): Off;
}

/** How deltas are sent. */
export interface DeltaSenderOptions {
  readonly store: Store;
  /** Hands a delta to the aggregator. Rejects when it cannot be known whether it was taken. */
  readonly send: (delta: Delta) => Promise<DeltaAnswer>;
  /** The longest time between two reports of anything, in milliseconds; levels may make it shorter. @default 5000 */
  readonly intervalMs?: number;
  /** How long one may be under way, in milliseconds; after that it is as if `send` had rejected. @default 10000 */
  readonly sendTimeoutMs?: number;
  /** About how large one may be, in bytes; what is more is sent in several. @default 262144 */
  readonly maxBytes?: number;
  /** Whether each one says everything, for a receiver that keeps only the last. @default false: what has changed */
  readonly isWhole?: boolean;
  /** When in the interval the first one is sent, from 0 to 1: spreads processes that start together. @default random */
  readonly phase?: number;
  readonly clock?: SenderClock;
  /** Told when sending begins to fail, and each time with another error; not for each failure. */
  readonly onProblem?: (error: Error) => void;
}

/** What a sender has done. */
export interface DeltaSenderStats {
  /** Deltas that were taken. */
  readonly taken: number;
  /** Sendings whose answer did not come, or was an error. */
  readonly failed: number;
  /** How often everything had to be sent again. */
  readonly resyncs: number;
  /** Whether one was sent of which it is not known whether it was taken. */
  readonly isInDoubt: boolean;
}

/**
 * Sends what changes in a store, at intervals. While nobody takes it, nothing is collected: what happens adds up in the store, so
 * that memory does not grow.
 */
export interface DeltaSender {
  /** Begins. */
  start(): void;
  /** Sends what there is now. Resolves with whether it was taken; never rejects. */
  flush(): Promise<boolean>;
  /** Somebody is there again to take deltas: tries at once. */
  reconnected(): void;
  /**
   * Sends what there is for the last time, and ends.
   *
   * @param timeoutMs how long to try, in milliseconds. @default 2000
   * @returns whether it was taken; never rejects
   */
  close(timeoutMs?: number): Promise<boolean>;
  stats(): DeltaSenderStats;
}
