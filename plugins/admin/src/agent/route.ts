import type { Client } from "@elpis/api";
import type { MetricsReader } from "@elpis/telemetry";
import type { FastifyReply } from "fastify";

/** What routes are made from. */
export interface RouteWorld {
  readonly hub: Client;
  readonly metrics: MetricsReader | undefined;
  /** When this server began, in milliseconds since 1970. */
  readonly since: number;
}

/** What a route is asked. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly accept: string;
}

/** An answer: `data` goes into the envelope; `text` stands by itself. */
export type Answered =
  | {
      readonly data: unknown;
      readonly status?: number;
      readonly message?: string;
      /** Beside `data`, such as who is missing. */
      readonly more?: Readonly<Record<string, unknown>>;
    }
  | { readonly text: string; readonly type: string };

/** One route; the document of them all is made of these. */
export interface Route {
  readonly method: "GET" | "POST";
  /** With `:name` for parts that vary. */
  readonly path: string;
  readonly summary: string;
  /** Parts of the query, each with what it is. */
  readonly query?: Readonly<Record<string, string>>;
  /** Parts of the body, each with what it is. */
  readonly body?: Readonly<Record<string, string>>;
  /** What it may answer besides 200, each with when. */
  readonly statuses?: Readonly<Record<number, string>>;
  answer?(asked: Asked): Answered | Promise<Answered>;
  /** Takes the connection over: for what does not end. */
  stream?(reply: FastifyReply): void;
}

/** Parts of the query of whatever is given page by page. */
export const PAGE_QUERY: Readonly<Record<string, string>> = {
  by: "`size`: the newest so many; `time`: those since then",
  value: "how many, or milliseconds since 1970",
  order: "`desc` (default) or `asc`",
  offset: "how many to leave out; 0 by default",
  limit: "how many at most; 100 by default",
};
