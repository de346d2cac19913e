import type { Logger } from "@elpis/api";
import type { SavedState } from "./state.ts";
import { removeState, writeStateText } from "./state-file.ts";

/** What a keeper works with. */
export interface KeeperParts {
  readonly dir: string;
  readonly log: Logger;
  readonly snapshot: () => SavedState;
  /** These processes stand in the file from now on. */
  readonly onWritten: (pids: readonly number[]) => void;
}

/** Keeps the state file what the application is: written once per turn of the loop, and only when something is another. */
export class StateKeeper {
  readonly #parts: KeeperParts;
  #written = "";
  #pending: NodeJS.Immediate | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Something may have changed. */
  touch(): void {
    if (this.#isClosed) return;
    this.#pending ??= setImmediate(() => {
      this.#pending = undefined;
      this.write();
    });
  }

  /** Writes at once what is another. */
  write(): void {
    if (this.#isClosed) return;
    const { dir, snapshot, onWritten } = this.#parts;
    const state = snapshot();
    const text = JSON.stringify(state);
    if (text === this.#written) return;
    try {
      writeStateText(dir, text);
      this.#written = text;
      this.#failures = 0;
      onWritten(state.units.map(({ pid }) => pid));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Nothing runs any more that the next master would have to know of. */
  remove(): void {
    this.close();
    removeState(this.#parts.dir);
  }

  /** Writes no more; the file stays. */
  close(): void {
    this.#isClosed = true;
    if (this.#pending !== undefined) clearImmediate(this.#pending);
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    const { dir, log } = this.#parts;
    const fields = { dir, error: String(error), failures: this.#failures };
    if (this.#failures === 1) log.error("the state of the application cannot be written", fields);
    else log.debug("the state of the application cannot be written", fields);
  }
}
