/** Calls `task` about each `intervalMs` while it is wanted; asks the event loop for nothing otherwise. */
export class Ticker {
  readonly #intervalMs: number;
  readonly #task: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param task returns whether it wants to be called again */
  constructor(intervalMs: number, task: () => boolean) {
    this.#intervalMs = intervalMs;
    this.#task = task;
  }

  /** Makes sure that the task will be called. Does not keep the process alive. */
  want(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#task()) this.want();
    }, this.#intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
