import type { Attributes } from "../attributes.ts";
import { flatten, OVERFLOW, type TagLimits, tagsKey } from "../tags.ts";
import type { Drops } from "./drops.ts";
import type { InstrumentInfo } from "./instruments.ts";
import { Lookup } from "./lookup.ts";
import type { Series } from "./series.ts";
import type { SeriesTable } from "./series-table.ts";

/** What an instrument has of its store. */
export interface InstrumentContext<S extends Series> {
  readonly ref: number;
  readonly drops: Drops;
  readonly table: SeriesTable;
  readonly limits: TagLimits & { readonly seriesPerInstrument: number };
  /** Makes a series of its kind. */
  readonly create: (ref: number, tags: readonly (string | number | boolean)[]) => S;
}

/** An instrument as the store has it: its series, and how attributes lead to them. */
export class Instrument<S extends Series = Series> {
  readonly ref: number;
  readonly info: InstrumentInfo;
  /** Whether its description was collected. */
  isDescribed = false;
  readonly #context: InstrumentContext<S>;
  readonly #byKey = new Map<string, S>();
  readonly #lookup: Lookup<S>;
  #plain: S | undefined;
  #overflow: S | undefined;

  constructor(info: InstrumentInfo, context: InstrumentContext<S>) {
    this.ref = context.ref;
    this.info = info;
    this.#context = context;
    this.#lookup = new Lookup(context.limits.seriesPerInstrument);
  }

  /** The series with these attributes, or the one for all that are too many. */
  series(attributes?: Attributes): S {
    if (attributes === undefined || attributes === null) return this.#plain ?? this.#findPlain();
    return this.#lookup.find(attributes) ?? this.#find(attributes);
  }

  /** The series for all that are too many, if there is one. */
  get overflow(): S | undefined {
    return this.#overflow;
  }

  #findPlain(): S {
    const series = this.#resolve("", []);
    if (series !== this.#overflow) this.#plain = series;
    return series;
  }

  #find(attributes: Attributes): S {
    const { limits, drops } = this.#context;
    let isWhole = true;
    const tags = flatten(attributes, limits, () => {
      isWhole = false;
      drops.add("attribute");
    });
    const series = this.#resolve(tagsKey(tags), tags);
    if (isWhole && series !== this.#overflow) {
      this.#lookup.keep(attributes, series, limits.attributeChars);
    }
    return series;
  }

  #resolve(key: string, tags: readonly (string | number | boolean)[]): S {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const { table, limits, drops } = this.#context;
    const isFull = this.#byKey.size >= limits.seriesPerInstrument || table.isFull;
    if (!isFull) {
      const series = table.add(this, (ref) => this.#context.create(ref, tags));
      this.#byKey.set(key, series);
      return series;
    }
    drops.add("overflow");
    this.#overflow ??= table.add(this, (ref) => this.#context.create(ref, OVERFLOW), true);
    return this.#overflow;
  }

  /** Takes out the series that were not observed in a round. */
  keepOnly(round: number): void {
    let isChanged = false;
    for (const [key, series] of this.#byKey) {
      if (series.round === round) continue;
      this.#byKey.delete(key);
      this.#context.table.remove(series.ref);
      if (this.#plain === series) this.#plain = undefined;
      isChanged = true;
    }
    if (this.#overflow !== undefined && this.#overflow.round !== round) {
      this.#context.table.remove(this.#overflow.ref);
      this.#overflow = undefined;
    }
    if (isChanged) this.#lookup.clear();
  }
}
