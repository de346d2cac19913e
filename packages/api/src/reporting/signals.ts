import type { PointSource, Tags, TagValue } from "./points.ts";

/** How an error was noticed. */
export type ErrorOrigin =
  | "uncaughtException"
  | "unhandledRejection"
  | "console"
  | "log"
  | "recorded";

/** One error of one process. */
export interface ErrorRecord {
  /** In milliseconds since 1970. */
  readonly time: number;
  /** Counts the errors of a process, from 1. */
  readonly seq: number;
  readonly app: string;
  /** Name of the process, such as `web`. */
  readonly process: string;
  readonly index: number;
  readonly pid: number;
  readonly origin: ErrorOrigin;
  /** Its class, such as `TypeError`; its code, where it has one; `Error` for a text. */
  readonly errType: string;
  readonly message: string;
  /** Empty when there is none. */
  readonly stack: string;
  /** The trace in which it happened, where there is one. */
  readonly traceId?: string;
}

/** Values of spans and events: as tags, and lists of them. */
export type SignalTags = Readonly<Record<string, TagValue | readonly TagValue[]>>;

/** Something that happened during a span. */
export interface SpanEvent {
  readonly name: string;
  /** In milliseconds since 1970, with fractions. */
  readonly time: number;
  readonly tags: SignalTags;
}

/** Another span that has to do with it, mostly of another trace. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly tags: SignalTags;
}

/** One operation of a trace that is over. */
export interface SpanRecord {
  /** 32 hexadecimal digits, in lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, in lower case. */
  readonly spanId: string;
  /** Absent in the first span of a trace. */
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  /** In milliseconds since 1970, with fractions. */
  readonly start: number;
  readonly durationMs: number;
  readonly status: "unset" | "ok" | "error";
  /** What went wrong. */
  readonly statusMessage?: string;
  readonly tags: SignalTags;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** Whose it is. */
  readonly source: PointSource;
  /** What made it, such as the name of an instrumentation. */
  readonly instrumentation?: { readonly name: string; readonly version?: string };
}

/** Something that an application tells whoever is interested, such as an order that was placed. */
export interface EventRecord {
  readonly name: string;
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly tags: Tags;
  /** Whose it is. */
  readonly source: PointSource;
  readonly traceId?: string;
}
