import type { Location } from "@elpis/api";

/** A job as its producer describes it. */
export interface JobSpec {
  readonly topic: string;
  /** Unique within its topic. */
  readonly id: string;
  /** Packed by the producer; nobody but a worker reads it. */
  readonly payload: Uint8Array;
  /** What the producer has travel with it, for whoever follows it. */
  readonly extension?: Uint8Array;
  readonly maxAttempts: number;
  readonly ackDeadlineMs: number;
  readonly delayMs: number;
  /** When it was enqueued, in milliseconds since 1970; the queue does not look at it. */
  readonly atMs: number;
  /** Who enqueued it. */
  readonly from: Location;
}

/**
 * Where a job is. `held`: not yet on disk, so nobody may work on it and its producer was promised nothing;
 * `gone`: not in the queue any more.
 */
type JobState = "held" | "delayed" | "waiting" | "working" | "dead" | "gone";

/** A job in the queue. Only the queue writes to it, except for `durable`. */
export interface Job extends JobSpec {
  /** Its place in the table of the queue. */
  readonly slot: number;
  /** Rises with every job: who came first. */
  readonly order: number;
  /** When it may be handed out, on the clock of the queue. */
  dueMs: number;
  state: JobState;
  /** How often it was handed out. */
  attempts: number;
  /** Whether what becomes of it is written to the journal. */
  durable: boolean;
  /** Why it was given up; empty unless it is dead. */
  reason: string;
  /** Rises with every job that is given up. */
  grave: number;
  /** Number of the hand-out under way. */
  delivery: number;
  worker: Worker | undefined;
}

/** One that takes jobs of one topic. */
export interface Worker {
  readonly number: number;
  readonly topic: string;
  /** By number of the hand-out; undefined when the job was taken back and the worker has not yet let go of it. */
  readonly deliveries: Map<number, Job | undefined>;
  /** How many it works on at most; 0 when it wants no more. */
  concurrency: number;
  /** Whether it stands in the row of those that can take one. */
  isInRow: boolean;
}
