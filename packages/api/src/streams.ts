import type { CallOptions, HandleOptions, RequestContext } from "./client.ts";

/** How a stream is opened. */
export interface StreamOptions extends Omit<CallOptions, "timeoutMs" | "idempotent"> {
  /** How long the whole stream may last, in milliseconds. @default no bound */
  readonly timeoutMs?: number;
  /** How many items may be under way to this peer before it has taken them. @default 256 */
  readonly window?: number;
}

/**
 * A stream that this peer opened: iterate over it to get what comes. Items come in order; the other side sends no more
 * than this one takes. Leaving the loop cancels it. It ends with the error of the other side, or `ELPIS_HUB_PEER_LOST`.
 */
export interface StreamCall<Item, Sent = never> extends AsyncIterable<Item> {
  /** Sends an item to the other side; resolves when there is room for the next. */
  send(item: Sent): Promise<void>;
  /** Nothing more will be sent from here; what comes goes on. */
  end(): void;
  /** Ends the stream in both directions; the other side is told. */
  cancel(reason?: unknown): void;
}

/** What a server of a stream learns besides the payload. */
export interface StreamContext<Sent = never> extends RequestContext {
  /** What the one who opened the stream sends. Ends when it says so; fails when it is gone. */
  readonly incoming: AsyncIterable<Sent>;
}

/** Answers a stream: what it yields is sent, one item at a time, as fast as the other side takes it. */
export type StreamHandler<Input, Item, Sent> = (
  input: Input,
  context: StreamContext<Sent>,
) => AsyncIterable<Item> | Iterable<Item>;

/** How streams are served. */
export interface ServeOptions extends Pick<HandleOptions, "concurrency" | "queue" | "weight"> {
  /** How many sent items may be under way to this peer before it has taken them. @default 256 */
  readonly window?: number;
}
