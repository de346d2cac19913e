import type { Off } from "./client.ts";

/** Values that every peer of the hub can read, and be told of. They live as long as the hub. */
export interface ConfigTopics {
  /** Sets a value for everybody; resolves when the hub has it. */
  set(key: string, value: unknown): Promise<void>;
  /** The present value, or undefined. */
  get(key: string): Promise<unknown>;
  /** Removes a value: watchers are told `undefined`. Whether there was one. */
  delete(key: string): Promise<boolean>;
  /** All values whose key begins with `prefix`. */
  list(prefix?: string): Promise<ReadonlyMap<string, unknown>>;
  /**
   * Calls `listener` with the present value (undefined when there is none), then with each new one. A listener that is
   * slower than the changes misses those in between, never the last. Goes on by itself after a restart of the hub.
   */
  watch(key: string, listener: (value: unknown, key: string) => void): Off;
}
