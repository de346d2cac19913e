/** Callers that wait until there is room again; they share one promise. */
export class Drained {
  #promise: Promise<void> | undefined;
  #resolve: () => void = nothing;
  #reject: (error: unknown) => void = nothing;

  wait(): Promise<void> {
    if (this.#promise === undefined) {
      this.#promise = new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
      // Whoever does not look at it does not want to know; it must not end the process.
      this.#promise.catch(nothing);
    }
    return this.#promise;
  }

  /** There is room. */
  done(): void {
    this.#promise = undefined;
    this.#resolve();
  }

  /** There will be none. */
  fail(error: unknown): void {
    this.#promise = undefined;
    this.#reject(error);
  }
}

function nothing(): void {}
