import {
  type CallOptions,
  type Client,
  type ConfigTopics,
  type ConnectionChange,
  type Delivery,
  type DroppedEvents,
  type ElpisError,
  type EmitOptions,
  type EventListener,
  type HandleOptions,
  type HubTracing,
  type JobHandler,
  type JobOptions,
  type JobReceipt,
  type Jobs,
  type ListenOptions,
  type Location,
  type MapAnswers,
  matches,
  type Off,
  type PeerChange,
  type PeerInfo,
  type ProxyOptions,
  type PublishOptions,
  type Remote,
  type RequestHandler,
  type Selector,
  type ServeOptions,
  type StreamCall,
  type StreamHandler,
  type StreamOptions,
  type TopicSchemas,
  type WorkOptions,
} from "@elpis/api";
import { ConfigClient } from "../config/config-client.ts";
import { JobClient } from "../jobs/job-client.ts";
import { Objects } from "../objects/objects.ts";
import { Checks } from "./checks.ts";
import { Outgoing } from "./outgoing.ts";
import { openStream } from "./stream-open.ts";
import type { Uplink } from "./uplink.ts";

/**
 * The one implementation of {@link Client}; untyped inside, typed by the interface. It outlives connections; what an
 * application may never use is made when it is first used.
 */
export class HubClient implements Client {
  /** Told each time that this process says whether it is ready, whoever in it does. */
  onReadiness: ((ready: boolean) => void) | undefined;
  readonly #uplink: Uplink;
  readonly #outgoing: Outgoing;
  #checks: Checks | undefined;
  #objects: Objects | undefined;
  #config: ConfigClient | undefined;
  #jobs: JobClient | undefined;

  constructor(uplink: Uplink, schemas?: TopicSchemas) {
    this.#uplink = uplink;
    this.#outgoing = new Outgoing(uplink);
    if (schemas !== undefined) this.useSchemas(schemas);
  }

  get location(): Location {
    return this.#uplink.location;
  }

  get closed(): Promise<ElpisError | undefined> {
    return this.#uplink.closed;
  }

  get connected(): boolean {
    return this.#uplink.connected;
  }

  /** Requests of others that this process works on. */
  get openRequests(): number {
    return this.#uplink.services.openRequests;
  }

  /** Events that no listener was told of, because they could not be read or did not pass their schema. */
  get badEvents(): number {
    return this.#uplink.services.badEvents;
  }

  get config(): ConfigTopics {
    this.#config ??= new ConfigClient(this, this.#uplink.log);
    return this.#config;
  }

  get jobs(): Jobs {
    return this.#jobClient;
  }

  on(topic: string, listener: EventListener<unknown>, options?: ListenOptions): Off {
    return this.#uplink.services.on(topic, listener, options);
  }

  handle(topic: string, run: RequestHandler<unknown, unknown>, options?: HandleOptions): Off {
    return this.#uplink.services.handle(topic, run, options);
  }

  emit(
    topic: string,
    payload: unknown,
    options: EmitOptions & { readonly report: true },
  ): Promise<Delivery>;
  emit(topic: string, payload: unknown, options?: EmitOptions): Promise<void>;
  emit(topic: string, payload: unknown, options?: EmitOptions): Promise<never> {
    return this.#outgoing.emit(topic, payload, options) as Promise<never>;
  }

  request(topic: string, input: unknown, options?: CallOptions): Promise<unknown> {
    return this.#outgoing.request(topic, input, options);
  }

  consume(topic: string, payload: unknown, options?: CallOptions): Promise<void> {
    return this.#outgoing.consume(topic, payload, options);
  }

  map(topic: string, input: unknown, options?: CallOptions): Promise<MapAnswers<unknown>> {
    return this.#outgoing.map(topic, input, options);
  }

  stream(topic: string, input: unknown, options?: StreamOptions): StreamCall<unknown, unknown> {
    return openStream(this.#uplink, this.#checks, topic, input, options);
  }

  serve(
    topic: string,
    handler: StreamHandler<unknown, unknown, unknown>,
    options?: ServeOptions,
  ): Off {
    return this.#uplink.services.serve(topic, handler, options);
  }

  async enqueue(topic: string, payload: unknown, options?: JobOptions): Promise<JobReceipt> {
    const approved = this.#checks?.approve(topic, "job", payload);
    if (approved instanceof Promise) await approved;
    return this.#jobClient.enqueue(topic, payload, options);
  }

  work(topic: string, handler: JobHandler<unknown>, options?: WorkOptions): Off {
    const run: JobHandler<unknown> = (payload, context) => {
      const checked =
        this.#checks === undefined ? payload : this.#checks.check(topic, "job", payload);
      return checked instanceof Promise
        ? checked.then((value) => handler(value, context))
        : handler(checked, context);
    };
    return this.#jobClient.work(topic, run, options);
  }

  publish<T extends object>(name: string, object: T, options: PublishOptions<T>): Promise<Off> {
    return this.#objectClient.publish(name, object, options);
  }

  proxy<T extends object>(name: string, options?: ProxyOptions): Remote<T> {
    return this.#objectClient.proxy<T>(name, options);
  }

  useSchemas(schemas: TopicSchemas): void {
    this.#checks ??= new Checks();
    this.#checks.add(schemas);
    this.#outgoing.checks = this.#checks;
    this.#uplink.services.checks = this.#checks;
  }

  useTracing(tracing: HubTracing): Off {
    this.#uplink.tracing = tracing;
    return () => {
      if (this.#uplink.tracing === tracing) this.#uplink.tracing = undefined;
    };
  }

  onConnection(listener: (change: ConnectionChange) => void): Off {
    return this.#uplink.onConnection(listener);
  }

  onDropped(listener: (dropped: DroppedEvents) => void): Off {
    return this.#uplink.onDropped(listener);
  }

  async peers(selector?: Selector): Promise<PeerInfo[]> {
    const peers = await this.#uplink.peers();
    return peers.filter((peer) => matches(selector, peer));
  }

  watchPeers(listener: (change: PeerChange) => void, selector?: Selector): Off {
    return this.#uplink.watchPeers(listener, selector);
  }

  setReady(ready: boolean): void {
    this.#uplink.setReady(ready);
    this.onReadiness?.(ready);
  }

  /** Sends a frame as it is. */
  send(frame: Buffer): void {
    this.#uplink.session?.send(frame);
  }

  close(): Promise<void> {
    return this.#uplink.close();
  }

  get #jobClient(): JobClient {
    this.#jobs ??= new JobClient(this, this.#uplink.log, () => this.#uplink.tracing);
    return this.#jobs;
  }

  get #objectClient(): Objects {
    this.#objects ??= new Objects(this, this.#uplink.log);
    return this.#objects;
  }
}
