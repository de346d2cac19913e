import type { ElpisError } from "./errors.ts";
import type { Location, PeerChange, PeerInfo, Selector } from "./location.ts";
import type { AnyTopics, EventName, InputOf, OutputOf, PayloadOf, RequestName } from "./topics.ts";

/** What a listener learns besides the payload. */
export interface EventContext {
  readonly topic: string;
  /** Who sent it, as the hub knows it. */
  readonly from: Location;
}

/** What a handler learns besides the payload. */
export interface RequestContext extends EventContext {
  /** Aborted when the caller cancels, dies, or its deadline passes. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, on this process's `performance.now()` clock, in milliseconds. */
  readonly deadline: number;
}

/** Called for each event. What it throws or rejects with is logged, and told to the sender of a `consume`. */
export type EventListener<Payload> = (payload: Payload, context: EventContext) => unknown;
/** Called for each request; what it returns (or resolves with) is the answer. */
export type RequestHandler<Input, Output> = (
  input: Input,
  context: RequestContext,
) => Output | Promise<Output>;

/** Ends what the call that returned it began. Calling it again does nothing. */
export type Off = () => void;

export interface EmitOptions {
  /** Which of the listening peers. @default all others */
  readonly to?: Selector;
}

export interface CallOptions {
  /** Which of the peers that could answer. @default all of them */
  readonly to?: Selector;
  /** How long to wait, in milliseconds, at least 1. @default 5000 */
  readonly timeoutMs?: number;
  /** Cancels the call; the one who works on it is told. */
  readonly signal?: AbortSignal;
}

export interface HandleOptions {
  /** How many calls run at once; more wait in line. @default unlimited */
  readonly concurrency?: number;
  /** How many may wait in line; more are refused with `ELPIS_HUB_OVERLOADED`. @default 1024 */
  readonly queue?: number;
}

/** What one peer answered to a `map`. */
export type MapAnswer<Output> =
  | { readonly from: Location; readonly ok: true; readonly value: Output }
  | { readonly from: Location; readonly ok: false; readonly error: ElpisError };

/** One entry for every peer that was asked, in the order they answered. */
export type MapAnswers<Output> = ReadonlyArray<MapAnswer<Output>> & {
  /** True when at least one peer that was asked gave no value. */
  readonly partial: boolean;
};

/**
 * A peer's door to the hub. All payloads are msgpack-safe values: null, undefined, booleans, numbers, bigint (64 bit),
 * strings, `Uint8Array`, `Date`, arrays and plain objects.
 *
 * Calls fail with an {@link ElpisError} whose code is `ELPIS_HUB_NO_RESPONDER`, `ELPIS_HUB_PEER_LOST`,
 * `ELPIS_HUB_DEADLINE`, `ELPIS_HUB_OVERLOADED`, `ELPIS_HUB_CANCELLED`, `ELPIS_HUB_TOO_LARGE`, `ELPIS_HUB_CLOSED`, or
 * the remote handler's own code (`ELPIS_HUB_REMOTE` where it has none).
 */
export interface Client<Topics = AnyTopics> {
  /** Who this peer is. */
  readonly location: Location;
  /** Resolves with the cause when the connection has ended, for whatever reason. */
  readonly closed: Promise<ElpisError | undefined>;

  /** Listens to an event. */
  on<Name extends EventName<Topics>>(
    topic: Name,
    listener: EventListener<PayloadOf<Topics, Name>>,
  ): Off;

  /** Answers a request. One handler per topic and client. @throws ELPIS_HUB_DUPLICATE_HANDLER */
  handle<Name extends RequestName<Topics>>(
    topic: Name,
    handler: RequestHandler<InputOf<Topics, Name>, OutputOf<Topics, Name>>,
    options?: HandleOptions,
  ): Off;

  /** Tells every other peer that listens, at most once. Resolves when the transport took it. */
  emit<Name extends EventName<Topics>>(
    topic: Name,
    payload: PayloadOf<Topics, Name>,
    options?: EmitOptions,
  ): Promise<void>;

  /** Asks one of the peers that handle the topic, in turn. */
  request<Name extends RequestName<Topics>>(
    topic: Name,
    input: InputOf<Topics, Name>,
    options?: CallOptions,
  ): Promise<OutputOf<Topics, Name>>;

  /** Asks every peer that handles the topic. Never rejects because of a peer: see {@link MapAnswer}. */
  map<Name extends RequestName<Topics>>(
    topic: Name,
    input: InputOf<Topics, Name>,
    options?: CallOptions,
  ): Promise<MapAnswers<OutputOf<Topics, Name>>>;

  /** Hands an event to exactly one of its listeners; resolves when that one is done with it. */
  consume<Name extends EventName<Topics>>(
    topic: Name,
    payload: PayloadOf<Topics, Name>,
    options?: CallOptions,
  ): Promise<void>;

  /** The peers of the hub that match, this one included. */
  peers(selector?: Selector): Promise<PeerInfo[]>;
  /** Calls `listener` for each matching peer that is there, then for each change. */
  watchPeers(listener: (change: PeerChange) => void, selector?: Selector): Off;

  /** Says whether this peer takes work. A peer that does not is passed over unless it is named by `id`. */
  setReady(ready: boolean): void;
  /** Leaves the hub. Calls under way fail with `ELPIS_HUB_CLOSED`. */
  close(): Promise<void>;
}
