import type { IncomingMessage } from "node:http";
import type { Duration } from "@elpis/api";
import type { LibraryName } from "./libraries/names.ts";

/** Which traces are recorded, and which of those are kept. */
export interface SamplingOptions {
  /**
   * Share of the traces that are recorded, from 0 to 1. It is decided when a trace begins, and holds in all processes; what comes
   * with a decision of somebody else keeps to that one.
   * @default 1
   */
  readonly ratio?: number;
  /** How many traces each process begins to record in a second at most. @default 1000 */
  readonly perSecond?: number;
  /**
   * Whether a call of a database or of another service may begin a trace when it belongs to none, as those do that are made at
   * the start or by a timer. Calls of the hub may in any case.
   * @default false
   */
  readonly clients?: boolean;
  /**
   * What becomes of what is not recorded, where `ratio` is below 1. `forget`: nothing is known of it, which costs next to nothing; logs
   * have no ids, and services that it asks decide for themselves. `follow`: it has ids, and others are told not to record it either,
   * which costs several percent of what a process can do. What comes with ids of a trace is followed in any case.
   * @default "forget"
   */
  readonly unrecorded?: "forget" | "follow";
  /** Which of the recorded traces are kept, when all of their spans are known. */
  readonly keep?: KeepOptions;
}

/** What is kept of what was recorded. */
export interface KeepOptions {
  /** Those with a span that failed, with a deadline that passed, or that are unfinished. @default true */
  readonly errors?: boolean;
  /** Those that are slow. @default true */
  readonly slow?: boolean;
  /** Share of all others, from 0 to 1. @default 1 */
  readonly share?: number;
}

/** What is slow. */
export interface SlowOptions {
  /** A trace is slow when its first span took longer. @default "1s" */
  readonly slow?: Duration;
  /**
   * The same by name, such as `{ "GET /reports/*": "10s" }`: `*` is any text, and the longest one that fits counts.
   * @default none
   */
  readonly slowBy?: Readonly<Record<string, Duration>>;
}

/** How long traces are waited for, and how much of them is held. */
export interface WindowOptions {
  /** How long after its first span is over, and nothing of it is open, a trace is decided on. @default "2s" */
  readonly settle?: Duration;
  /** How long a trace may be open before it is decided on as it is. @default "30s" */
  readonly open?: Duration;
  /** Traces that are not decided on. @default 20000 */
  readonly maxTraces?: number;
  /** Spans of one trace; further ones are counted. @default 2000 */
  readonly maxSpansPerTrace?: number;
  /** Bytes of spans of traces that are not decided on, as estimated. @default 67108864, which is 64 MiB */
  readonly maxBytes?: number;
}

/** Traces that can be looked at. */
export interface CacheOptions {
  /** How many of the newest. @default 1000 */
  readonly maxTraces?: number;
  /** Bytes of them, as estimated. @default 33554432, which is 32 MiB */
  readonly maxBytes?: number;
}

/** How requests to servers of the application are traced. */
export interface HttpOptions {
  /**
   * Requests that are not traced, nor anything that is done for them: the beginning of their path, an expression that it fits, or a
   * function that says so.
   * @example ["/health", /\.png$/]
   */
  readonly ignore?: ReadonlyArray<string | RegExp> | ((request: IncomingMessage) => boolean);
  /**
   * What a trace is called.
   * @default method and route, as frameworks know it; else method and path, with numbers and ids in it as `:id`
   */
  readonly name?: (request: IncomingMessage) => string;
  /** Whether the query is told, without values that look like secrets. @default false */
  readonly query?: boolean;
  /** Headers of requests and answers that are told. @default none */
  readonly headers?: readonly string[];
}

/** How statements for databases are told. */
export interface SqlOptions {
  /** Whether they are told at all. @default true */
  readonly record?: boolean;
  /** Whether `?` stands for every text and number in them. @default true */
  readonly mask?: boolean;
}

/** How a trace travels to other services, over HTTP and whatever else has headers. */
export type Propagation =
  /** `traceparent` and `tracestate` of W3C Trace Context. */
  | "w3c"
  /** `baggage` of W3C. */
  | "baggage"
  /** `x-trace-id` and `x-span-id`. */
  | "legacy";

/** Whatever has the interface of an instrumentation of OpenTelemetry. */
export interface AnyInstrumentation {
  readonly instrumentationName: string;
  enable(): void;
  disable(): void;
  // biome-ignore lint/suspicious/noExplicitAny: of whichever library it is
  getConfig?(): any;
  // biome-ignore lint/suspicious/noExplicitAny: of whichever library it is
  setConfig?(config: any): void;
  // biome-ignore lint/suspicious/noExplicitAny: of whichever version of OpenTelemetry it is
  setTracerProvider(provider: any): void;
  // biome-ignore lint/suspicious/noExplicitAny: of whichever version of OpenTelemetry it is
  setMeterProvider(provider: any): void;
}

/** Options of `trace`; all may be left out. */
export interface TraceOptions extends SlowOptions {
  readonly sampling?: SamplingOptions;
  readonly window?: WindowOptions;
  readonly cache?: CacheOptions;
  /** `false`: requests to servers are not traced. */
  readonly http?: false | HttpOptions;
  readonly sql?: SqlOptions;
  /** Topics of the hub that are not followed; `*` stands for anything. @default none */
  readonly ignoreTopics?: readonly string[];
  /**
   * Libraries that are traced: `false` for none of them or for single ones, `true` for one that is not found by itself, or the options
   * of its instrumentation.
   * @default all that are installed, but `dns` and `net`
   */
  readonly libraries?:
    | false
    | Readonly<Partial<Record<LibraryName, boolean | Readonly<Record<string, unknown>>>>>;
  /** Further instrumentations of OpenTelemetry, or functions that make one. */
  readonly instrumentations?: ReadonlyArray<AnyInstrumentation | (() => AnyInstrumentation)>;
  /** @default ["w3c", "baggage"] */
  readonly propagation?: readonly Propagation[];
}
