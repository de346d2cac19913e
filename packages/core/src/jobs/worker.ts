import {
  type Client,
  type ElpisError,
  errorToData,
  type HubTracing,
  hasCode,
  type JobHandler,
  type Logger,
  type StreamCall,
} from "@elpis/api";
import { jobTaken } from "../errors.ts";
import { type GivenJob, RunningJob } from "./running-job.ts";
import { Wake } from "./wake.ts";
import { WORK_TOPIC, type WorkItem, type WorkWord } from "./wire.ts";

/** How long until the hub is asked for work again when it could not be, in milliseconds; doubled each time. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
/** Most items that a stream may have under way. */
const MAX_WINDOW = 65_535;

type WorkStream = StreamCall<WorkItem, WorkWord>;

/** Takes the jobs of one topic and runs them, over as many connections as it takes. */
export class JobWorker {
  readonly #client: Client;
  readonly #topic: string;
  readonly #handler: JobHandler<unknown>;
  readonly #concurrency: number;
  readonly #log: Logger;
  readonly #tracing: () => HubTracing | undefined;
  readonly #wake = new Wake();
  /** Jobs of the present stream, by hand-out. */
  readonly #jobs = new Map<number, RunningJob>();
  #stream: WorkStream | undefined;
  /** Handlers that run, those of earlier streams included. */
  #running = 0;
  /** What the hub was last told, or would be told, to give at most. */
  #wanted = 0;
  #isStopped = false;

  constructor(
    client: Client,
    topic: string,
    handler: JobHandler<unknown>,
    concurrency: number,
    log: Logger,
    tracing: () => HubTracing | undefined = () => undefined,
  ) {
    this.#tracing = tracing;
    this.#client = client;
    this.#topic = topic;
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#log = log;
  }

  start(): void {
    void this.#run();
  }

  /** Takes no more; what runs goes on. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#say({ rest: true });
    this.#wake.now();
  }

  async #run(): Promise<void> {
    let isGone = false;
    const offConnection = this.#client.onConnection(({ type }) => {
      if (type === "back") this.#wake.now();
    });
    void this.#client.closed.then(() => {
      isGone = true;
      this.#wake.now();
    });
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isStopped && !isGone) {
      const hasWorked = await this.#take();
      if (hasWorked) pauseMs = FIRST_PAUSE_MS;
      if (this.#isStopped || isGone) break;
      // Many workers that lost the same hub should not come back in the same instant.
      await this.#wake.after(pauseMs * (1 - Math.random() / 2));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    offConnection();
  }

  /** Opens a stream and works as long as it lasts. Whether the hub gave anything. */
  async #take(): Promise<boolean> {
    let hasWorked = false;
    let end: unknown;
    try {
      this.#wanted = this.#free;
      const input = { topic: this.#topic, concurrency: this.#wanted };
      // A job and the word that it was taken back may both be under way.
      const window = Math.min(256 + 2 * this.#concurrency, MAX_WINDOW);
      const stream: WorkStream = this.#client.stream(WORK_TOPIC, input, { window });
      this.#stream = stream;
      for await (const item of stream) {
        hasWorked = true;
        if ("taken" in item) this.#taken(item.taken);
        else void this.#do(item, stream);
      }
    } catch (error) {
      end = error;
      this.#log.debug("the hub gives no work now", {
        topic: this.#topic,
        error: errorToData(error),
      });
    }
    this.#stream = undefined;
    for (const job of this.#jobs.values()) {
      job.abort(jobTaken(job.id, "the link to the hub broke", end as ElpisError | undefined));
    }
    this.#jobs.clear();
    return hasWorked;
  }

  /** Handlers of earlier streams still take up room. */
  get #free(): number {
    return Math.max(this.#concurrency - this.#running, 0);
  }

  #taken(number: number): void {
    const job = this.#jobs.get(number);
    job?.abort(jobTaken(job.id, "its deadline passed"));
  }

  async #do(item: GivenJob, stream: WorkStream): Promise<void> {
    const { n } = item;
    if (this.#isStopped) return this.#say({ back: n });
    const job = new RunningJob(this.#topic, item, (word) => this.#sayOn(stream, word));
    this.#jobs.set(n, job);
    this.#running++;
    const word = await this.#outcome(job, item);
    this.#running--;
    job.over();
    this.#finished(n, word, stream);
  }

  async #outcome(job: RunningJob, { n, payload, from, extension }: GivenJob): Promise<WorkWord> {
    const message = { verb: "enqueue", topic: this.#topic } as const;
    const arriving = this.#tracing()?.arriving(message, from, extension);
    const work = (): unknown => this.#handler(job.unpack(payload), job);
    try {
      await (arriving === undefined ? work() : arriving.run(work));
      arriving?.ended?.();
      return { ack: n };
    } catch (error) {
      arriving?.ended?.(error);
      const { id, attempt, topic } = job;
      if (hasCode(error, "ELPIS_JOBS_RETRY")) {
        const { delayMs } = error.details as { delayMs?: number };
        return { nack: n, reason: error.message, ...(delayMs !== undefined && { delayMs }) };
      }
      const failed = errorToData(error, true);
      this.#log.warn("a job failed", { topic, id, attempt, error: failed });
      return { nack: n, reason: `${failed.name}: ${failed.message}` };
    }
  }

  /** Says what became of it, if the stream it came on is still there; if not, the hub gives it to somebody again. */
  #finished(n: number, word: WorkWord, stream: WorkStream): void {
    if (this.#stream === stream) {
      this.#jobs.delete(n);
      this.#say(word);
      return;
    }
    // One of an earlier stream: there is room for one more on the present one.
    if (this.#stream === undefined || this.#isStopped || this.#wanted >= this.#concurrency) return;
    this.#say({ concurrency: ++this.#wanted });
  }

  #say(word: WorkWord): void {
    if (this.#stream !== undefined) void this.#sayOn(this.#stream, word);
  }

  /** Not more waits here than there are jobs, each with a word or two. */
  #sayOn(stream: WorkStream, word: WorkWord): Promise<void> | undefined {
    if (this.#stream !== stream) return undefined;
    // When the stream has failed its loop learns of it as well.
    return stream.send(word).catch(() => undefined);
  }
}
