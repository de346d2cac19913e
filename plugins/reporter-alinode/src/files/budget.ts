const MINUTE_MS = 60_000;

/** How many lines may still be written, of so many in any minute. */
export class Budget {
  readonly #most: number;
  /** When lines were written, and how many. */
  #written: { readonly time: number; readonly lines: number }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** @param now in milliseconds of a clock that is not set. @returns how many of `wanted` lines may be written; they count as written */
  take(wanted: number, now: number): number {
    this.#written = this.#written.filter(({ time }) => now - time < MINUTE_MS);
    const used = this.#written.reduce((sum, { lines }) => sum + lines, 0);
    const lines = Math.min(wanted, this.#most - used);
    if (lines > 0) this.#written.push({ time: now, lines });
    return lines;
  }
}
