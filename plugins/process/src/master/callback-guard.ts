import type { Logger } from "@elpis/api";

/** Keeps what a callback of the program throws from stopping the supervision; said once, then counted. */
export class CallbackGuard {
  readonly #log: Logger;
  #failures = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Resolves, and never rejects, when the promise that the callback returned has settled; undefined: there is none. */
  run(name: string, callback: () => unknown): Promise<void> | undefined {
    try {
      const result = callback();
      if (!(result instanceof Promise)) return undefined;
      return result.then(
        () => {},
        (error: unknown) => this.#failed(name, error),
      );
    } catch (error) {
      this.#failed(name, error);
      return undefined;
    }
  }

  #failed(name: string, error: unknown): void {
    this.#failures += 1;
    const { log, message } = { log: this.#log, message: `a ${name} callback throws` };
    if (this.#failures === 1) log.error(message, { error: String(error) });
    else log.debug(message, { error: String(error), failures: this.#failures });
  }
}
