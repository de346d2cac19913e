import { type Client, errorToData, type Logger, type Off } from "@elpis/api";
import { configBadValue } from "../errors.ts";
import { LastingStreams } from "../objects/lasting-streams.ts";
import { copyOf, unpackOpaque } from "../wire/opaque.ts";
import { type ConfigItem, WATCH } from "./config-wire.ts";

export type ConfigListener = (value: unknown, key: string) => unknown;

/** What a key had when it was heard of last: its bytes, or null for no value. */
interface Present {
  readonly value: Uint8Array | null;
}

/** One listener. While a promise of its is open it is not called; then it gets the last value. */
class Watch {
  readonly #key: string;
  readonly #listener: ConfigListener;
  readonly #failed: (error: unknown) => void;
  #next: Present | undefined;
  #isTold = false;
  #isBusy = false;
  #isOver = false;

  constructor(key: string, listener: ConfigListener, failed: (error: unknown) => void) {
    this.#key = key;
    this.#listener = listener;
    this.#failed = failed;
  }

  /** Whether it has been given any value. */
  get isTold(): boolean {
    return this.#isTold;
  }

  tell(present: Present): void {
    this.#isTold = true;
    this.#next = present;
    if (!this.#isBusy) void this.#run();
  }

  end(): void {
    this.#isOver = true;
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#next !== undefined && !this.#isOver) {
      const { value } = this.#next;
      this.#next = undefined;
      try {
        // Each has a value of its own: one that changes it does not change that of others.
        await this.#listener(value === null ? undefined : unpackOpaque(copyOf(value)), this.#key);
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#isBusy = false;
  }
}

interface Key {
  readonly watches: Set<Watch>;
  present: Present | undefined;
  close: Off;
}

/** The watches of one client. Those of one key share a stream. */
export class Watches {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #streams: LastingStreams;
  readonly #keys = new Map<string, Key>();

  constructor(client: Client, log: Logger) {
    this.#client = client;
    this.#log = log;
    this.#streams = new LastingStreams(client, log);
  }

  /** Streams that are open or will be opened again. */
  get size(): number {
    return this.#streams.size;
  }

  add(key: string, listener: ConfigListener): Off {
    const watch = new Watch(key, listener, (error) => {
      this.#log.error(`a watcher of config "${key}" failed`, { error: errorToData(error, true) });
    });
    const known = this.#keys.get(key);
    if (known === undefined) this.#open(key, watch);
    else this.#join(known, watch);
    return () => {
      watch.end();
      const entry = this.#keys.get(key);
      if (entry?.watches.delete(watch) !== true || entry.watches.size > 0) return;
      this.#keys.delete(key);
      entry.close();
    };
  }

  #open(key: string, watch: Watch): void {
    const entry: Key = { watches: new Set([watch]), present: undefined, close: () => {} };
    this.#keys.set(key, entry);
    entry.close = this.#streams.open({
      what: `config "${key}"`,
      // One under way at a time: what changes meanwhile is left out, not queued.
      open: () => this.#client.stream(WATCH, key, { window: 1 }),
      onItem: (item, isFirst) => this.#onItem(key, entry, item, isFirst),
    });
  }

  /** A later one is told what is known, as the first was: not before `watch` has returned. */
  #join(entry: Key, watch: Watch): void {
    entry.watches.add(watch);
    queueMicrotask(() => {
      if (entry.present !== undefined && !watch.isTold) watch.tell(entry.present);
    });
  }

  #onItem(key: string, entry: Key, item: unknown, isFirst: boolean): void {
    const value = (item as Partial<ConfigItem> | null)?.value;
    if (value !== null && !(value instanceof Uint8Array)) {
      this.#log.error("a value could not be read", {
        error: errorToData(configBadValue(key, "is not packed")),
      });
      return;
    }
    const before = entry.present;
    // What comes from a socket is a part of a larger piece.
    entry.present = { value: value === null ? null : copyOf(value) };
    if (before !== undefined && isSame(before.value, value, isFirst)) return;
    for (const watch of [...entry.watches]) watch.tell(entry.present);
  }
}

/**
 * Whether listeners know it already. On a stream each item is a change, unless there is no value now as before; the first
 * after a pause is one if the value differs.
 */
function isSame(before: Uint8Array | null, now: Uint8Array | null, isFirst: boolean): boolean {
  if (before === null || now === null) return before === now;
  return isFirst && Buffer.compare(before, now) === 0;
}
