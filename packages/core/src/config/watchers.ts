import type { ConfigItem } from "./config-wire.ts";
import { Watcher } from "./watcher.ts";

/** Those who watch, by key; a key that nobody watches is not kept. */
export class Watchers {
  readonly #byKey = new Map<string, Set<Watcher>>();

  /** Keys that are watched. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Adds one until it is closed. */
  add(key: string, read: () => ConfigItem): Watcher {
    const watchers = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, watchers);
    const watcher = new Watcher(read, (closed) => {
      watchers.delete(closed);
      if (watchers.size === 0) this.#byKey.delete(key);
    });
    watchers.add(watcher);
    return watcher;
  }

  /** The value of a key is another. */
  changed(key: string): void {
    for (const watcher of this.#byKey.get(key) ?? []) watcher.changed();
  }

  /** Ends them all. */
  close(): void {
    for (const watcher of [...this.#byKey.values()].flatMap((of) => [...of])) watcher.close();
  }
}
