import type { Duration } from "@elpis/api";

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
  /** Which of the recorded traces are kept, when all of their spans are known. */
  readonly keep?: KeepOptions;
}

/** What is kept of what was recorded. */
export interface KeepOptions {
  /** Those with a span that failed, or with a deadline that passed. @default true */
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
