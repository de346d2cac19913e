import type { EventContext } from "./client.ts";

/**
 * What an acknowledgement of {@link JobOptions.level | enqueue} means. `accepted`: the hub has it in memory; it survives
 * the death of every consumer. `durable`: it is on disk (fsync); it survives the death of the hub as well.
 */
export type JobLevel = "accepted" | "durable";

/** How a job is put in line. */
export interface JobOptions {
  /** @default "accepted" */
  readonly level?: JobLevel;
  /** Enqueued again under the same id, a job that is still known is not put in line twice. @default a random id */
  readonly id?: string;
  /** Not handed out before this many milliseconds have passed. @default 0 */
  readonly delayMs?: number;
  /** After so many attempts that were not acknowledged it becomes a dead letter. @default 5 */
  readonly maxAttempts?: number;
  /** How long a worker has to acknowledge or to say that it is at it, in milliseconds. @default 30000 */
  readonly ackDeadlineMs?: number;
  /** How long to wait for the acknowledgement of the hub, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
}

/** The hub has the job. */
export interface JobReceipt {
  readonly id: string;
  /** A job with this id was there already; nothing was added. */
  readonly duplicate: boolean;
}

/** What a worker learns besides the payload. */
export interface JobContext extends EventContext {
  readonly id: string;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** Aborted when the job was taken away: its deadline passed, or the link to the hub broke. */
  readonly signal: AbortSignal;
  /** Says that it is still being worked on: the deadline begins anew. */
  inProgress(): void;
  /** Throws what makes the hub hand the job out again, after `delayMs`. */
  retry(delayMs?: number): never;
}

/**
 * Does a job. When it returns (or resolves) the job is acknowledged and never comes again; when it throws it comes again
 * after a pause. At least once: a job may come again though it was done, with the same id.
 */
export type JobHandler<Payload> = (payload: Payload, context: JobContext) => unknown;

/** How jobs are taken. */
export interface WorkOptions {
  /** How many are worked on at once. @default 1 */
  readonly concurrency?: number;
}

/** A job that was given up. */
export interface DeadJob {
  readonly id: string;
  readonly topic: string;
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly reason: string;
  readonly payload: unknown;
}

/** How many jobs of a topic are where. */
export interface JobStats {
  readonly topic: string;
  /** In line, delayed ones included. */
  readonly waiting: number;
  /** Handed out and not acknowledged. */
  readonly working: number;
  readonly dead: number;
  readonly done: number;
  readonly redelivered: number;
}

/** A look at the jobs, and what can be done for those that were given up. */
export interface Jobs {
  stats(): Promise<JobStats[]>;
  deadLetters(topic: string, limit?: number): Promise<DeadJob[]>;
  /** Puts a dead letter in line again, with all its attempts; whether it was there. */
  revive(topic: string, id: string): Promise<boolean>;
  /** Forgets a dead letter; whether it was there. */
  discard(topic: string, id: string): Promise<boolean>;
}
