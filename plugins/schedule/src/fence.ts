import { refusal } from "./errors.ts";

/** How a fence is made. */
export interface FenceOptions {
  /**
   * How many keys are remembered. When there are more the oldest go; keys that are not known then let nobody through whose
   * token is lower than those that went. @default 10000
   */
  readonly maxKeys?: number;
}

/** Stands in front of something that attempts change, and lets through whose token is not lower than those before. */
export interface Fence {
  /**
   * @param key what is changed, such as the `id` of a run
   * @param token that of the attempt
   * @throws ELPIS_SCHEDULE_FENCED when an attempt with a higher token was here
   */
  check(key: string, token: number): void;
}

/**
 * Makes a fence for a store of one's own. It belongs where the store is: checked there, in one step with the change.
 *
 * @example
 * const fence = createFence();
 * hub.handle("ledger.book", ({ key, token, entry }) => {
 *   fence.check(key, token);
 *   ledger.set(key, entry);
 * });
 */
export function createFence(options: FenceOptions = {}): Fence {
  const { maxKeys = 10_000 } = options;
  const highest = new Map<string, number>();
  let forgotten = Number.NEGATIVE_INFINITY;
  return {
    check(key, token) {
      const least = highest.get(key) ?? forgotten;
      if (!(token >= least)) {
        throw refusal("ELPIS_SCHEDULE_FENCED", `A change of "${key}" was refused`, { key, token });
      }
      // Those that were used last are behind.
      highest.delete(key);
      highest.set(key, token);
      if (highest.size <= maxKeys) return;
      const [[oldest, its]] = highest as unknown as [[string, number]];
      highest.delete(oldest);
      forgotten = Math.max(forgotten, its);
    },
  };
}
