import type { Guardian } from "../child/guardian.ts";
import type { OutputLine } from "../child/output.ts";
import type { AppDefinition } from "../config/types.ts";
import type { Crew } from "../family/crew.ts";
import type { VersionBook } from "../operations/versions.ts";
import { type Inheritance, inherit } from "./inherit.ts";
import { Legacy } from "./legacy.ts";
import { type Survival, survivalOf } from "./survival.ts";
import type { Home } from "./survivor.ts";

/** A master, as those before and after it see it. */
export interface SuccessionParts extends Home {
  readonly definition: AppDefinition;
  readonly guardian: Guardian;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly onOutput: (line: OutputLine) => void | Promise<void>;
  readonly crew: () => Crew | undefined;
  readonly book: () => VersionBook;
}

/** What a master has of the one before, and leaves to the next one. Of an application that does not survive: nothing. */
export class Succession {
  /** Undefined: what runs ends with its master. */
  readonly survival: Survival | undefined;
  readonly #parts: SuccessionParts;
  readonly #legacy: Legacy | undefined;

  constructor(parts: SuccessionParts) {
    const { app, hub, definition, startedAt, log, guardian, crew, book } = parts;
    const { dir } = hub;
    this.#parts = parts;
    this.survival = survivalOf(definition, dir, parts);
    if (this.survival === undefined) return;
    this.#legacy = new Legacy({ app, dir, startedAt, log, guardian, crew, book });
  }

  /** Takes over what the last master has left behind, or ends it. To be called once, before anything is started. */
  inherit(): Promise<Inheritance> {
    return inherit({ ...this.#parts, survival: this.survival });
  }

  /** Goes on with the processes that were taken over: everybody who is told of changes is there. */
  takeUp(crew: Crew): void {
    if (this.#legacy === undefined) return;
    for (const unit of crew.pools.flatMap(({ units }) => units)) unit.takeUp();
    this.touch();
  }

  /** The link of a process has ended. */
  left(peerId: number): void {
    if (this.#legacy !== undefined) this.#parts.crew()?.unitOf(peerId)?.unlinked();
  }

  /** Something of what is written down may have changed. */
  touch(): void {
    this.#legacy?.touch();
  }

  /** Writes it down at once: somebody is about to be told that it is so. */
  settle(): void {
    this.#legacy?.settle();
  }

  /** Everything is to end: nobody is to outlive this master any more. */
  revoke(): void {
    this.#legacy?.revoke();
  }

  /** Nothing is left. */
  close(): void {
    this.#legacy?.remove();
    this.survival?.close();
  }
}
