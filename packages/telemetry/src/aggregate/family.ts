import type { FlatTags } from "../tags.ts";
import type { AggregatorStats } from "./contract.ts";
import { AppState, NameState } from "./names.ts";
import type { ProcessState } from "./process.ts";
import { AppSeries, MergedSeries, ProcessSeries } from "./series.ts";
import type { Place } from "./series-map.ts";
import { type Variant, Variants } from "./variants.ts";

/** Where names beyond the limit are counted. */
const OTHER_NAME = "_other";

/** The limits that a family keeps. */
export interface FamilyLimits {
  readonly seriesPerInstrument: number;
  readonly seriesPerProcess: number;
  readonly series: number;
  readonly names: number;
}

/** Where a series was before, so that it comes to the same place again. */
export interface Placing {
  readonly isOverflow?: boolean;
  readonly isAppOverflow?: boolean;
}

type Counts = Pick<AggregatorStats, "overflowed" | "dropped">;

/** What is known of all applications: names, instruments and series, and how one leads to another. */
export class Family {
  readonly variants: Variants = new Variants();
  readonly apps: Map<string, AppState> = new Map();
  readonly names: Map<string, NameState> = new Map();
  readonly counts: { -readonly [Name in keyof Counts]: number } = { overflowed: 0, dropped: 0 };
  readonly #limits: FamilyLimits;
  readonly #now: () => number;
  /** Sums that no process has any more, with when the last one left; in that order. */
  readonly #cold = new Map<MergedSeries, number>();
  processSeries = 0;
  mergedSeries = 0;

  /** @param now monotonic, in milliseconds */
  constructor(limits: FamilyLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** The name that a process belongs to. */
  name(app: string, name: string): NameState {
    const key = JSON.stringify([app, name]);
    const known = this.names.get(key);
    if (known !== undefined) return known;
    if (this.names.size >= this.#limits.names) {
      if (name !== OTHER_NAME) return this.name(app, OTHER_NAME);
      if (app !== OTHER_NAME && !this.apps.has(app)) return this.name(OTHER_NAME, OTHER_NAME);
    }
    const state = new NameState(this.app(app), name, this.#limits.seriesPerInstrument);
    this.names.set(key, state);
    return state;
  }

  /** The name that a process belongs to, if it is known. */
  find(app: string, name: string): NameState | undefined {
    return this.names.get(JSON.stringify([app, name]));
  }

  /** The application. */
  app(app: string): AppState {
    let state = this.apps.get(app);
    if (state === undefined) {
      state = new AppState(app, this.#limits.seriesPerInstrument);
      this.apps.set(app, state);
    }
    return state;
  }

  /** The series that those of all processes of a name go to. @param start since when it counts, when it is a new one */
  merged(
    name: NameState,
    variant: Variant,
    tags: FlatTags,
    start: number,
    how: Placing = {},
  ): Place<MergedSeries> {
    const isFull = this.processSeries + this.mergedSeries >= this.#limits.series;
    const create = (own: FlatTags): MergedSeries => {
      this.mergedSeries++;
      const app = this.appSeries(name.app, variant, own, start, how.isAppOverflow === true);
      const merged = new MergedSeries(name, variant, own, app, start);
      app.members.add(merged);
      return merged;
    };
    return how.isOverflow === true
      ? name.series.overflow(variant, create)
      : name.series.place(variant, tags, isFull, create);
  }

  /** The series that those of all names of an application go to. */
  appSeries(
    app: AppState,
    variant: Variant,
    tags: FlatTags,
    start: number,
    isOverflow: boolean,
  ): AppSeries {
    const since = Math.max(start, app.droppedAt);
    const create = (own: FlatTags): AppSeries => new AppSeries(variant, own, since);
    return isOverflow
      ? app.series.overflow(variant, create).series
      : app.series.place(variant, tags, false, create).series;
  }

  /** Adds a series to a process. @returns undefined when there are too many */
  add(
    process: ProcessState,
    ref: number,
    variant: Variant,
    tags: FlatTags,
    how: Placing = {},
  ): ProcessSeries | undefined {
    const isFull =
      process.series.size >= this.#limits.seriesPerProcess ||
      this.processSeries >= this.#limits.series;
    if (isFull) return undefined;
    const { name } = process;
    const start = Math.max(process.countsSince, name.droppedAt);
    const { series: merged, isOverflow } = this.merged(name, variant, tags, start, how);
    if (isOverflow) this.counts.overflowed++;
    // Most processes of a name have the same tags: one copy is enough.
    const own = isOverflow ? tags : merged.tags;
    const series = new ProcessSeries(process, variant, own, merged);
    process.series.set(ref, series);
    merged.members.add(series);
    this.#cold.delete(merged);
    this.processSeries++;
    return series;
  }

  /** Takes a series out of its process. What it has counted stays in the sums. */
  remove(process: ProcessState, ref: number): void {
    const series = process.series.get(ref);
    if (series === undefined) return;
    process.series.delete(ref);
    this.processSeries--;
    const { merged, variant } = series;
    merged.members.delete(series);
    if (merged.members.size > 0) return;
    const isSum = variant.info.kind === "counter" || variant.info.kind === "histogram";
    if (isSum) this.#cold.set(merged, this.#now());
    else this.#drop(merged);
  }

  /** Of sums that were restored: nobody has them yet, and perhaps nobody will. */
  markCold(): void {
    for (const { series } of this.names.values()) {
      for (const [, all] of series.each()) {
        for (const one of all) if (one.members.size === 0) this.#cold.set(one, this.#now());
      }
    }
  }

  /** Gives up sums that no process has had for a time. @param time milliseconds since 1970 */
  dropCold(afterMs: number, time: number): void {
    const until = this.#now() - afterMs;
    for (const [merged, since] of this.#cold) {
      if (since > until) return;
      this.#cold.delete(merged);
      merged.name.droppedAt = time;
      merged.name.app.droppedAt = time;
      this.#drop(merged);
    }
  }

  #drop(merged: MergedSeries): void {
    const { name } = merged;
    name.drop(merged);
    this.mergedSeries--;
    this.dropEmpty(name);
  }

  /** Forgets a name that nothing belongs to. */
  dropEmpty({ app, name, series, users, awaited }: NameState): void {
    if (series.size > 0 || users > 0 || awaited.size > 0) return;
    this.names.delete(JSON.stringify([app.app, name]));
  }
}
