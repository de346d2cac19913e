import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Aggregator, Delta, DeltaAnswer, Source } from "@elpis/telemetry";
import { replaceFile } from "./replace-file.ts";

/** What {@link OwnSums} depends on. */
export interface OwnSumsOptions {
  readonly aggregator: Aggregator;
  /** This process. */
  readonly source: Source;
  /** Where sums are kept; undefined: nowhere. */
  readonly dir: string | undefined;
  /** Whether it still is this process that keeps them. */
  readonly isWanted: () => boolean;
  /** Told when writing begins to fail. */
  readonly onProblem: (error: Error) => void;
}

interface Written {
  readonly source: Source;
  readonly deltas: readonly Delta[];
}

/**
 * What the process that merges has counted itself. Whatever others had told is told again by them when it was killed; of its
 * own nobody else knows, so that it is on the disk before any reader sees it.
 */
export class OwnSums {
  readonly #options: OwnSumsOptions;
  readonly #file: string | undefined;
  /** Parts of a report that is not complete yet. */
  #parts: Delta[] = [];
  /** One after the other, however slow the disk is. */
  #tail: Promise<unknown> = Promise.resolve();
  #problem = "";

  constructor(options: OwnSumsOptions) {
    this.#options = options;
    this.#file = options.dir === undefined ? undefined : join(options.dir, "own.json");
  }

  /** Adds what the last process that merged had counted itself. @param maxAgeMs what is older is left out */
  restore(maxAgeMs: number): void {
    const written = this.#read();
    if (written === undefined) return;
    const { aggregator, onProblem } = this.#options;
    try {
      const { source, deltas } = written;
      if (Date.now() - (deltas[0]?.time ?? 0) > maxAgeMs) return;
      for (const delta of deltas) aggregator.take(source, delta);
      aggregator.gone(source);
    } catch (error) {
      onProblem(error as Error);
    }
  }

  /** Takes a whole report of this process, in one or several parts: once it is on the disk, or cannot be put there. */
  take(delta: Delta): Promise<DeltaAnswer> {
    const run = this.#tail.then(() => this.#take(delta));
    this.#tail = run.catch(() => {});
    return run;
  }

  async #take(delta: Delta): Promise<DeltaAnswer> {
    const { aggregator, source, isWanted, onProblem } = this.#options;
    if (delta.full) this.#parts = [];
    this.#parts.push(delta);
    if (delta.more) return "taken";
    const deltas = this.#parts;
    this.#parts = [];
    if (this.#file !== undefined && isWanted()) {
      try {
        await replaceFile(this.#file, JSON.stringify({ source, deltas }), isWanted);
        this.#problem = "";
      } catch (thrown) {
        const error = thrown as Error;
        if (error.message !== this.#problem) onProblem(error);
        this.#problem = error.message;
      }
    }
    for (const part of deltas) aggregator.take(source, part);
    return "taken";
  }

  #read(): Written | undefined {
    if (this.#file === undefined) return undefined;
    try {
      return JSON.parse(readFileSync(this.#file, "utf8")) as Written;
    } catch {
      return undefined;
    }
  }
}
