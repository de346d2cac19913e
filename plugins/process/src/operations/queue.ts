import { masterBusy } from "../errors.ts";
import type { OperationName, OperationStatus } from "../status.ts";

/** Who asks, and what is to be done when another operation is under way. */
export interface Request {
  readonly name: OperationName;
  readonly processes: readonly string[];
  readonly by: string;
  /** Wait for those before, instead of being refused. */
  readonly queue: boolean;
}

/** Is told when an operation begins and ends. */
export interface QueueListener {
  onBegin(operation: OperationStatus): void;
  onEnd(operation: OperationStatus, error: Error | undefined): void;
}

/** Lets one operation through at a time. */
export class OperationQueue {
  readonly #listener: QueueListener;
  #current: OperationStatus | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(listener: QueueListener) {
    this.#listener = listener;
  }

  /** The one that is under way. */
  get current(): OperationStatus | undefined {
    return this.#current;
  }

  /** @throws ELPIS_PROCESS_BUSY, and what `work` throws */
  async run<Value>(request: Request, work: () => Promise<Value>): Promise<Value> {
    if (this.#current !== undefined && !request.queue) {
      throw masterBusy(request.name, this.#current);
    }
    const done = this.#last.then(() => this.#perform(request, work));
    this.#last = done.catch(() => {});
    // From here on whoever comes is behind this one, also before it has begun.
    this.#current ??= statusOf(request);
    return await done;
  }

  async #perform<Value>(request: Request, work: () => Promise<Value>): Promise<Value> {
    const operation = statusOf(request);
    this.#current = operation;
    let error: Error | undefined;
    this.#listener.onBegin(operation);
    try {
      return await work();
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
      throw thrown;
    } finally {
      this.#current = undefined;
      this.#listener.onEnd(operation, error);
    }
  }
}

function statusOf({ name, processes, by }: Request): OperationStatus {
  return { name, processes, by, since: Date.now() };
}
