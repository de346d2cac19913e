import type { CallOptions, Off } from "./client.ts";
import type { Selector } from "./location.ts";

/** The names of the methods of `T`. */
export type MethodName<T> = {
  [Name in keyof T & string]: T[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof T & string];

/** What of an object others may use; nothing else of it can be reached. */
export interface PublishOptions<T> {
  /** Methods that may be called. */
  readonly methods?: readonly MethodName<T>[];
  /** Properties that may be read. */
  readonly properties?: readonly (keyof T & string)[];
  /**
   * Names under which others may subscribe. The object has `subscribe(name, listener)` and `unsubscribe(name, listener)`,
   * as an event emitter has `on` and `off` (which are used where the former are missing).
   */
  readonly events?: readonly string[];
  /** Proxies that ask for a tag reach objects with exactly that tag. */
  readonly tag?: string;
  /** How many calls of it run at once. @default unlimited */
  readonly concurrency?: number;
}

/** How an object is reached. */
export interface ProxyOptions extends Omit<CallOptions, "signal"> {
  /** Reaches objects that were published with exactly this tag. @default objects with any tag, or none */
  readonly tag?: string;
  readonly to?: Selector;
}

/** A method as its caller sees it. */
type RemoteMethod<Method> = Method extends (...args: infer Args) => infer Result
  ? (...args: Args) => Promise<Awaited<Result>>
  : never;

/**
 * An object of another process. Every method is asynchronous; properties are read with `$get`. It is never thenable, so
 * it may be awaited or returned from an async function.
 */
export type Remote<T> = { readonly [Name in MethodName<T>]: RemoteMethod<T[Name]> } & {
  /** The value of a property that was published. */
  $get<Name extends keyof T & string>(property: Name): Promise<T[Name]>;
  /**
   * Calls `listener` with what the object emits under `event`. Several listeners share one subscription. It is taken up
   * again by itself when the object's process, or the hub, was started again.
   */
  $subscribe(event: string, listener: (...values: unknown[]) => void): Off;
  /** What may be used of the object. */
  $describe(): Promise<ObjectDescription>;
};

/** What may be used of a published object. */
export interface ObjectDescription {
  readonly methods: readonly string[];
  readonly properties: readonly string[];
  readonly events: readonly string[];
  readonly tag?: string;
}
