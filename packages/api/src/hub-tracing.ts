import type { Location, Selector } from "./location.ts";

/**
 * A server of Node that has this property set to true is not traced, nor is what it does for a request: it is a part of Elpis, and not
 * of the application.
 */
export const UNTRACED: unique symbol = Symbol.for("elpis.untraced");

/** How a message is sent, as its sender says it. */
export type HubVerb = "emit" | "request" | "consume" | "map" | "stream" | "call" | "enqueue";

/** A message that is followed. */
export interface TracedMessage {
  readonly verb: HubVerb;
  /** Its topic; the label of the object for `call`. */
  readonly topic: string;
  /** The method, or `get name`, for `call`. */
  readonly member?: string;
}

/** A message that leaves this process. */
export interface Leaving {
  /** Travels with it, in the header's extension: a multiple of 4 bytes, at most 1024. Empty: nothing does. */
  readonly extension: Uint8Array;
  /**
   * It has been answered, or has failed. Absent when nobody wants to know.
   *
   * @param from who answered, where that is one
   */
  ended?(error?: unknown, from?: Location): void;
}

/** A message that has come to this process. */
export interface Arriving {
  /** Runs what is done because of it. */
  run<Result>(work: () => Result): Result;
  /** It is done, or has failed. Called once. Absent when nobody wants to know. */
  ended?(error?: unknown): void;
}

/**
 * Follows messages through the hub. Whoever traces gives one to a client with `useTracing`; without one nothing travels and nothing
 * is called. Messages of Elpis itself, whose topics begin with `elpis.`, are not followed. It must not throw.
 */
export interface HubTracing {
  /** A message is about to leave. Undefined: it is not followed. */
  leaving(message: TracedMessage, to: Selector | undefined): Leaving | undefined;
  /**
   * A message has come, with what its sender had travel with it: a view, only good until this returns. Undefined: it is not
   * followed.
   */
  arriving(
    message: TracedMessage,
    from: Location,
    extension: Uint8Array | undefined,
  ): Arriving | undefined;
}
