import type { Logger } from "@elpis/api";
import { processStartTime } from "@elpis/core/internal";
import type { Guardian } from "../child/guardian.ts";
import type { Crew } from "../family/crew.ts";
import type { VersionBook } from "../operations/versions.ts";
import { snapshot } from "./snapshot.ts";
import { StateKeeper } from "./state-keeper.ts";

/** What a legacy is made of. */
export interface LegacyParts {
  readonly app: string;
  /** Runtime folder of the application. */
  readonly dir: string;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly log: Logger;
  readonly guardian: Guardian;
  readonly crew: () => Crew | undefined;
  readonly book: () => VersionBook;
}

/**
 * What a master leaves to the next one, kept up to date while it runs. Who stands in it may outlive the master; the guardian ends
 * all others.
 */
export class Legacy {
  readonly #parts: LegacyParts;
  readonly #keeper: StateKeeper;
  readonly #master = { pid: process.pid, startTime: processStartTime(process.pid) };
  #mayOutlive = true;

  constructor(parts: LegacyParts) {
    this.#parts = parts;
    const { dir, log } = parts;
    this.#keeper = new StateKeeper({
      dir,
      log,
      snapshot: () => this.#snapshot(),
      onWritten: (pids) => this.#written(pids),
    });
  }

  /** Something may have changed. */
  touch(): void {
    // Before there is a crew it would say that nobody is there, over what the last master said.
    if (this.#parts.crew() !== undefined) this.#keeper.touch();
  }

  /** Writes down at once what has changed: somebody is about to be told that it is so. */
  settle(): void {
    if (this.#parts.crew() !== undefined) this.#keeper.write();
  }

  /** Everything is to end: from now on nobody is to outlive this master, even if it dies before all are gone. */
  revoke(): void {
    this.#mayOutlive = false;
    const pools = this.#parts.crew()?.pools ?? [];
    for (const { pid } of pools.flatMap(({ units }) => units)) {
      if (pid !== undefined) this.#parts.guardian.watch(pid);
    }
  }

  /** Nothing is left. */
  remove(): void {
    if (this.#parts.crew() === undefined) this.#keeper.close();
    else this.#keeper.remove();
  }

  #snapshot(): ReturnType<typeof snapshot> {
    const { app, startedAt, crew, book } = this.#parts;
    const { pid, startTime } = this.#master;
    const master = { pid, ...(startTime !== undefined && { startTime }) };
    const pools = crew()?.pools ?? [];
    return snapshot({ app, master, survive: true, startedAt, book: book(), pools });
  }

  #written(pids: readonly number[]): void {
    if (!this.#mayOutlive) return;
    for (const pid of pids) this.#parts.guardian.forget(pid);
  }
}
