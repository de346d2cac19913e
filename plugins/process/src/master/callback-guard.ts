import type { Logger } from "@elpis/api";

/** Keeps what a callback of the program throws from stopping the supervision; said once, then counted. */
export class CallbackGuard {
  readonly #log: Logger;
  #failures = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  run(name: string, callback: () => unknown): void {
    try {
      callback();
    } catch (error) {
      this.#failures += 1;
      const { log, message } = { log: this.#log, message: `a ${name} callback throws` };
      if (this.#failures === 1) log.error(message, { error: String(error) });
      else log.debug(message, { error: String(error), failures: this.#failures });
    }
  }
}
