import {
  type Client,
  errorToData,
  type Logger,
  type Off,
  type ProxyOptions,
  selectorKey,
} from "@elpis/api";
import { badArgument } from "../errors.ts";
import { unpackOpaque } from "../wire/opaque.ts";
import { LastingStreams } from "./lasting-streams.ts";
import { eventTopic, labelOf } from "./names.ts";

const MAX_EVENT_BYTES = 255;

export type EventsListener = (...values: unknown[]) => unknown;

/** Whose events are meant. */
export interface Subject extends Pick<ProxyOptions, "tag" | "to" | "balance"> {
  readonly name: string;
}

interface Subscription {
  readonly listeners: Set<{ readonly run: EventsListener }>;
  close: Off;
}

/** Events of objects elsewhere. Those who want the same of the same object share one stream. */
export class Subscriptions {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #streams: LastingStreams;
  readonly #byKey = new Map<string, Subscription>();

  constructor(client: Client, log: Logger) {
    this.#client = client;
    this.#log = log;
    this.#streams = new LastingStreams(client, log);
  }

  /** Streams that are open or will be opened again. */
  get size(): number {
    return this.#streams.size;
  }

  /** @throws ELPIS_HUB_BAD_ARGUMENT */
  add(subject: Subject, event: string, run: EventsListener): Off {
    checkEvent(event);
    if (typeof run !== "function") throw badArgument("listener", "a function", run);
    const key = keyOf(subject, event);
    const listener = { run };
    const known = this.#byKey.get(key);
    if (known === undefined) this.#open(key, subject, event, listener);
    else known.listeners.add(listener);
    return () => {
      const subscription = this.#byKey.get(key);
      if (subscription?.listeners.delete(listener) !== true) return;
      if (subscription.listeners.size > 0) return;
      this.#byKey.delete(key);
      subscription.close();
    };
  }

  #open(key: string, subject: Subject, event: string, first: { run: EventsListener }): void {
    const { name, tag, to, balance } = subject;
    const listeners = new Set([first]);
    const options = { ...(to !== undefined && { to }), ...(balance !== undefined && { balance }) };
    const what = `events "${event}" of ${labelOf(name, tag)}`;
    const subscription: Subscription = { listeners, close: () => {} };
    this.#byKey.set(key, subscription);
    subscription.close = this.#streams.open({
      what,
      open: () => this.#client.stream(eventTopic(name, tag), event, options),
      onItem: (item) => this.#deliver(what, listeners, item),
    });
  }

  #deliver(what: string, listeners: Subscription["listeners"], item: unknown): void {
    const failed = (error: unknown): void => {
      this.#log.error(`a listener to ${what} failed`, { error: errorToData(error, true) });
    };
    const values = valuesOf(item);
    if (values === undefined) return failed(new TypeError("what came is not a list of values"));
    for (const listener of [...listeners]) {
      // One before it may have ended it.
      if (!listeners.has(listener)) continue;
      try {
        const { run } = listener;
        Promise.resolve(run(...values)).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}

function valuesOf(item: unknown): unknown[] | undefined {
  if (!(item instanceof Uint8Array)) return undefined;
  try {
    const values = unpackOpaque(item);
    return Array.isArray(values) ? values : undefined;
  } catch {
    return undefined;
  }
}

function keyOf({ name, tag, to, balance }: Subject, event: string): string {
  return JSON.stringify([name, tag ?? null, selectorKey(to), balance ?? null, event]);
}

function checkEvent(event: unknown): void {
  const isGood =
    typeof event === "string" && event !== "" && Buffer.byteLength(event) <= MAX_EVENT_BYTES;
  if (!isGood) throw badArgument("event", `a text of 1 to ${MAX_EVENT_BYTES} bytes`, event);
}
