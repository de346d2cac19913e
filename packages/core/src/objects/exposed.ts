import type { ObjectDescription, PublishOptions } from "@elpis/api";
import { objectBadMember, objectNoMethod, objectNoProperty } from "../errors.ts";
import { isReserved } from "./names.ts";

type Method = (...args: unknown[]) => unknown;

/**
 * What others may use of one object. The methods are looked up once, when it is published, in a table that inherits from
 * nothing; a name that is not in it never reaches the object.
 */
export class Exposed {
  readonly object: object;
  readonly description: ObjectDescription;
  readonly #name: string;
  readonly #methods: Record<string, Method> = Object.create(null);
  readonly #properties: ReadonlySet<string>;
  readonly #events: ReadonlySet<string>;

  /** @throws ELPIS_OBJECT_BAD_MEMBER */
  constructor(name: string, object: object, options: PublishOptions<object>) {
    const isObject =
      (object !== null && typeof object === "object") || typeof object === "function";
    if (!isObject) throw objectBadMember(name, "it", "is not an object");
    this.#name = name;
    this.object = object;
    const methods = list(name, "methods", options.methods);
    const properties = list(name, "properties", options.properties);
    const events = list(name, "events", options.events);
    for (const method of methods) this.#methods[method as string] = this.#method(method);
    for (const property of properties) this.#checkProperty(property);
    for (const event of events) {
      if (typeof event !== "string" || event === "") throw objectBadMember(name, event, NO_TEXT);
    }
    this.#properties = new Set(properties as string[]);
    this.#events = new Set(events as string[]);
    if (events.length > 0 && !canSubscribe(object)) throw objectBadMember(name, "it", NO_EMITTER);
    this.description = {
      methods: Object.keys(this.#methods),
      properties: [...this.#properties],
      events: [...this.#events],
      ...(options.tag !== undefined && { tag: options.tag }),
    };
  }

  hasMethod(name: string): boolean {
    return this.#methods[name] !== undefined;
  }

  hasProperty(name: string): boolean {
    return this.#properties.has(name);
  }

  hasEvent(name: string): boolean {
    return this.#events.has(name);
  }

  /** @throws ELPIS_OBJECT_NO_METHOD, or what the method throws */
  call(name: string, args: unknown[]): unknown {
    const method = this.#methods[name];
    if (method === undefined) throw objectNoMethod(this.#name, name);
    const result = Reflect.apply(method, this.object, args);
    if (isPromise(result)) return Promise.resolve(result).then((value) => this.#unlessSelf(value));
    return this.#unlessSelf(result);
  }

  /** @throws ELPIS_OBJECT_NO_PROPERTY, or what its accessor throws */
  get(name: string): unknown {
    if (!this.#properties.has(name)) throw objectNoProperty(this.#name, name);
    const value: unknown = Reflect.get(this.object, name);
    if (typeof value === "function") throw objectNoProperty(this.#name, name);
    return value;
  }

  /** A method that returns its object, so that calls can be chained, must not give all of its fields away. */
  #unlessSelf(value: unknown): unknown {
    return value === this.object ? undefined : value;
  }

  #method(name: unknown): Method {
    if (isReserved(name)) throw objectBadMember(this.#name, name, RESERVED_NAME);
    const found = descriptorOf(this.object, name as string)?.value;
    if (typeof found === "function") return found as Method;
    throw objectBadMember(this.#name, name, "is not a method of it");
  }

  #checkProperty(name: unknown): void {
    if (isReserved(name)) throw objectBadMember(this.#name, name, RESERVED_NAME);
    if (typeof descriptorOf(this.object, name as string)?.value === "function") {
      throw objectBadMember(this.#name, name, "is a method, not a property");
    }
  }
}

const RESERVED_NAME = "has a name that others cannot use";
const NO_TEXT = "is not a text";
const NO_EMITTER = "has neither subscribe and unsubscribe nor on and off, which events need";

/** Whether it has methods with which one can hear of its events. */
function canSubscribe(object: object): boolean {
  const has = (name: string): boolean => typeof Reflect.get(object, name) === "function";
  return (has("subscribe") && has("unsubscribe")) || (has("on") && has("off"));
}

/** Own, or of a class; no accessor is run, and what every object or function has does not count. */
function descriptorOf(object: object, name: string): PropertyDescriptor | undefined {
  for (
    let at: object | null = object;
    at !== null && at !== Object.prototype && at !== Function.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function list(name: string, what: string, names: unknown): readonly unknown[] {
  if (names === undefined) return [];
  if (!Array.isArray(names)) throw objectBadMember(name, what, "is not a list of names");
  return names;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (value === null || typeof value !== "object") return false;
  return typeof (value as PromiseLike<unknown>).then === "function";
}
