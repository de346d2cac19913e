import type { ConfigTopics } from "./config-topics.ts";
import type { ConnectionChange, DroppedEvents } from "./connection.ts";
import type { ElpisError } from "./errors.ts";
import type { HubTracing } from "./hub-tracing.ts";
import type { JobHandler, JobOptions, JobReceipt, Jobs, WorkOptions } from "./jobs.ts";
import type { Location, PeerChange, PeerInfo, Selector } from "./location.ts";
import type { ProxyOptions, PublishOptions, Remote } from "./objects.ts";
import type { TopicSchemas } from "./schema.ts";
import type { ServeOptions, StreamCall, StreamHandler, StreamOptions } from "./streams.ts";
import type {
  AnyTopics,
  EventName,
  InputOf,
  ItemOf,
  JobName,
  JobOf,
  OutputOf,
  PayloadOf,
  QueryOf,
  RequestName,
  SentOf,
  StreamName,
} from "./topics.ts";

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

/** What becomes of an event when a receiver has too much waiting; chosen by the receiver. */
export type Overflow =
  /** The new one is lost. */
  | "drop-new"
  /** The oldest that wait make room: of use where only the latest counts. */
  | "drop-old"
  /** The receiver is disconnected: for those who would rather begin anew than miss one. */
  | "disconnect";

export interface ListenOptions {
  /** @default "drop-new" */
  readonly overflow?: Overflow;
}

export interface EmitOptions {
  /** Which of the listening peers. @default all others */
  readonly to?: Selector;
  /**
   * When nobody listens: `drop` counts it and goes on; `fail` rejects with `ELPIS_HUB_NO_RESPONDER`; `wait` lets the hub
   * keep it until somebody does, for `timeoutMs` and within a bound, and rejects after that.
   * @default "drop"
   */
  readonly absent?: "drop" | "fail" | "wait";
  /** How long to wait for somebody, or for the report, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Resolve with what became of it: see {@link Delivery}. @default false */
  readonly report?: boolean;
}

/** What became of an event. */
export interface Delivery {
  /** Peers to which it is on its way. */
  readonly accepted: number;
  /** Peers that lost it because too much waits for them. */
  readonly dropped: number;
}

/**
 * Which of several peers is asked. `weighted` and `least-busy` by what they said with `handle` and by what they have to
 * do; with `hash`, equal keys reach the same peer as long as it is there.
 */
export type Balance =
  | "round-robin"
  | "weighted"
  | "least-busy"
  | "random"
  | { readonly hash: string | number };

export interface CallOptions {
  /** Which of the peers that could answer. @default all of them */
  readonly to?: Selector;
  /** How long to wait, in milliseconds, at least 1. @default 5000 */
  readonly timeoutMs?: number;
  /** Cancels the call; the one who works on it is told. */
  readonly signal?: AbortSignal;
  /** @default "round-robin"; for `consume` "least-busy" */
  readonly balance?: Balance;
  /**
   * When nobody who is ready answers it: `fail` at once with `ELPIS_HUB_NO_RESPONDER`, or `wait` until somebody does or
   * the time is over. While the hub itself is away `fail` means `ELPIS_HUB_CLOSED`. @default "fail"
   */
  readonly absent?: "fail" | "wait";
  /**
   * Doing it twice is the same as doing it once: a call whose peer died or is overloaded is made again, within its time,
   * for at most one call in ten. @default false
   */
  readonly idempotent?: boolean;
}

export interface HandleOptions {
  /** How many calls run at once; more wait in line. @default unlimited */
  readonly concurrency?: number;
  /** How many may wait in line; more are refused with `ELPIS_HUB_OVERLOADED`. @default 1024 */
  readonly queue?: number;
  /** Share of the calls with `weighted` balance, from 1 to 65535. @default 1 */
  readonly weight?: number;
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
 * strings, `Uint8Array` (as which other views and `ArrayBuffer` arrive), `Date`, `Map`, `Set`, `Error` (which arrives as
 * an {@link ElpisError} with the same name, message and code), arrays and plain objects.
 *
 * Calls fail with an {@link ElpisError} whose code is `ELPIS_HUB_NO_RESPONDER`, `ELPIS_HUB_PEER_LOST`,
 * `ELPIS_HUB_DEADLINE`, `ELPIS_HUB_OVERLOADED`, `ELPIS_HUB_CANCELLED`, `ELPIS_HUB_TOO_LARGE`, `ELPIS_HUB_CLOSED`, or
 * the remote handler's own code (`ELPIS_HUB_REMOTE` where it has none).
 */
export interface Client<Topics = AnyTopics> {
  /** Who this peer is. After a reconnect its `id` is another. */
  readonly location: Location;
  /** Resolves when the connection has ended for good: with the cause, or undefined after `close()`. */
  readonly closed: Promise<ElpisError | undefined>;

  /** Listens to an event. */
  on<Name extends EventName<Topics>>(
    topic: Name,
    listener: EventListener<PayloadOf<Topics, Name>>,
    options?: ListenOptions,
  ): Off;

  /** Answers a request. One handler per topic and client. @throws ELPIS_HUB_DUPLICATE_HANDLER */
  handle<Name extends RequestName<Topics>>(
    topic: Name,
    handler: RequestHandler<InputOf<Topics, Name>, OutputOf<Topics, Name>>,
    options?: HandleOptions,
  ): Off;

  /** As below, resolving with what became of it. */
  emit<Name extends EventName<Topics>>(
    topic: Name,
    payload: PayloadOf<Topics, Name>,
    options: EmitOptions & { readonly report: true },
  ): Promise<Delivery>;
  /**
   * Tells every other peer that listens, at most once. Resolves when more may be sent: at once, or when what waits for
   * this process, or for the one peer that `to.id` names, has become less.
   */
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

  /** Opens a stream to one of the peers that serve the topic. */
  stream<Name extends StreamName<Topics>>(
    topic: Name,
    input: QueryOf<Topics, Name>,
    options?: StreamOptions,
  ): StreamCall<ItemOf<Topics, Name>, SentOf<Topics, Name>>;
  /** Answers streams. One server per topic and client. @throws ELPIS_HUB_DUPLICATE_HANDLER */
  serve<Name extends StreamName<Topics>>(
    topic: Name,
    handler: StreamHandler<QueryOf<Topics, Name>, ItemOf<Topics, Name>, SentOf<Topics, Name>>,
    options?: ServeOptions,
  ): Off;

  /** Puts a job in line; resolves when the hub has it, as firmly as `level` says. */
  enqueue<Name extends JobName<Topics>>(
    topic: Name,
    payload: JobOf<Topics, Name>,
    options?: JobOptions,
  ): Promise<JobReceipt>;
  /** Takes jobs. @throws ELPIS_HUB_DUPLICATE_HANDLER */
  work<Name extends JobName<Topics>>(
    topic: Name,
    handler: JobHandler<JobOf<Topics, Name>>,
    options?: WorkOptions,
  ): Off;
  /** The jobs of the hub. */
  readonly jobs: Jobs;

  /** Lets others call an object; resolves when they can. @throws ELPIS_HUB_DUPLICATE_HANDLER */
  publish<T extends object>(name: string, object: T, options: PublishOptions<T>): Promise<Off>;
  /** An object that another process published. */
  proxy<T extends object>(name: string, options?: ProxyOptions): Remote<T>;

  /** Values that all peers share. */
  readonly config: ConfigTopics;

  /**
   * Checks the values of these topics from now on, besides those of earlier calls. What does not pass fails with
   * `ELPIS_HUB_BAD_PAYLOAD`: at the sender before it leaves, at the receiver before a handler or listener sees it.
   */
  useSchemas(schemas: TopicSchemas): void;
  /** Has messages of this client followed from now on, by one at a time; see {@link HubTracing}. */
  useTracing(tracing: HubTracing): Off;

  /** Whether the hub can be reached now. */
  readonly connected: boolean;
  /** Calls `listener` when the connection to the hub breaks, and when it is back. */
  onConnection(listener: (change: ConnectionChange) => void): Off;
  /** Calls `listener` when events of this peer were lost on their way; see {@link Overflow}. */
  onDropped(listener: (dropped: DroppedEvents) => void): Off;

  /** The peers of the hub that match, this one included, in the order in which they joined. */
  peers(selector?: Selector): Promise<PeerInfo[]>;
  /** Calls `listener` for each matching peer that is there, then for each change. */
  watchPeers(listener: (change: PeerChange) => void, selector?: Selector): Off;

  /** Says whether this peer takes work. A peer that does not is passed over unless it is named by `id`. */
  setReady(ready: boolean): void;
  /** Leaves the hub. Calls under way fail with `ELPIS_HUB_CLOSED`. */
  close(): Promise<void>;
}
