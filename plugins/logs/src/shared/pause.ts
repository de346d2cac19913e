import { MAX_PAUSE_MS, MIN_PAUSE_MS } from "./times.ts";

/** How long to wait before something that has failed is tried again: twice as long each time. */
export class Pause {
  #ms = MIN_PAUSE_MS;

  /** In milliseconds. */
  next(): number {
    const ms = this.#ms;
    this.#ms = Math.min(MAX_PAUSE_MS, ms * 2);
    return ms;
  }

  /** It went well. */
  reset(): void {
    this.#ms = MIN_PAUSE_MS;
  }
}
