import type { Now } from "../collectors/collector.ts";

/** A value that is asked for. */
export interface Gauge {
  getValue(): unknown;
}

const TTL_MS = 5000;

/** A gauge that asks again only after a while; whoever asks meanwhile gets the same answer. */
export class CachedGauge<Value> implements Gauge {
  readonly #load: () => Value;
  readonly #ttlMs: number;
  readonly #now: Now;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #value: Value | undefined;

  /**
   * @param load gives the value, or a promise of it
   * @param ttlMs how long an answer counts, in milliseconds. @default 5000
   */
  constructor(load: () => Value, ttlMs: number = TTL_MS, now: Now = () => performance.now()) {
    this.#load = load;
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  getValue(): Value {
    const now = this.#now();
    if (now - this.#loadedAt >= this.#ttlMs) {
      this.#value = this.#load();
      this.#loadedAt = now;
      this.#forgetFailure(this.#value);
    }
    return this.#value as Value;
  }

  /** A failure is not an answer: who asks next asks anew. */
  #forgetFailure(value: unknown): void {
    if (!(value instanceof Promise)) return;
    value.catch(() => {
      if (this.#value === value) this.#loadedAt = Number.NEGATIVE_INFINITY;
    });
  }
}
