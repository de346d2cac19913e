import type { Arriving, EventContext, Location, RequestContext } from "@elpis/api";
import { cancelled } from "../errors.ts";

/** What a listener is told besides the payload. */
export class Incoming implements EventContext {
  readonly topic: string;
  readonly from: Location;

  constructor(topic: string, from: Location) {
    this.topic = topic;
    this.from = from;
  }
}

/** A request that this process works on. The signal is made only when a handler looks at it. */
export class IncomingRequest extends Incoming implements RequestContext {
  readonly deadline: number;
  readonly correlation: number;
  /** The caller reads an answer with records. */
  readonly readsRecords: boolean;
  /** The hub has had its one answer. */
  answered = false;
  /** Who follows it. */
  arriving: Arriving | undefined;
  #controller: AbortController | undefined;
  #over = false;

  constructor(
    topic: string,
    from: Location,
    deadline: number,
    correlation: number,
    readsRecords = false,
  ) {
    super(topic, from);
    this.deadline = deadline;
    this.correlation = correlation;
    this.readsRecords = readsRecords;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#over) this.#controller.abort(this.#reason());
    return this.#controller.signal;
  }

  readonly timeoutMs = 0;

  /** What is done because of it is done, or has failed. */
  finish(error?: unknown): void {
    const { arriving } = this;
    this.arriving = undefined;
    arriving?.ended?.(error);
  }

  /** Nobody waits for the answer any more. */
  abort(): void {
    this.#over = true;
    this.#controller?.abort(this.#reason());
  }

  #reason(): Error {
    return cancelled({ topic: this.topic, timeoutMs: 0 });
  }
}
