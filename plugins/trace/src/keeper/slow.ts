import { fits } from "../pattern.ts";

/** How long traces may take before they are slow, by their names. */
export class Thresholds {
  readonly #all: number;
  readonly #exact: ReadonlyMap<string, number>;
  /** The longest first. */
  readonly #patterns: ReadonlyArray<{ readonly parts: readonly string[]; readonly ms: number }>;

  /**
   * @param slowMs of all others
   * @param slowBy by name, or by a pattern with `*` for any text; the longest that fits counts
   */
  constructor(slowMs: number, slowBy: Readonly<Record<string, number>>) {
    this.#all = slowMs;
    const entries = Object.entries(slowBy);
    this.#exact = new Map(entries.filter(([name]) => !name.includes("*")));
    this.#patterns = entries
      .filter(([name]) => name.includes("*"))
      .sort(([a], [b]) => b.length - a.length)
      .map(([name, ms]) => ({ parts: name.split("*"), ms }));
  }

  /** In milliseconds. */
  of(name: string): number {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    return this.#patterns.find(({ parts }) => fits(name, parts))?.ms ?? this.#all;
  }
}
