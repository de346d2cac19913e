import { ExponentialHistogram } from "../histogram/histogram.ts";
import { wantsInstrument, wantsSource } from "../points/filter.ts";
import type { PointFilter, PointSource, Scope } from "../points/point.ts";
import type { InstrumentInfo } from "../store/instruments.ts";
import type { FlatTags } from "../tags.ts";
import type { Family } from "./family.ts";
import type { Members } from "./members.ts";
import type { AppState, NameState } from "./names.ts";
import { type AppSeries, Distribution, type ProcessSeries, Sum } from "./series.ts";
import { mergeNumbers } from "./values.ts";

/** One series of what is read. */
export interface Found {
  /** The same object for the same series, each time. */
  readonly series: object;
  readonly info: InstrumentInfo;
  readonly tags: FlatTags;
  readonly source: PointSource;
  readonly start: number;
  /** One of these three. */
  readonly sum?: Sum;
  readonly distribution?: Distribution;
  readonly number?: number;
}

/** What is visited. */
export interface Visit {
  readonly scope: Scope;
  readonly filter: PointFilter | undefined;
  /** Whether the sums of a name cannot be told yet. */
  readonly isHeld: (name: NameState) => boolean;
  readonly found: (found: Found) => void;
}

/** Goes through all series of a scope. */
export function visit(family: Family, members: Members, asked: Visit): void {
  if (asked.scope === "process") visitProcesses(family, members, asked);
  else if (asked.scope === "name") visitNames(family, asked);
  else for (const app of family.apps.values()) visitApp(family, app, asked);
}

function visitProcesses(family: Family, members: Members, { filter, found }: Visit): void {
  for (const process of members.all()) {
    const { source, start, isBehind } = process;
    if (isBehind || !members.isNewest(process) || !wantsSource(filter, source)) continue;
    for (const series of process.series.values()) {
      const { variant, tags, sum, distribution, setAt } = series;
      const { info } = variant;
      if (setAt === 0 || !family.variants.isShown(variant) || !wantsInstrument(filter, info)) {
        continue;
      }
      const common = { series, info, tags, source, start };
      if (distribution !== undefined) found({ ...common, distribution });
      else if (info.kind === "counter") found({ ...common, sum });
      else if (process.isCurrent) found({ ...common, number: sum.value });
    }
  }
}

function visitNames(family: Family, { filter, isHeld, found }: Visit): void {
  for (const name of family.names.values()) {
    const source = { app: name.app.app, name: name.name };
    if (!wantsSource(filter, source)) continue;
    const held = isHeld(name);
    for (const [variant, all] of name.series.each()) {
      const { info } = variant;
      if (!family.variants.isShown(variant) || !wantsInstrument(filter, info)) continue;
      for (const series of all) {
        const { tags, start, sum, distribution } = series;
        const common = { series, info, tags, source, start };
        if (info.kind === "counter" || distribution !== undefined) {
          if (held) continue;
          found({ ...common, ...(distribution === undefined ? { sum } : { distribution }) });
          continue;
        }
        const number = mergeNumbers(info, series.members);
        if (number !== undefined) found({ ...common, number });
      }
    }
  }
}

function visitApp(family: Family, app: AppState, { filter, isHeld, found }: Visit): void {
  const source = { app: app.app };
  if (!wantsSource(filter, source)) return;
  const held = [...family.names.values()].some((name) => name.app === app && isHeld(name));
  for (const [variant, all] of app.series.each()) {
    const { info } = variant;
    if (!family.variants.isShown(variant) || !wantsInstrument(filter, info)) continue;
    for (const series of all) {
      const { tags } = series;
      const start = Math.max(series.start, app.resetAt);
      const common = { series, info, tags, source, start };
      if (info.kind === "counter" || info.kind === "histogram") {
        if (held) continue;
        if (info.kind === "counter") found({ ...common, sum: sumOf(series) });
        else found({ ...common, distribution: distributionOf(series) });
        continue;
      }
      const number = mergeNumbers(info, membersOf(series));
      if (number !== undefined) found({ ...common, number });
    }
  }
}

/** In the order in which they came, so that rounding never makes the sum of sums that grow fall. */
function sumOf(series: AppSeries): Sum {
  const sum = new Sum();
  for (const member of [{ sum: series.rest }, ...series.members]) {
    sum.value += member.sum.value;
    sum.carried += member.sum.carried;
  }
  series.highest = Math.max(series.highest, sum.value);
  sum.value = series.highest;
  return sum;
}

function distributionOf(series: AppSeries): Distribution {
  const all = new Distribution();
  for (const distribution of distributionsOf(series)) {
    all.value.merge(distribution.value);
    if (distribution.exemplars !== undefined) all.exemplify(distribution.exemplars);
    if (distribution.carried === undefined) continue;
    all.carried ??= new ExponentialHistogram();
    all.carried.merge(distribution.carried);
  }
  const { count, zeroCount, sum, min, max } = all.value;
  series.highest = Math.max(series.highest, sum);
  all.value.setTotals(count, zeroCount, series.highest, min, max);
  return all;
}

function* distributionsOf({ restDistribution, members }: AppSeries): Iterable<Distribution> {
  if (restDistribution !== undefined) yield restDistribution;
  for (const { distribution } of members) if (distribution !== undefined) yield distribution;
}

function* membersOf({ members }: AppSeries): Iterable<ProcessSeries> {
  for (const member of members) yield* member.members;
}
