import type { EventListener, ListenOptions, Off, Overflow } from "@elpis/api";
import { Flag, Kind, MAX_LISTENS, setFlags } from "@elpis/protocol";
import { badArgument, duplicateHandler } from "../errors.ts";
import type { Handler } from "./handler.ts";
import { checkTopic } from "./routes.ts";
import type { Session } from "./session.ts";

/** From the mildest: with several listeners to one topic the strongest rule holds for all of them. */
const OVERFLOW_FLAGS: Readonly<Record<Overflow, number>> = {
  "drop-new": 0,
  "drop-old": Flag.dropOld,
  disconnect: Flag.disconnect,
};

/** One call of `on`. */
interface Listening {
  readonly listener: EventListener<unknown>;
  readonly flags: number;
}

/** What this peer does for one topic. */
export interface Service {
  readonly topic: string;
  listeners: readonly Listening[];
  handler: Handler | undefined;
  /** The hub's number for the topic, once it is told. */
  number: number | undefined;
  /** What the hub was told: flags of the listeners, weight of the handler. Undefined: that there is none. */
  toldFlags: number | undefined;
  toldWeight: number | undefined;
}

/**
 * What this peer listens to and handles, and that the hub knows it. What ends is told at the end of the turn, so that
 * something that ends and begins again in one turn is not away in between.
 */
export class Registry {
  readonly #byName = new Map<string, Service>();
  /** By the hub's number for the topic. */
  #byNumber: Array<Service | undefined> = [];
  #session: Session | undefined;
  /** Where something has ended that the hub may not know of. */
  readonly #ended = new Set<Service>();

  on(topic: string, listener: EventListener<unknown>, options?: ListenOptions): Off {
    const flags = overflowFlags(options);
    const service = this.#service(topic);
    if (service.listeners.length === 0) this.#checkRoom(service);
    // The same function may be registered twice; each registration ends by itself.
    const entry: Listening = { listener, flags };
    service.listeners = [...service.listeners, entry];
    this.#tellListeners(service);
    return () => {
      if (!service.listeners.includes(entry)) return;
      service.listeners = service.listeners.filter((other) => other !== entry);
      this.#end(service);
    };
  }

  /** @throws ELPIS_HUB_DUPLICATE_HANDLER, ELPIS_HUB_BAD_ARGUMENT */
  handle(topic: string, handler: Handler): Off {
    const service = this.#service(topic);
    if (service.handler !== undefined) throw duplicateHandler(topic);
    this.#checkRoom(service);
    service.handler = handler;
    this.#tellHandler(service);
    return () => {
      if (service.handler !== handler) return;
      service.handler = undefined;
      this.#end(service);
    };
  }

  /** The hub says which number it uses for a topic. */
  named(number: number, topic: string): void {
    const service = this.#byName.get(topic);
    if (service === undefined) return;
    if (service.number !== undefined) this.#byNumber[service.number] = undefined;
    service.number = number;
    this.#byNumber[number] = service;
  }

  find(number: number): Service | undefined {
    return this.#byNumber[number];
  }

  /** There is a connection: the hub at its end knows nothing yet. */
  attach(session: Session): void {
    this.#session = session;
    for (const service of this.#byName.values()) this.#tell(service);
  }

  /** The connection has ended, and with it what the hub's numbers meant. */
  detach(): void {
    this.#session = undefined;
    this.#byNumber = [];
    for (const service of this.#byName.values()) {
      service.number = undefined;
      service.toldFlags = undefined;
      service.toldWeight = undefined;
    }
  }

  /** Tells the hub now of what has ended in this turn. */
  flush(): void {
    for (const service of this.#ended) {
      this.#tell(service);
      this.#tidy(service);
    }
    this.#ended.clear();
  }

  #end(service: Service): void {
    if (this.#ended.size === 0) process.nextTick(() => this.flush());
    this.#ended.add(service);
  }

  /** Brings the hub from what it was told to what there is. */
  #tell(service: Service): void {
    this.#tellListeners(service);
    this.#tellHandler(service);
  }

  #tellListeners(service: Service): void {
    let flags: number | undefined;
    for (const listening of service.listeners) flags = Math.max(flags ?? 0, listening.flags);
    if (this.#session === undefined || flags === service.toldFlags) return;
    this.#declare(flags === undefined ? Kind.unlisten : Kind.listen, service, flags ?? 0, 0);
    service.toldFlags = flags;
  }

  #tellHandler(service: Service): void {
    const weight = service.handler?.weight;
    if (this.#session === undefined || weight === service.toldWeight) return;
    const kind = weight === undefined ? Kind.unlisten : Kind.listen;
    this.#declare(kind, service, Flag.handler, weight ?? 0);
    service.toldWeight = weight;
  }

  #declare(kind: Kind, { topic }: Service, flags: number, weight: number): void {
    const session = this.#session as Session;
    const frame = session.codec.frame(topic, kind, 0, weight, 0, 0);
    setFlags(frame, 0, flags);
    session.send(frame);
  }

  /** The hub would end the connection of a peer that listens to more. */
  #checkRoom(service: Service): void {
    if (this.#byName.size <= MAX_LISTENS / 2) return;
    this.flush();
    let listens = 0;
    for (const { listeners, handler } of this.#byName.values()) {
      listens += (listeners.length > 0 ? 1 : 0) + (handler === undefined ? 0 : 1);
    }
    if (listens < MAX_LISTENS) return;
    this.#tidy(service);
    throw badArgument("topic", `at most ${MAX_LISTENS} that are listened to`, service.topic);
  }

  #service(topic: string): Service {
    let service = this.#byName.get(topic);
    if (service === undefined) {
      checkTopic(topic);
      service = {
        topic,
        listeners: [],
        handler: undefined,
        number: undefined,
        toldFlags: undefined,
        toldWeight: undefined,
      };
      this.#byName.set(topic, service);
    }
    return service;
  }

  /** A topic that nobody here listens to any more is forgotten. */
  #tidy(service: Service): void {
    const { topic, listeners, handler, number } = service;
    if (listeners.length > 0 || handler !== undefined) return;
    if (this.#byName.get(topic) === service) this.#byName.delete(topic);
    if (number !== undefined) this.#byNumber[number] = undefined;
  }
}

/** @throws ELPIS_HUB_BAD_ARGUMENT */
function overflowFlags(options: ListenOptions | undefined): number {
  const { overflow = "drop-new" } = options ?? {};
  if (Object.hasOwn(OVERFLOW_FLAGS, overflow)) return OVERFLOW_FLAGS[overflow];
  throw badArgument("overflow", `one of ${Object.keys(OVERFLOW_FLAGS).join(", ")}`, overflow);
}
