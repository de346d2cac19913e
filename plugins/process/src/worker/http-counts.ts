import { channel } from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";

/** As much of a response of HTTP/1 as counting needs. */
interface Response extends EventEmitter {
  readonly statusCode: number;
}

/** As much of a stream of HTTP/2 as counting needs. */
interface Stream {
  readonly id?: number;
  /** Undefined until there is an answer. */
  readonly sentHeaders?: Readonly<Record<string, unknown>>;
}

/**
 * Counts the HTTP requests of this process, whatever it serves them with. Those over HTTP/2 are counted where Node tells of
 * them: 22.17, 24 and later.
 */
export class HttpCounts {
  #answered = 0;
  #errors = 0;
  #open = 0;

  /** Begins to count. */
  install(): void {
    channel("http.server.request.start").subscribe(this.#onRequest);
    channel("http.server.response.finish").subscribe(this.#onResponse);
    channel("http2.server.stream.created").subscribe(this.#onStream);
    channel("http2.server.stream.close").subscribe(this.#onStreamClose);
  }

  /** Requests that were answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Those among them whose status was 500 or above. */
  get errors(): number {
    return this.#errors;
  }

  /** Requests that wait for the end of their answer. */
  get open(): number {
    return this.#open;
  }

  readonly #onRequest = (message: unknown): void => {
    this.#open += 1;
    // The one event that comes for every response, also when the client has gone away.
    (message as { response: Response }).response.once("close", this.#onClose);
  };

  readonly #onClose = (): void => {
    this.#open -= 1;
  };

  readonly #onResponse = (message: unknown): void => {
    this.#answer((message as { response: Response }).response.statusCode);
  };

  readonly #onStream = (message: unknown): void => {
    if (isOfClient((message as { stream: Stream }).stream)) this.#open += 1;
  };

  readonly #onStreamClose = (message: unknown): void => {
    const { stream } = message as { stream: Stream };
    if (!isOfClient(stream)) return;
    this.#open -= 1;
    const status = stream.sentHeaders?.[":status"];
    if (status !== undefined) this.#answer(Number(status));
  };

  #answer(status: number): void {
    this.#answered += 1;
    if (status >= 500) this.#errors += 1;
  }
}

/** Streams with an even number are pushed by the server: nobody has asked for them. */
function isOfClient({ id }: Stream): boolean {
  return id === undefined || id % 2 === 1;
}
