/** What became of some lines. */
export interface Passed {
  /** How many of them may pass: the first ones. */
  readonly count: number;
  /** How many were dropped before these, since it was told last; 0: there is nothing to tell. */
  readonly dropped: number;
}

/**
 * Lets so many lines of one process pass within a time, and counts the others. How many that were is told with the first
 * lines that pass again.
 */
export class FloodGate {
  readonly #lines: number;
  readonly #perMs: number;
  #from: number;
  #passed = 0;
  #dropped = 0;
  #droppedInAll = 0;

  /** @param now in milliseconds, of a clock that does not jump */
  constructor({ lines, perMs }: { readonly lines: number; readonly perMs: number }, now: number) {
    this.#lines = lines;
    this.#perMs = perMs;
    this.#from = now;
  }

  /** All that were dropped so far. */
  get dropped(): number {
    return this.#droppedInAll;
  }

  take(count: number, now: number): Passed {
    if (now - this.#from >= this.#perMs) {
      this.#from = now;
      this.#passed = 0;
    }
    const room = Math.min(count, this.#lines - this.#passed);
    this.#passed += room;
    const told = room > 0 ? this.#dropped : 0;
    this.#dropped += count - room - told;
    this.#droppedInAll += count - room;
    return { count: room, dropped: told };
  }

  /** What was dropped and not told; it is told now. */
  rest(): number {
    const left = this.#dropped;
    this.#dropped = 0;
    return left;
  }
}
