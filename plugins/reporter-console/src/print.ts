import type { Writable } from "node:stream";
import { Reject } from "@elpis/api";

/** Prints on a stream of the process. */
export class Printer {
  readonly #stream: Writable;
  // An error of a stream that nobody listens to ends the process. It is told to whoever prints, too.
  readonly #ignore = (): void => {};

  #isWaiting = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", this.#ignore);
  }

  /**
   * Resolves when whoever reads has room for more.
   *
   * @throws Reject when nobody reads; what `signal` was aborted with when the time is up
   */
  print(text: string, signal: AbortSignal): Promise<void> {
    // More of it would only fill the memory.
    if (this.#isWaiting) return Promise.reject(new Reject("nobody reads what was printed before"));
    this.#isWaiting = true;
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#stream.write(text, (error) => {
        this.#isWaiting = false;
        signal.removeEventListener("abort", abort);
        if (error == null) return resolve();
        const { code = "unknown error" } = error as NodeJS.ErrnoException;
        reject(new Reject(`nothing can be printed: ${code}`));
      });
    });
  }

  /** May be called twice. */
  close(): void {
    this.#stream.off("error", this.#ignore);
  }
}
