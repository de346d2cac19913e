import type { Instrument } from "./instrument.ts";
import type { Series } from "./series.ts";

/** A series, and what it is of. */
export interface TableEntry {
  readonly instrument: Instrument;
  readonly series: Series;
}

/** All series of a store in the order of their numbers. */
export class SeriesTable {
  readonly #maxSeries: number;
  readonly #entries = new Map<number, TableEntry>();
  #gone: number[] = [];
  #next = 1;
  #overflows = new Set<number>();

  constructor(maxSeries: number) {
    this.#maxSeries = maxSeries;
  }

  /** Series, without those for what is too many. */
  get size(): number {
    return this.#entries.size - this.#overflows.size;
  }

  get isFull(): boolean {
    return this.size >= this.#maxSeries;
  }

  /** @param isOverflow it does not count towards the limit: there is at most one for each instrument */
  add<S extends Series>(
    instrument: Instrument<S>,
    create: (ref: number) => S,
    isOverflow = false,
  ): S {
    const series = create(this.#next++);
    this.#entries.set(series.ref, { instrument: instrument as unknown as Instrument, series });
    if (isOverflow) this.#overflows.add(series.ref);
    return series;
  }

  remove(ref: number): void {
    const entry = this.#entries.get(ref);
    if (entry === undefined) return;
    this.#entries.delete(ref);
    this.#overflows.delete(ref);
    if (entry.series.isDescribed) this.#gone.push(ref);
  }

  /** In ascending order of their numbers. */
  entries(): Iterable<TableEntry> {
    return this.#entries.values();
  }

  /** The numbers of described series that were removed since the last call. */
  takeGone(): readonly number[] {
    const gone = this.#gone;
    if (gone.length > 0) this.#gone = [];
    return gone;
  }
}
