import { channel } from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import type { BoundCounter } from "@elpis/telemetry";
import type { HttpServerInstruments } from "./http-instruments.ts";
import type { HttpOutcomes } from "./http-outcomes.ts";

/** When a request came, on the response: it lives as long as it is wanted. */
const START = Symbol("elpis.metrics.start");

interface Message {
  readonly request: { readonly method?: string };
  readonly response: EventEmitter & {
    readonly statusCode: number;
    [START]?: number | undefined;
  };
}

/** Measures the HTTP/1 requests of this process, whatever serves them, as Node tells of them. */
export class HttpServer {
  readonly #active: BoundCounter;
  readonly #outcomes: HttpOutcomes;
  readonly #now: () => number;

  constructor(
    instruments: HttpServerInstruments,
    outcomes: HttpOutcomes,
    now: () => number = () => performance.now(),
  ) {
    this.#active = instruments.active.bind();
    this.#outcomes = outcomes;
    this.#now = now;
  }

  install(): void {
    channel("http.server.request.start").subscribe(this.#onStart);
    channel("http.server.response.finish").subscribe(this.#onFinish);
  }

  close(): void {
    channel("http.server.request.start").unsubscribe(this.#onStart);
    channel("http.server.response.finish").unsubscribe(this.#onFinish);
  }

  readonly #onStart = (message: unknown): void => {
    const { response } = message as Message;
    response[START] = this.#now();
    this.#active.add(1);
    // The one event that comes for every response, also when the client has gone away.
    response.once("close", this.#onClose);
  };

  readonly #onFinish = (message: unknown): void => {
    const { request, response } = message as Message;
    const startedAt = response[START];
    if (startedAt === undefined) return;
    response[START] = undefined;
    this.#outcomes.end(request.method ?? "", response.statusCode, this.#now() - startedAt);
  };

  // Node calls listeners with their emitter as `this`; a closure for each request would cost more.
  readonly #onClose = this.#makeOnClose();

  #makeOnClose(): () => void {
    const self = this;
    return function onClose(this: unknown): void {
      const response = this as Message["response"] & { readonly req?: Message["request"] };
      const startedAt = response[START];
      self.#active.add(-1);
      if (startedAt === undefined) return;
      response[START] = undefined;
      self.#outcomes.end(response.req?.method ?? "", undefined, self.#now() - startedAt);
    };
  }
}
