import type { Logger } from "@elpis/api";
import { errorToData } from "@elpis/api";
import { packOpaque } from "../wire/opaque.ts";
import type { DropCount } from "./drop-count.ts";
import { Subscriber } from "./subscriber.ts";

type Listener = (...values: unknown[]) => void;

/** The two ways in which objects let others hear of their events. */
interface Emitting {
  subscribe?: (event: string, listener: Listener) => unknown;
  unsubscribe?: (event: string, listener: Listener) => unknown;
  on?: (event: string, listener: Listener) => unknown;
  off?: (event: string, listener: Listener) => unknown;
}

/** Where losses of one object are counted. */
export interface Losses {
  /** Subscribers were too slow. */
  readonly slow: DropCount;
  /** What was emitted cannot be sent. */
  readonly unsendable: DropCount;
}

/**
 * One event of one object. The object has one listener of ours while anybody subscribes, and none otherwise. What it
 * emits is packed once, at that moment, for all of them.
 */
export class EventSource {
  readonly #object: Emitting;
  readonly #event: string;
  readonly #losses: Losses;
  readonly #log: Logger;
  readonly #subscribers = new Set<Subscriber>();
  #listener: Listener | undefined;

  constructor(object: object, event: string, losses: Losses, log: Logger) {
    this.#object = object;
    this.#event = event;
    this.#losses = losses;
    this.#log = log;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** Adds a subscriber until it is closed; throws what the object throws. */
  add(): Subscriber {
    const subscriber = new Subscriber((closed) => this.#remove(closed));
    this.#subscribers.add(subscriber);
    if (this.#subscribers.size > 1) return subscriber;
    try {
      this.#subscribe();
    } catch (error) {
      this.#listener = undefined;
      subscriber.close();
      throw error;
    }
    return subscriber;
  }

  /** Ends all subscriptions. */
  close(failure?: { readonly error: unknown }): void {
    for (const subscriber of [...this.#subscribers]) subscriber.close(failure);
  }

  #subscribe(): void {
    const listener: Listener = (...values) => {
      if (this.#listener === listener) this.#emit(values);
    };
    this.#listener = listener;
    const object = this.#object;
    const result = hasOwnWay(object)
      ? object.subscribe?.(this.#event, listener)
      : object.on?.(this.#event, listener);
    Promise.resolve(result).catch((error) => {
      // Of an earlier time: those who subscribe now have nothing to do with it.
      if (this.#listener !== listener) return;
      this.#listener = undefined;
      this.close({ error });
    });
  }

  #remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    this.#losses.slow.flush();
    const listener = this.#listener;
    if (this.#subscribers.size > 0 || listener === undefined) return;
    this.#listener = undefined;
    const object = this.#object;
    const failed = (error: unknown): void => {
      this.#log.error(`an object could not be unsubscribed from "${this.#event}"`, {
        error: errorToData(error, true),
      });
    };
    try {
      const result = hasOwnWay(object)
        ? object.unsubscribe?.(this.#event, listener)
        : object.off?.(this.#event, listener);
      Promise.resolve(result).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #emit(values: unknown[]): void {
    let packed: Uint8Array;
    try {
      packed = packOpaque(values);
    } catch {
      return this.#losses.unsendable.add(1);
    }
    let dropped = 0;
    for (const subscriber of this.#subscribers) dropped += subscriber.push(packed);
    if (dropped > 0) this.#losses.slow.add(dropped);
  }
}

function hasOwnWay(object: Emitting): boolean {
  return typeof object.subscribe === "function" && typeof object.unsubscribe === "function";
}
