import type { HttpServerInstruments } from "./http-instruments.ts";
import { HTTP_METHODS } from "./http-methods.ts";

/** One way in which requests end, and where it is recorded. */
interface Outcome {
  record(ms: number): void;
}

/** Records how requests that were served have ended, of whatever version of HTTP. */
export class HttpOutcomes {
  readonly #instruments: HttpServerInstruments;
  readonly #outcomes = new Map<string, Outcome>();

  constructor(instruments: HttpServerInstruments) {
    this.#instruments = instruments;
  }

  /** @param status undefined: the client did not wait for the answer */
  end(method: string, status: number | undefined, ms: number): void {
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
