import type { Source } from "./contract.ts";
import type { Family } from "./family.ts";
import { type ProcessState, processSlot } from "./process.ts";

const MAX_TOMBSTONES = 1024;

/** What is kept of a process that was forgotten. */
export type Tombstone = readonly [key: string, seq: number];

/** Tells stores apart, also two of one process. */
function processKey(source: Source, run: string): string {
  return `${processSlot(source)}${run}`;
}

/** The processes that are known, and those that were. */
export class Members {
  readonly #family: Family;
  readonly #byKey = new Map<string, ProcessState>();
  /** By place: the newest of those that had it. Its elders have left, or are about to. */
  readonly #newest = new Map<string, ProcessState>();
  readonly #tombstones = new Map<string, number>();

  constructor(family: Family) {
    this.#family = family;
  }

  get size(): number {
    return this.#byKey.size;
  }

  all(): Iterable<ProcessState> {
    return this.#byKey.values();
  }

  get(source: Source, run: string): ProcessState | undefined {
    return this.#byKey.get(processKey(source, run));
  }

  /** All stores of a process. */
  ofSlot(source: Source): ProcessState[] {
    const slot = processSlot(source);
    return [...this.#byKey.values()].filter((one) => one.slot === slot);
  }

  add(process: ProcessState): void {
    const { source, run } = process;
    process.name.users++;
    this.#byKey.set(processKey(source, run), process);
    this.#tombstones.delete(processKey(source, run));
    const place = placeOf(source);
    const newest = this.#newest.get(place);
    if (newest === undefined || newest.source.epoch <= source.epoch) {
      this.#newest.set(place, process);
    }
  }

  /** Whether there is none that has taken its place. */
  isNewest(process: ProcessState): boolean {
    return this.#newest.get(placeOf(process.source)) === process;
  }

  /** Forgets a process with all its series; what it has counted stays in the sums. */
  forget(process: ProcessState): void {
    const { source, run, seq } = process;
    const key = processKey(source, run);
    if (!this.#byKey.delete(key)) return;
    if (this.isNewest(process)) this.#newest.delete(placeOf(source));
    for (const ref of [...process.series.keys()]) this.#family.remove(process, ref);
    for (const variant of process.instruments.values()) variant.users--;
    process.name.users--;
    this.bury([key, seq]);
  }

  /** Remembers that a process was there, so that nothing of it is counted twice. */
  bury([key, seq]: Tombstone): void {
    this.#tombstones.delete(key);
    this.#tombstones.set(key, seq);
    for (const oldest of this.#tombstones.keys()) {
      if (this.#tombstones.size <= MAX_TOMBSTONES) return;
      this.#tombstones.delete(oldest);
    }
  }

  /** The last delta of a process that was forgotten. */
  buriedSeq(source: Source, run: string): number | undefined {
    return this.#tombstones.get(processKey(source, run));
  }

  tombstones(): Tombstone[] {
    return [...this.#tombstones];
  }

  /** The one that has been gone for longest. */
  longestGone(): ProcessState | undefined {
    let longest: ProcessState | undefined;
    for (const process of this.#byKey.values()) {
      const { goneAt } = process;
      if (goneAt !== undefined && goneAt < (longest?.goneAt ?? Number.POSITIVE_INFINITY)) {
        longest = process;
      }
    }
    return longest;
  }
}

function placeOf({ app, name, index }: Source): string {
  return JSON.stringify([app, name, index]);
}
