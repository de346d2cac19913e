import { existsSync } from "node:fs";
import {
  type Client,
  errorToData,
  type JobReceipt,
  type JobStats,
  type Logger,
  type Off,
  type RequestContext,
  type StreamContext,
} from "@elpis/api";
import { MAX_FRAME_BYTES } from "@elpis/protocol";
import { tooLarge } from "../errors.ts";
import { Ticker } from "../time/ticker.ts";
import type { Job } from "./job.ts";
import type { JournalStats } from "./journal.ts";
import type { JobLimits } from "./limits.ts";
import { Mailbox } from "./mailbox.ts";
import { deadPage, statsPage } from "./pages.ts";
import type { QueueCounters } from "./queue.ts";
import { JobStore } from "./store.ts";
import {
  ADMIN_TOPIC,
  ENQUEUE_TOPIC,
  readAdmin,
  readEnqueue,
  readWord,
  readWork,
  WORK_TOPIC,
  type WorkItem,
  type WorkWord,
} from "./wire.ts";

const TICK_MS = 10;
/** What the frame of a job that is handed out, or of a dead letter, has besides its payload, at most, in bytes. */
const AROUND_BYTES = 4096;

export interface JobBrokerOptions {
  /** Folder of the journal, below a folder that this hub has locked; without it no job can be durable. */
  readonly dir?: string;
  readonly log: Logger;
  readonly limits?: Partial<JobLimits>;
  /** Largest frame of the hub, in bytes. @default 1048576 */
  readonly maxFrameBytes?: number;
}

/** What the jobs of a hub count. */
export interface JobBrokerStats extends Readonly<QueueCounters> {
  readonly topics: JobStats[];
  /** Jobs that are not done. */
  readonly jobs: number;
  /** Bytes of their payloads. */
  readonly bytes: number;
  readonly workers: number;
  /** Undefined as long as no job was durable. */
  readonly journal: JournalStats | undefined;
}

/** The jobs of a hub. */
export interface JobBroker {
  stats(): JobBrokerStats;
  /** Takes no more jobs, lets the workers go, and writes what has not been written. */
  close(): Promise<void>;
}

/**
 * Keeps the jobs of a hub. `client` is the hub's own peer. A journal that is there is read before anything is served.
 * @throws ELPIS_JOBS_DISK, ELPIS_JOBS_FORMAT
 */
export async function serveJobs(client: Client, options: JobBrokerOptions): Promise<JobBroker> {
  const broker = new RunningBroker(options);
  await broker.open();
  broker.serve(client);
  return broker;
}

class RunningBroker implements JobBroker {
  readonly #options: JobBrokerOptions;
  readonly #maxPayloadBytes: number;
  readonly #store: JobStore;
  readonly #ticker: Ticker;
  readonly #workers = new Map<number, Mailbox<WorkItem>>();
  /** Workers that want no more. */
  readonly #resting = new Set<number>();
  #offs: Off[] = [];
  #lastWorker = 0;

  constructor(options: JobBrokerOptions) {
    this.#options = options;
    this.#maxPayloadBytes = (options.maxFrameBytes ?? MAX_FRAME_BYTES) - AROUND_BYTES;
    const { dir, log, limits } = options;
    this.#store = new JobStore({
      ...(dir !== undefined && { dir }),
      ...(limits !== undefined && { limits }),
      log,
      now: () => performance.now(),
      random: Math.random,
      give: (worker, n, job) => this.#give(worker, n, job),
      takeBack: (worker, n) => this.#workers.get(worker)?.put({ taken: n }),
    });
    this.#ticker = new Ticker(TICK_MS, () => {
      this.#store.queue.tick(performance.now());
      return this.#store.queue.hasDeadlines;
    });
  }

  async open(): Promise<void> {
    const { dir } = this.#options;
    if (dir !== undefined && existsSync(dir)) await this.#store.open();
    this.#wantTicks();
  }

  serve(client: Client): void {
    this.#offs = [
      client.handle(ENQUEUE_TOPIC, (input: unknown, context) => this.#enqueue(input, context)),
      client.handle(ADMIN_TOPIC, (input: unknown) => this.#admin(input)),
      client.serve(WORK_TOPIC, (input: unknown, context: StreamContext<WorkWord>) =>
        this.#work(input, context),
      ),
    ];
  }

  stats(): JobBrokerStats {
    const { queue, journalStats } = this.#store;
    return {
      ...queue.counters,
      topics: queue.stats(),
      jobs: queue.size,
      bytes: queue.bytes,
      workers: this.#workers.size,
      journal: journalStats,
    };
  }

  async close(): Promise<void> {
    for (const off of this.#offs.splice(0)) off();
    this.#ticker.stop();
    // Their jobs stay where they are: nobody is there who could take them.
    for (const mailbox of this.#workers.values()) mailbox.end();
    this.#workers.clear();
    await this.#store.close();
  }

  async #enqueue(input: unknown, context: RequestContext): Promise<JobReceipt> {
    const { spec, level } = readEnqueue(input, context.from, Date.now());
    const bytes = spec.payload.length;
    if (bytes > this.#maxPayloadBytes) {
      throw tooLarge({ topic: spec.topic, timeoutMs: 0 }, bytes, this.#maxPayloadBytes);
    }
    const receipt = await this.#store.enqueue(spec, level);
    this.#wantTicks();
    return receipt;
  }

  #admin(input: unknown): unknown {
    const asked = readAdmin(input);
    const { queue } = this.#store;
    switch (asked.op) {
      case "stats":
        return statsPage(queue.stats(), asked.after ?? 0, this.#maxPayloadBytes);
      case "dead":
        return deadPage(
          queue.dead(asked.topic),
          asked.limit,
          asked.after ?? 0,
          this.#maxPayloadBytes,
        );
      case "revive": {
        const revived = queue.revive(asked.topic, asked.id, performance.now());
        this.#wantTicks();
        return revived !== undefined;
      }
      case "discard":
        return queue.discard(asked.topic, asked.id);
    }
  }

  #work(input: unknown, context: StreamContext<WorkWord>): AsyncIterable<WorkItem> {
    const { topic, concurrency } = readWork(input);
    const number = ++this.#lastWorker;
    const mailbox = new Mailbox<WorkItem>(() => this.#leave(number));
    this.#workers.set(number, mailbox);
    try {
      this.#store.queue.join(number, topic, concurrency, performance.now());
    } catch (error) {
      this.#workers.delete(number);
      throw error;
    }
    this.#wantTicks();
    void this.#listen(number, context);
    return mailbox;
  }

  /** Hears a worker until it has nothing more to say. */
  async #listen(
    number: number,
    { incoming, from, signal }: StreamContext<WorkWord>,
  ): Promise<void> {
    try {
      for await (const word of incoming) this.#hear(number, readWord(word));
    } catch (error) {
      // That it is gone needs no word: its jobs come again.
      if (!signal.aborted) {
        this.#options.log.warn("a worker says what is not understood; its jobs are taken away", {
          worker: from,
          error: errorToData(error),
        });
      }
    }
    this.#leave(number);
  }

  #hear(number: number, word: WorkWord): void {
    const { queue } = this.#store;
    const now = performance.now();
    if ("ack" in word) queue.ack(number, word.ack, now);
    else if ("nack" in word) queue.nack(number, word.nack, word.reason, word.delayMs, now);
    else if ("progress" in word) queue.progress(number, word.progress, now);
    else if ("back" in word) queue.giveBack(number, word.back, now);
    else if ("rest" in word) this.#rest(number);
    else queue.resize(number, word.concurrency, now);
    if (this.#resting.has(number) && queue.load(number) === 0) this.#leave(number);
    this.#wantTicks();
  }

  #rest(number: number): void {
    if (!this.#workers.has(number)) return;
    this.#resting.add(number);
    this.#store.queue.resize(number, 0, performance.now());
  }

  #leave(number: number): void {
    const mailbox = this.#workers.get(number);
    if (mailbox === undefined) return;
    this.#workers.delete(number);
    this.#resting.delete(number);
    mailbox.end();
    this.#store.queue.leave(number, performance.now());
    this.#wantTicks();
  }

  #give(worker: number, n: number, { id, attempts, payload, extension, from }: Job): void {
    const more = extension === undefined ? {} : { extension };
    this.#workers.get(worker)?.put({ n, id, attempt: attempts, payload, ...more, from });
  }

  #wantTicks(): void {
    if (this.#store.queue.hasDeadlines) this.#ticker.want();
  }
}
