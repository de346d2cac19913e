import { SYSTEM_CLOCK, type WatchClock } from "./clock.ts";
import { MEMORY_SAMPLE_MS } from "./memory-rule.ts";
import { UsageSampler } from "./usage.ts";

type Listener = (rssBytes: number) => void;

/** Samples the memory of those processes that have a limit, all together, and nothing while there are none. */
export class MemorySampler {
  readonly #clock: WatchClock;
  readonly #usage = new UsageSampler();
  readonly #listeners = new Map<number, Listener>();
  #stop: (() => void) | undefined;
  #isBusy = false;

  constructor(clock: WatchClock = SYSTEM_CLOCK) {
    this.#clock = clock;
  }

  /** Tells `listener` about once a second how much memory `pid` holds, until the function that is returned is called. */
  follow(pid: number, listener: Listener): () => void {
    this.#listeners.set(pid, listener);
    this.#stop ??= this.#clock.every(MEMORY_SAMPLE_MS, () => void this.#sample());
    return () => {
      if (this.#listeners.get(pid) === listener) this.#listeners.delete(pid);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  async #sample(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const usages = await this.#usage.sample([...this.#listeners.keys()]);
      for (const [pid, { rssBytes }] of usages) this.#listeners.get(pid)?.(rssBytes);
    } finally {
      this.#isBusy = false;
    }
  }
}
