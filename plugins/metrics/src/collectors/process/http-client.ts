import { channel } from "node:diagnostics_channel";
import {
  type ActiveTrace,
  type Attributes,
  activeTrace,
  type BoundCounter,
  withTrace,
} from "@elpis/telemetry";
import type { HttpClientInstruments } from "./http-instruments.ts";
import { HTTP_METHODS } from "./http-methods.ts";

/** A request of undici, which is what `fetch` is made of. */
interface UndiciRequest {
  readonly origin?: unknown;
  readonly method?: string;
}
/** A request of `node:http`. */
interface NodeRequest {
  readonly host?: string;
  readonly method?: string;
  once(event: "close", listener: () => void): unknown;
}
interface NodeMessage {
  readonly request: NodeRequest;
  readonly response?: { readonly statusCode?: number };
  readonly error?: { readonly code?: string; readonly name?: string };
}
interface UndiciMessage {
  readonly request: UndiciRequest;
  readonly response?: { readonly statusCode?: number };
  readonly error?: { readonly code?: string; readonly name?: string };
}

/** A request without an answer. */
interface Open {
  readonly startedAt: number;
  /** That of whoever made it: its answer may come in that of another one, whose connection is used again. */
  readonly trace: ActiveTrace | undefined;
}

/** Measures the requests that this process makes with `node:http` and with `fetch`, as they tell of them. */
export class HttpClient {
  readonly #instruments: HttpClientInstruments;
  readonly #active: BoundCounter;
  readonly #open = new WeakMap<object, Open>();
  readonly #now: () => number;
  readonly #channels: Readonly<Record<string, (message: unknown) => void>>;

  constructor(instruments: HttpClientInstruments, now: () => number = () => performance.now()) {
    this.#instruments = instruments;
    this.#active = instruments.active.bind();
    this.#now = now;
    this.#channels = {
      "undici:request:create": (message) => this.#start((message as UndiciMessage).request),
      "undici:request:headers": (message) => {
        const { request, response } = message as UndiciMessage;
        this.#end(request, hostOf(request.origin), response?.statusCode);
      },
      "undici:request:error": (message) => {
        const { request, error } = message as UndiciMessage;
        this.#end(request, hostOf(request.origin), undefined, error);
      },
      "http.client.request.start": (message) => {
        const { request } = message as NodeMessage;
        this.#start(request);
        // Not every Node tells of errors.
        request.once("close", () => {
          this.#end(request, request.host ?? "", undefined, { name: "aborted" });
        });
      },
      "http.client.response.finish": (message) => {
        const { request, response } = message as NodeMessage;
        this.#end(request, request.host ?? "", response?.statusCode);
      },
      "http.client.request.error": (message) => {
        const { request, error } = message as NodeMessage;
        this.#end(request, request.host ?? "", undefined, error);
      },
    };
  }

  install(): void {
    for (const [name, on] of Object.entries(this.#channels)) channel(name).subscribe(on);
  }

  close(): void {
    for (const [name, on] of Object.entries(this.#channels)) channel(name).unsubscribe(on);
  }

  #start(request: object): void {
    this.#open.set(request, { startedAt: this.#now(), trace: activeTrace() });
    this.#active.add(1);
  }

  #end(
    request: Pick<UndiciRequest, "method">,
    address: string,
    status: number | undefined,
    error?: { readonly code?: string; readonly name?: string },
  ): void {
    const open = this.#open.get(request);
    // Headers that come after the others of an answer, or an error behind it.
    if (open === undefined) return;
    this.#open.delete(request);
    this.#active.add(-1);
    const method = request.method ?? "GET";
    const tags: Attributes = {
      "http.request.method": HTTP_METHODS.has(method) ? method : "_OTHER",
      "server.address": address,
      ...(status !== undefined && { "http.response.status_code": status }),
      ...(error !== undefined && { "error.type": error.code ?? error.name ?? "error" }),
    };
    const seconds = (this.#now() - open.startedAt) / 1000;
    withTrace(open.trace, () => this.#instruments.duration.record(seconds, tags));
  }
}

function hostOf(origin: unknown): string {
  const text = String(origin ?? "");
  return URL.canParse(text) ? new URL(text).hostname : text;
}
