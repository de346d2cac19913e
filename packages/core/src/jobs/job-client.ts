import {
  type Client,
  type DeadJob,
  ElpisError,
  type ErrorData,
  type HubTracing,
  hasCode,
  type JobHandler,
  type JobOptions,
  type JobReceipt,
  type JobStats,
  type Jobs,
  type Logger,
  type Off,
  type WorkOptions,
} from "@elpis/api";
import { extensionOf } from "../client/followed.ts";
import { duplicateHandler } from "../errors.ts";
import { packPayload, unpackPayload } from "./payload.ts";
import {
  ADMIN_TOPIC,
  type AdminInput,
  checkConcurrency,
  type DeadPage,
  ENQUEUE_TOPIC,
  type EnqueueInput,
  type StatsPage,
} from "./wire.ts";
import { JobWorker } from "./worker.ts";

const DEFAULT_DEAD_LIMIT = 100;

/** The jobs of the hub, as one of its peers sees them. */
export class JobClient implements Jobs {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #tracing: () => HubTracing | undefined;
  readonly #workers = new Map<string, JobWorker>();

  /** @param tracing who follows messages at present */
  constructor(client: Client, log: Logger, tracing: () => HubTracing | undefined) {
    this.#client = client;
    this.#log = log;
    this.#tracing = tracing;
  }

  /**
   * Puts a job in line. When it fails with `ELPIS_HUB_CLOSED` or `ELPIS_HUB_DEADLINE` the hub may or may not have the job:
   * enqueue it again under the same `id`, and it is there once.
   * @throws ELPIS_JOBS_FULL, ELPIS_JOBS_DISK, ELPIS_JOBS_NOT_DURABLE, ELPIS_HUB_TOO_LARGE, ELPIS_HUB_BAD_ARGUMENT
   */
  async enqueue(topic: string, payload: unknown, options: JobOptions = {}): Promise<JobReceipt> {
    const { timeoutMs, id = globalThis.crypto.randomUUID(), ...rest } = options;
    const leaving = this.#tracing()?.leaving({ verb: "enqueue", topic }, undefined);
    const extension = extensionOf(leaving);
    try {
      const job = { topic, id, payload: packPayload(payload), ...(extension && { extension }) };
      const input: EnqueueInput = { ...job, ...rest };
      const receipt = (await this.#ask(ENQUEUE_TOPIC, input, timeoutMs)) as JobReceipt;
      leaving?.ended?.();
      return receipt;
    } catch (error) {
      leaving?.ended?.(error);
      throw error;
    }
  }

  /**
   * Takes jobs until the returned function is called; then those that run are finished and acknowledged. It goes on after
   * the connection broke and came back. A job that is done while it is broken cannot be acknowledged and comes again.
   * @throws ELPIS_HUB_DUPLICATE_HANDLER, ELPIS_HUB_BAD_ARGUMENT
   */
  work(topic: string, handler: JobHandler<unknown>, options: WorkOptions = {}): Off {
    const concurrency = checkConcurrency(options.concurrency ?? 1);
    if (this.#workers.has(topic)) throw duplicateHandler(topic);
    const worker = new JobWorker(
      this.#client,
      topic,
      handler,
      concurrency,
      this.#log,
      this.#tracing,
    );
    this.#workers.set(topic, worker);
    worker.start();
    return () => {
      if (this.#workers.get(topic) === worker) this.#workers.delete(topic);
      worker.stop();
    };
  }

  async stats(): Promise<JobStats[]> {
    const all: JobStats[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: StatsPage = (await this.#admin({ op: "stats", after })) as StatsPage;
      all.push(...page.stats);
      after = page.next;
    }
    return all;
  }

  /** The dead letters of a topic, oldest first. @param limit at most so many. @default 100 */
  async deadLetters(topic: string, limit: number = DEFAULT_DEAD_LIMIT): Promise<DeadJob[]> {
    const all: DeadJob[] = [];
    for (let after: number | undefined = 0; after !== undefined && all.length < limit; ) {
      const wanted: AdminInput = { op: "dead", topic, limit: limit - all.length, after };
      const page: DeadPage = (await this.#admin(wanted)) as DeadPage;
      for (const job of page.jobs) all.push({ ...job, payload: unpackPayload(job.payload) });
      after = page.next;
    }
    return all;
  }

  async revive(topic: string, id: string): Promise<boolean> {
    return (await this.#admin({ op: "revive", topic, id })) as boolean;
  }

  async discard(topic: string, id: string): Promise<boolean> {
    return (await this.#admin({ op: "discard", topic, id })) as boolean;
  }

  #admin(input: AdminInput): Promise<unknown> {
    return this.#ask(ADMIN_TOPIC, input);
  }

  async #ask(topic: string, input: unknown, timeoutMs?: number): Promise<unknown> {
    try {
      return await this.#client.request(topic, input, timeoutMs === undefined ? {} : { timeoutMs });
    } catch (error) {
      throw ownError(error);
    }
  }
}

/** Nobody but the hub answers these topics, so its own codes mean what they say. */
function ownError(error: unknown): unknown {
  if (!hasCode(error, "ELPIS_HUB_REMOTE")) return error;
  const { code, message, details, retryable } = (error.details.remote ?? {}) as Partial<ErrorData>;
  if (code?.startsWith("ELPIS_") !== true) return error;
  return new ElpisError(code, message ?? error.message, {
    details: { ...details },
    retryable: retryable ?? false,
    cause: error,
  });
}
