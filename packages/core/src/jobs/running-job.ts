import type { ElpisError, JobContext, Location } from "@elpis/api";
import { jobRetry } from "../errors.ts";
import { unpackPayload } from "./payload.ts";
import { checkDelay, type WorkItem, type WorkWord } from "./wire.ts";

/** A job as the hub hands it out. */
export type GivenJob = Extract<WorkItem, { readonly n: number }>;

/** A job that a handler works on, and what the handler is told about it. */
export class RunningJob implements JobContext {
  readonly topic: string;
  readonly id: string;
  readonly attempt: number;
  readonly from: Location;
  readonly #number: number;
  readonly #say: (word: WorkWord) => Promise<void> | undefined;
  /** Made when it is asked for: most handlers do not look. */
  #controller: AbortController | undefined;
  #reason: ElpisError | undefined;
  #isOver = false;
  #isSaying = false;

  constructor(
    topic: string,
    { n, id, attempt, from }: GivenJob,
    say: (word: WorkWord) => Promise<void> | undefined,
  ) {
    this.topic = topic;
    this.id = id;
    this.attempt = attempt;
    this.from = from;
    this.#number = n;
    this.#say = say;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  inProgress(): void {
    // One that has not left yet says the same.
    if (this.#isOver || this.#isSaying || this.#reason !== undefined) return;
    this.#isSaying = true;
    void this.#say({ progress: this.#number })?.then(() => {
      this.#isSaying = false;
    });
  }

  retry(delayMs?: number): never {
    throw jobRetry(delayMs === undefined ? undefined : checkDelay(delayMs));
  }

  /** The payload as a value; throws whatever the decoder throws. */
  unpack(payload: Uint8Array): unknown {
    return unpackPayload(payload);
  }

  /** It was taken away. */
  abort(reason: ElpisError): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** The handler has ended. */
  over(): void {
    this.#isOver = true;
  }
}
