import { OVERFLOW_TAG } from "../attributes.ts";
import { decodeInstrument, encodeInstrument } from "../delta/codes.ts";
import type { WireHistogram, WireInstrument } from "../delta/wire.ts";
import { badSnapshot } from "../errors.ts";
import type { ExponentialHistogram } from "../histogram/histogram.ts";
import { toPairs } from "../histogram/pairs.ts";
import type { FlatTags } from "../tags.ts";
import type { Family } from "./family.ts";
import type { Members, Tombstone } from "./members.ts";
import type { AppState, NameState } from "./names.ts";
import { ProcessState } from "./process.ts";
import type { Distribution, Sum } from "./series.ts";
import type { AggregatorSnapshot } from "./snapshot-contract.ts";
import { takeHistogram } from "./values.ts";
import type { Variant } from "./variants.ts";

/** A sum as a number, a distribution as it is sent. */
type SavedValue = number | WireHistogram;
type SavedMerged = readonly [
  variant: number,
  tags: FlatTags,
  start: number,
  isAppOverflow: boolean,
  value: SavedValue,
];
type SavedName = readonly [
  app: string,
  name: string,
  droppedAt: number,
  series: readonly SavedMerged[],
];
/** What an application's series has of members that were given up. */
type SavedRest = readonly [variant: number, tags: FlatTags, start: number, value: SavedValue];
type SavedApp = readonly [
  app: string,
  resetAt: number,
  droppedAt: number,
  rests: readonly SavedRest[],
];
type SavedSeries = readonly [
  ref: number,
  variant: number,
  tags: FlatTags,
  isOverflow: boolean,
  value: SavedValue,
];
type SavedProcess = readonly [
  app: string,
  name: string,
  index: number,
  epoch: number,
  run: string,
  seq: number,
  start: number,
  everyMs: number,
  isGone: boolean,
  isCatchingUp: boolean,
  series: readonly SavedSeries[],
];
/** Gives an instrument its number in the snapshot. */
type NumberOf = (variant: Variant) => number;

interface Content {
  readonly variants: readonly WireInstrument[];
  readonly apps: readonly SavedApp[];
  readonly names: readonly SavedName[];
  readonly processes: readonly SavedProcess[];
  readonly tombstones: readonly Tombstone[];
}

/** All sums, and what each process has given to them. Gauges are not part of it: they come with the next report. */
export function takeSnapshot(
  family: Family,
  members: Members,
  time: number,
  isFinal: boolean,
): AggregatorSnapshot {
  const numbers = new Map<Variant, number>();
  const variants: WireInstrument[] = [];
  const numberOf: NumberOf = (variant) => {
    const known = numbers.get(variant);
    if (known !== undefined) return known;
    const number = variants.length;
    numbers.set(variant, number);
    variants.push(encodeInstrument(number, variant.info));
    return number;
  };
  const names = [...family.names.values()].map((name) => saveName(name, numberOf));
  const processes = [...members.all()].map((process) => saveProcess(process, numberOf));
  const apps = [...family.apps.values()].map((app) => saveApp(app, numberOf));
  const tombstones = members.tombstones();
  const content: Content = { variants, apps, names, processes, tombstones };
  return { v: 1, time, isFinal, content };
}

function saveApp(state: AppState, numberOf: NumberOf): SavedApp {
  const { app, resetAt, droppedAt, series } = state;
  const rests: SavedRest[] = [];
  for (const [variant, all] of series.each()) {
    for (const { tags, start, rest, restDistribution } of all) {
      const value = saveValue(variant, { sum: rest, distribution: restDistribution });
      if (value !== undefined && value !== 0) rests.push([numberOf(variant), tags, start, value]);
    }
  }
  return [app, resetAt, droppedAt, rests];
}

function saveName(name: NameState, numberOf: NumberOf): SavedName {
  const saved: SavedMerged[] = [];
  for (const [variant, all] of name.series.each()) {
    for (const series of all) {
      const value = saveValue(variant, series);
      if (value === undefined) continue;
      const { tags, start, app } = series;
      saved.push([numberOf(variant), tags, start, isOverflow(app.tags), value]);
    }
  }
  return [name.app.app, name.name, name.droppedAt, saved];
}

function saveProcess(process: ProcessState, numberOf: NumberOf): SavedProcess {
  const { source, run, seq, start, everyMs, isCatchingUp } = process;
  const isGone = process.goneAt !== undefined;
  const saved: SavedSeries[] = [];
  for (const [ref, series] of process.series) {
    const { variant, tags, merged } = series;
    const value = saveValue(variant, series);
    if (value === undefined) continue;
    saved.push([ref, numberOf(variant), tags, isOverflow(merged.tags), value]);
  }
  const { app, name, index, epoch } = source;
  return [app, name, index, epoch, run, seq, start, everyMs, isGone, isCatchingUp, saved];
}

const isOverflow = (tags: FlatTags): boolean => tags[0] === OVERFLOW_TAG;

function saveValue(
  { info }: Variant,
  { sum, distribution }: { readonly sum: Sum; readonly distribution: Distribution | undefined },
): SavedValue | undefined {
  if (distribution !== undefined) return saveHistogram(distribution.value);
  return info.kind === "counter" ? sum.value : undefined;
}

function saveHistogram(value: ExponentialHistogram): WireHistogram | undefined {
  const { count, sum, min, max, zeroCount, scale } = value;
  return count === 0 ? undefined : [0, count, sum, min, max, zeroCount, scale, toPairs(value)];
}

/** When it is restored: monotonic milliseconds, and milliseconds since 1970. */
export interface RestoreClock {
  readonly now: number;
  readonly time: number;
}

/**
 * Puts into an aggregator that is empty what another one has left.
 *
 * @throws ELPIS_TELEMETRY_BAD_SNAPSHOT
 */
export function restoreSnapshot(
  snapshot: unknown,
  family: Family,
  members: Members,
  clock: RestoreClock,
): void {
  const { v, isFinal, content } = (snapshot ?? {}) as Partial<AggregatorSnapshot>;
  if (v !== 1) throw badSnapshot(`its form is ${String(v)} and not 1`);
  try {
    restore(content as Content, family, members, isFinal === true, clock);
  } catch (error) {
    throw badSnapshot("its content is damaged", error);
  }
}

function restore(
  { variants, apps, names, processes, tombstones }: Content,
  family: Family,
  members: Members,
  isFinal: boolean,
  clock: RestoreClock,
): void {
  const byNumber = variants.map((wire) => {
    const info = decodeInstrument(wire);
    return info === undefined ? undefined : family.variants.get(info);
  });
  for (const [app, resetAt, , rests] of apps) {
    const state = family.app(app);
    state.resetAt = resetAt;
    for (const [number, tags, start, value] of rests) {
      const variant = byNumber[number];
      if (variant === undefined) continue;
      const series = family.appSeries(state, variant, tags, start, isOverflow(tags));
      restoreValue({ sum: series.rest, distribution: series.restDistribution }, value);
    }
  }
  for (const [app, name, droppedAt, series] of names) {
    const state = family.name(app, name);
    state.droppedAt = droppedAt;
    for (const [number, tags, start, isAppOverflow, value] of series) {
      const variant = byNumber[number];
      if (variant === undefined) continue;
      restoreValue(family.merged(state, variant, tags, start, { isAppOverflow }).series, value);
    }
  }
  for (const [app, , droppedAt] of apps) family.app(app).droppedAt = droppedAt;
  for (const saved of processes) {
    restoreProcess(saved, byNumber, family, members, isFinal, clock);
  }
  for (const tombstone of tombstones) members.bury(tombstone);
  family.markCold();
}

function restoreProcess(
  saved: SavedProcess,
  byNumber: readonly (Variant | undefined)[],
  family: Family,
  members: Members,
  isFinal: boolean,
  { now, time }: RestoreClock,
): void {
  const [app, name, index, epoch, run, seq, start, everyMs, isGone, wasCatchingUp, all] = saved;
  const source = { app, name, index, epoch };
  const mode = isFinal && !wasCatchingUp ? "fresh" : "carried";
  const process = new ProcessState(source, run, family.name(app, name), start, mode, now);
  process.seq = seq;
  process.everyMs = everyMs;
  process.needsFull = true;
  process.isBehind = true;
  process.isCatchingUp = !isGone && mode === "carried";
  // What it has besides may have been told together with parts of others that are lost.
  if (!isFinal) process.countsSince = time;
  if (isGone) process.goneAt = now;
  else process.name.awaited.add(process.slot);
  members.add(process);
  for (const [ref, number, tags, isOverflow, value] of all) {
    const variant = byNumber[number];
    if (variant === undefined) continue;
    const series = family.add(process, ref, variant, tags, { isOverflow });
    if (series === undefined) continue;
    restoreValue(series, value);
    series.setAt = 1;
  }
}

function restoreValue(
  { sum, distribution }: { readonly sum: Sum; readonly distribution: Distribution | undefined },
  value: SavedValue,
): void {
  if (typeof value === "number") sum.value = value;
  else if (distribution !== undefined) takeHistogram(distribution, value, true);
}
