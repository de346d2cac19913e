import { type FlatTags, OVERFLOW, tagsKey } from "../tags.ts";
import type { Variant } from "./variants.ts";

/** Where an added series goes. */
export interface Place<S> {
  readonly series: S;
  /** It is not one of its own, but the one for all that are too many. */
  readonly isOverflow: boolean;
}

/** Series by instrument and tags, with a limit for each instrument. */
export class SeriesMap<S> {
  readonly #byVariant = new Map<Variant, Map<string, S>>();
  readonly #maxPerVariant: number;
  size = 0;

  constructor(maxPerVariant: number) {
    this.#maxPerVariant = maxPerVariant;
  }

  /** @param isFull there may be no more series anywhere */
  place(
    variant: Variant,
    tags: FlatTags,
    isFull: boolean,
    create: (tags: FlatTags) => S,
  ): Place<S> {
    const byKey = this.#of(variant);
    const key = tagsKey(tags);
    const known = byKey.get(key);
    if (known !== undefined) return { series: known, isOverflow: key === OVERFLOW_KEY };
    if (!isFull && byKey.size < this.#maxPerVariant) {
      return { series: this.#add(byKey, key, create(tags)), isOverflow: key === OVERFLOW_KEY };
    }
    return this.overflow(variant, create);
  }

  /** The one for all that are too many. */
  overflow(variant: Variant, create: (tags: FlatTags) => S): Place<S> {
    const byKey = this.#of(variant);
    const series = byKey.get(OVERFLOW_KEY) ?? this.#add(byKey, OVERFLOW_KEY, create(OVERFLOW));
    return { series, isOverflow: true };
  }

  #of(variant: Variant): Map<string, S> {
    let byKey = this.#byVariant.get(variant);
    if (byKey === undefined) {
      byKey = new Map();
      this.#byVariant.set(variant, byKey);
    }
    return byKey;
  }

  #add(byKey: Map<string, S>, key: string, series: S): S {
    byKey.set(key, series);
    this.size++;
    return series;
  }

  remove(variant: Variant, tags: FlatTags): void {
    if (this.#byVariant.get(variant)?.delete(tagsKey(tags))) this.size--;
  }

  *each(): Iterable<readonly [Variant, Iterable<S>]> {
    for (const [variant, byKey] of this.#byVariant) yield [variant, byKey.values()];
  }
}

const OVERFLOW_KEY = tagsKey(OVERFLOW);
