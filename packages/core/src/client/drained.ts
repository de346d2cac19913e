/** Callers that wait until what was sent has left; they share one promise. */
export class Drained {
  #promise: Promise<void> | undefined;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  wait(): Promise<void> {
    this.#promise ??= new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    return this.#promise;
  }

  /** It has left. */
  done(): void {
    this.#promise = undefined;
    this.#resolve();
  }

  /** It will not. */
  fail(error: unknown): void {
    this.#promise = undefined;
    this.#reject(error);
  }
}
