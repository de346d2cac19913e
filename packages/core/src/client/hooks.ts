import { errorToData, type Logger, type Off } from "@elpis/api";

/** Functions of the application that are told something; one that fails does not keep the others from it. */
export class Hooks<Told> {
  readonly #what: string;
  readonly #log: Logger;
  readonly #hooks = new Set<{ readonly run: (told: Told) => void }>();

  /** @param what what they are, for the log: "a listener to …" */
  constructor(what: string, log: Logger) {
    this.#what = what;
    this.#log = log;
  }

  add(run: (told: Told) => void): Off {
    // The same function may be added twice; each ends by itself.
    const hook = { run };
    this.#hooks.add(hook);
    return () => this.#hooks.delete(hook);
  }

  tell(told: Told): void {
    for (const { run } of [...this.#hooks]) {
      try {
        run(told);
      } catch (error) {
        this.#log.error(`${this.#what} failed`, { error: errorToData(error, true) });
      }
    }
  }
}
