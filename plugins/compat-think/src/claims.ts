/** Calls that mean the same task, one of each worker at most. */
interface Round {
  readonly winner: number;
  readonly beganMs: number;
  readonly callers: Set<number>;
}

/** How long a task that one worker runs is remembered, in milliseconds. */
export const CLAIM_MS = 10_000;
/** So many tasks are remembered; beyond it the oldest are forgotten. */
const MAX_ROUNDS = 1000;

/**
 * Decides which of several workers runs what all of them call. The first to call wins. The others' calls count as the
 * same one as long as it is remembered and its winner lives; a worker that calls again means another task.
 */
export class Claims {
  readonly #rounds = new Map<string, Round[]>();
  #size = 0;

  /** Rounds that are remembered. */
  get size(): number {
    return this.#size;
  }

  /**
   * @param key equal for calls that mean the same
   * @param caller hub number of the worker that calls
   * @param alive hub numbers of the workers that are there
   * @param nowMs on a clock that never goes back
   * @returns whether the caller is the one to run it
   */
  take(key: string, caller: number, alive: ReadonlySet<number>, nowMs: number): boolean {
    this.#forget(alive, nowMs);
    const rounds = this.#rounds.get(key) ?? [];
    const open = rounds.find(({ callers }) => !callers.has(caller));
    if (open !== undefined) {
      open.callers.add(caller);
      return false;
    }
    this.#rounds.set(key, [
      ...rounds,
      { winner: caller, beganMs: nowMs, callers: new Set([caller]) },
    ]);
    this.#size++;
    return true;
  }

  #forget(alive: ReadonlySet<number>, nowMs: number): void {
    const isKept = ({ winner, beganMs }: Round): boolean =>
      alive.has(winner) && nowMs - beganMs < CLAIM_MS;
    this.#size = 0;
    for (const [key, rounds] of this.#rounds) {
      const kept = rounds.filter(isKept);
      if (kept.length > 0) this.#rounds.set(key, kept);
      else this.#rounds.delete(key);
      this.#size += kept.length;
    }
    for (const [key, { length }] of this.#rounds) {
      if (this.#size < MAX_ROUNDS) return;
      this.#rounds.delete(key);
      this.#size -= length;
    }
  }
}
