import type { InstrumentInfo } from "../store/instruments.ts";

/** An instrument as some processes have it. Nearly always there is one of a name; in a rolling change there may be two. */
export class Variant {
  /** As it was described last. */
  info: InstrumentInfo;
  /** Processes that have it. */
  users = 0;

  constructor(info: InstrumentInfo) {
    this.info = info;
  }
}

/** All instruments that any process has described. */
export class Variants {
  readonly #byName = new Map<string, Variant[]>();
  /** How often a name came with another kind or unit. */
  conflicts = 0;

  /** The one of that name, kind and unit. */
  get(info: InstrumentInfo): Variant {
    const all = this.#byName.get(info.name) ?? [];
    const known = all.find((one) => one.info.kind === info.kind && one.info.unit === info.unit);
    if (known !== undefined) {
      known.info = info;
      return known;
    }
    const variant = new Variant(info);
    if (all.length > 0) this.conflicts++;
    this.#byName.set(info.name, [...all, variant]);
    return variant;
  }

  /**
   * Whether it is the one that is shown under its name: one name may mean one thing only, so it is the newest that a process
   * has.
   */
  isShown(variant: Variant): boolean {
    const all = this.#byName.get(variant.info.name);
    if (all === undefined || all.length === 1) return true;
    return (all.findLast(({ users }) => users > 0) ?? all.at(-1)) === variant;
  }
}
