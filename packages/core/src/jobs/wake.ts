/** A pause that can be cut short. */
export class Wake {
  #end: (() => void) | undefined;

  /** Resolves after `ms` milliseconds, or when {@link now} is called. Does not keep the process alive. */
  after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.now(), ms);
      timer.unref();
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  now(): void {
    const end = this.#end;
    this.#end = undefined;
    end?.();
  }
}
