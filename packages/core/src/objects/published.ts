import { type Logger, type PublishOptions, type RequestContext, toText } from "@elpis/api";
import { objectBadCall, objectNoEvent } from "../errors.ts";
import type { Call } from "./call.ts";
import { DropCount } from "./drop-count.ts";
import { EventSource, type Losses } from "./event-source.ts";
import { Exposed } from "./exposed.ts";
import { Gate } from "./gate.ts";
import { labelOf } from "./names.ts";
import type { Subscriber } from "./subscriber.ts";

/** One object that others may use: what is exposed of it, how many calls run at once, and who hears its events. */
export class Published {
  readonly tag: string | undefined;
  readonly #label: string;
  readonly #exposed: Exposed;
  readonly #gate: Gate;
  readonly #log: Logger;
  readonly #losses: Losses;
  readonly #sources = new Map<string, EventSource>();

  /** @throws ELPIS_OBJECT_BAD_MEMBER, ELPIS_HUB_BAD_ARGUMENT */
  constructor(name: string, object: object, options: PublishOptions<object>, log: Logger) {
    this.tag = options.tag;
    this.#label = labelOf(name, options.tag);
    this.#exposed = new Exposed(this.#label, object, options);
    this.#gate = new Gate(this.#label, options.concurrency);
    this.#log = log;
    const told = (message: string): DropCount =>
      new DropCount(
        (dropped, total) => log.warn(message, { object: this.#label, dropped, total }),
        () => performance.now(),
      );
    this.#losses = {
      slow: told("events of an object were dropped: a subscriber is too slow"),
      unsendable: told("events of an object were dropped: they cannot be sent"),
    };
  }

  /** Whether it can do what a call asks for. */
  offers({ op, member }: Call): boolean {
    if (op === "call") return this.#exposed.hasMethod(member);
    return op === "describe" || this.#exposed.hasProperty(member);
  }

  hasEvent(event: unknown): boolean {
    return typeof event === "string" && this.#exposed.hasEvent(event);
  }

  /** @throws ELPIS_OBJECT_NO_METHOD, ELPIS_OBJECT_NO_PROPERTY, ELPIS_OBJECT_OVERLOADED, or what the object throws */
  run({ op, member, args }: Call, context: RequestContext): unknown {
    if (op === "describe") return this.#exposed.description;
    if (op === "get") return this.#exposed.get(member);
    // A name that is not there need not wait in line.
    if (!this.#exposed.hasMethod(member)) return this.#exposed.call(member, args);
    return this.#gate.run(() => this.#exposed.call(member, args), context);
  }

  /** @throws ELPIS_OBJECT_NO_EVENT, ELPIS_OBJECT_BAD_CALL, or what the object throws */
  subscribe(event: unknown): Subscriber {
    if (typeof event !== "string") throw objectBadCall(this.#label, toText(event));
    if (!this.#exposed.hasEvent(event)) throw objectNoEvent(this.#label, event);
    return this.#source(event).add();
  }

  /** Ends all subscriptions and says what was not said yet. */
  close(): void {
    for (const source of this.#sources.values()) source.close();
    this.#losses.unsendable.flush();
  }

  /** One for each event that was published, so there are never more than those. */
  #source(event: string): EventSource {
    let source = this.#sources.get(event);
    if (source === undefined) {
      source = new EventSource(this.#exposed.object, event, this.#losses, this.#log);
      this.#sources.set(event, source);
    }
    return source;
  }
}
