import { channel } from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import type { BoundCounter } from "@elpis/telemetry";
import type { HttpServerInstruments } from "./http-instruments.ts";
import { HTTP_METHODS } from "./http-methods.ts";

/** When a request came, on the response: it lives as long as it is wanted. */
const START = Symbol("elpis.metrics.start");

interface Message {
  readonly request: { readonly method?: string };
  readonly response: EventEmitter & {
    readonly statusCode: number;
    [START]?: number | undefined;
  };
}

/** One way in which requests end, and where it is recorded. */
interface Outcome {
  record(ms: number): void;
}

/** Measures the HTTP/1 requests of this process, whatever serves them, as Node tells of them. */
export class HttpServer {
  readonly #instruments: HttpServerInstruments;
  readonly #active: BoundCounter;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #now: () => number;

  constructor(instruments: HttpServerInstruments, now: () => number = () => performance.now()) {
    this.#instruments = instruments;
    this.#active = instruments.active.bind();
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
    this.#end(request.method ?? "", response.statusCode, this.#now() - startedAt);
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
      self.#end(response.req?.method ?? "", undefined, self.#now() - startedAt);
    };
  }

  /** @param status undefined: the client did not wait for the answer */
  #end(method: string, status: number | undefined, ms: number): void {
    const key = `${method} ${status}`;
    let outcome = this.#outcomes.get(key);
    if (outcome === undefined) {
      outcome = this.#outcomeOf(method, status);
      // Clients choose methods: those that are none share one outcome, but not a place in the map.
      if (HTTP_METHODS.has(method)) this.#outcomes.set(key, outcome);
    }
    outcome.record(ms);
  }

  #outcomeOf(method: string, status: number | undefined): Outcome {
    const { duration, responses, compass } = this.#instruments;
    const tags = {
      "http.request.method": HTTP_METHODS.has(method) ? method : "_OTHER",
      ...(status === undefined
        ? { "error.type": "aborted" }
        : { "http.response.status_code": status }),
    };
    const durations = duration.bind(tags);
    const classes = responses.bind({
      class: status === undefined ? "aborted" : `${Math.floor(status / 100)}xx`,
    });
    const isSuccess = status !== undefined && status < 400;
    return {
      record(ms: number): void {
        durations.record(ms / 1000);
        classes.add(1);
        compass(ms, isSuccess ? "success" : "error");
      },
    };
  }
}
