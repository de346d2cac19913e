import type { DeadJob, JobLevel, JobStats, Location } from "@elpis/api";
import { MAX_TOPIC_BYTES } from "@elpis/protocol";
import { badArgument } from "../errors.ts";
import type { JobSpec } from "./job.ts";

/** Topics of the hub's own peer. */
export const ENQUEUE_TOPIC = "elpis.hub.jobs.enqueue";
export const ADMIN_TOPIC = "elpis.hub.jobs.admin";
export const WORK_TOPIC = "elpis.hub.jobs.work";

/** Longest id of a job, in UTF-8 bytes. */
const MAX_ID_BYTES = 128;
const MAX_MS = 2 ** 31 - 1;
const MAX_ATTEMPTS = 1_000_000;
const MAX_CONCURRENCY = 65_535;
/** What may travel with a job, in bytes. */
const MAX_EXTENSION_BYTES = 1024;
/** Longest reason of a failure that is kept, in characters. */
const MAX_REASON = 500;

const DEFAULT_MAX_ATTEMPTS = 5;
const DEFAULT_ACK_DEADLINE_MS = 30_000;

/** What is sent to put a job in line. */
export interface EnqueueInput {
  readonly topic: string;
  readonly id: string;
  readonly payload: Uint8Array;
  /** What travels with it, at most {@link MAX_EXTENSION_BYTES}. */
  readonly extension?: Uint8Array;
  readonly level?: JobLevel;
  readonly delayMs?: number;
  readonly maxAttempts?: number;
  readonly ackDeadlineMs?: number;
}

/** What a stream of work is opened with. */
export interface WorkInput {
  readonly topic: string;
  readonly concurrency: number;
}

/** What the hub says on a stream of work; `n` is the number of the hand-out. */
export type WorkItem =
  | {
      readonly n: number;
      readonly id: string;
      readonly attempt: number;
      readonly payload: Uint8Array;
      readonly extension?: Uint8Array;
      readonly from: Location;
    }
  /** That hand-out was taken back: its deadline has passed. */
  | { readonly taken: number };

/** What a worker says on a stream of work. */
export type WorkWord =
  | { readonly ack: number }
  | { readonly nack: number; readonly reason: string; readonly delayMs?: number }
  | { readonly progress: number }
  /** It was not begun with. */
  | { readonly back: number }
  /** No more; the hub ends the stream when all that was handed out has come back. */
  | { readonly rest: true }
  /** From now on so many at once. */
  | { readonly concurrency: number };

/** What is asked about the jobs. Lists come in pages; `after` is the `next` of the page before. */
export type AdminInput =
  | { readonly op: "stats"; readonly after?: number }
  | { readonly op: "dead"; readonly topic: string; readonly limit: number; readonly after?: number }
  | { readonly op: "revive" | "discard"; readonly topic: string; readonly id: string };

export interface StatsPage {
  readonly stats: JobStats[];
  readonly next?: number;
}

export interface DeadPage {
  /** The payloads are as their producers packed them. */
  readonly jobs: Array<Omit<DeadJob, "payload"> & { readonly payload: Uint8Array }>;
  readonly next?: number;
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
export function readEnqueue(
  body: unknown,
  from: Location,
  atMs: number,
): { readonly spec: JobSpec; readonly level: JobLevel } {
  const input = fields(body);
  const { payload, level = "accepted" } = input;
  if (!(payload instanceof Uint8Array)) throw badArgument("payload", "bytes", payload);
  if (level !== "accepted" && level !== "durable") {
    throw badArgument("level", '"accepted" or "durable"', level);
  }
  const spec: JobSpec = {
    topic: text("topic", input.topic, MAX_TOPIC_BYTES),
    id: text("id", input.id, MAX_ID_BYTES),
    // A view would keep the piece that came from the socket in memory.
    payload: Uint8Array.prototype.slice.call(payload),
    maxAttempts: whole("maxAttempts", input.maxAttempts ?? DEFAULT_MAX_ATTEMPTS, 1, MAX_ATTEMPTS),
    ackDeadlineMs: whole(
      "ackDeadlineMs",
      input.ackDeadlineMs ?? DEFAULT_ACK_DEADLINE_MS,
      1,
      MAX_MS,
    ),
    delayMs: whole("delayMs", input.delayMs ?? 0, 0, MAX_MS),
    atMs,
    from,
    ...(input.extension !== undefined && { extension: extensionOf(input.extension) }),
  };
  return { spec, level };
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
function extensionOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length <= MAX_EXTENSION_BYTES) {
    return Uint8Array.prototype.slice.call(value);
  }
  throw badArgument("extension", `at most ${MAX_EXTENSION_BYTES} bytes`, value);
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
export function readWork(body: unknown): WorkInput {
  const { topic, concurrency } = fields(body);
  return {
    topic: text("topic", topic, MAX_TOPIC_BYTES),
    concurrency: whole("concurrency", concurrency, 0, MAX_CONCURRENCY),
  };
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
export function readWord(body: unknown): WorkWord {
  const word = fields(body);
  if (word.ack !== undefined) return { ack: delivery(word.ack) };
  if (word.progress !== undefined) return { progress: delivery(word.progress) };
  if (word.back !== undefined) return { back: delivery(word.back) };
  if (word.nack !== undefined) {
    const reason = String(word.reason).slice(0, MAX_REASON);
    if (word.delayMs === undefined) return { nack: delivery(word.nack), reason };
    const delayMs = whole("delayMs", word.delayMs, 0, MAX_MS);
    return { nack: delivery(word.nack), reason, delayMs };
  }
  if (word.rest === true) return { rest: true };
  return { concurrency: whole("concurrency", word.concurrency, 0, MAX_CONCURRENCY) };
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
export function readAdmin(body: unknown): AdminInput {
  const { op, topic, id, limit, after } = fields(body);
  switch (op) {
    case "stats":
      return { op, after: cursor(after) };
    case "dead": {
      const wanted = whole("limit", limit, 1, Number.MAX_SAFE_INTEGER);
      return {
        op,
        topic: text("topic", topic, MAX_TOPIC_BYTES),
        limit: wanted,
        after: cursor(after),
      };
    }
    case "revive":
    case "discard":
      return { op, topic: text("topic", topic, MAX_TOPIC_BYTES), id: text("id", id, MAX_ID_BYTES) };
    default:
      throw badArgument("op", '"stats", "dead", "revive" or "discard"', op);
  }
}

/** How many are worked on at once. @throws ELPIS_HUB_BAD_ARGUMENT */
export function checkConcurrency(concurrency: number): number {
  return whole("concurrency", concurrency, 1, MAX_CONCURRENCY);
}

/** A pause before the next attempt, in milliseconds. @throws ELPIS_HUB_BAD_ARGUMENT */
export function checkDelay(delayMs: number): number {
  return whole("delayMs", Math.ceil(delayMs), 0, MAX_MS);
}

function cursor(after: unknown): number {
  return whole("after", after ?? 0, 0, Number.MAX_SAFE_INTEGER);
}

function fields(body: unknown): Record<string, unknown> {
  if (body === null || typeof body !== "object") throw badArgument("input", "an object", body);
  return body as Record<string, unknown>;
}

function text(what: string, value: unknown, maxBytes: number): string {
  if (typeof value === "string" && value !== "" && Buffer.byteLength(value) <= maxBytes)
    return value;
  throw badArgument(what, `a text of 1 to ${maxBytes} bytes`, value);
}

function whole(what: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number;
  }
  throw badArgument(what, `a whole number from ${least} to ${most}`, value);
}

/** Numbers of hand-outs may grow beyond 32 bits, and come as such. */
function delivery(value: unknown): number {
  return whole("the number of a hand-out", Number(value), 1, Number.MAX_SAFE_INTEGER);
}
