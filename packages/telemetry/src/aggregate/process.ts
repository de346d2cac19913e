import type { Source } from "./contract.ts";
import type { NameState } from "./names.ts";
import type { ProcessSeries } from "./series.ts";
import type { Variant } from "./variants.ts";

/** How the sums of a process count that come with its next full delta. */
export type Mode =
  /** as what has happened since the last one */
  | "fresh"
  /** the same, but an earlier aggregator may have told of it: readers of deltas leave it out */
  | "carried"
  /** not at all: they were counted, and then forgotten; what follows is counted */
  | "baseline";

/** Tells the processes of an application apart, also one from its replacement. */
export function processSlot({ app, name, index, epoch }: Source): string {
  return JSON.stringify([app, name, index, epoch]);
}

/** A process that has reported. */
export class ProcessState {
  readonly source: Source;
  readonly slot: string;
  readonly run: string;
  readonly name: NameState;
  readonly start: number;
  /** Since when sums count that it is the first to have; later than `start` where those of others may be missing in them. */
  countsSince: number;
  /** The last delta that was taken. */
  seq = 0;
  everyMs = 0;
  /** When that was, in monotonic milliseconds. */
  lastAt: number;
  /** When it went, in monotonic milliseconds. */
  goneAt: number | undefined;
  isStale = false;
  mode: Mode;
  /** Only its sums are known, from a snapshot: it has not been heard of since. */
  needsFull = false;
  /** Some of its sums may be those of the snapshot still. */
  isBehind = false;
  /** An earlier aggregator knew more of it than this one does yet. */
  isCatchingUp = false;
  readonly instruments: Map<number, Variant> = new Map();
  readonly series: Map<number, ProcessSeries> = new Map();
  /** During a full report: what it has not spoken of yet. */
  unmentioned: Set<number> | undefined;

  constructor(
    source: Source,
    run: string,
    name: NameState,
    start: number,
    mode: Mode,
    lastAt: number,
  ) {
    const { app, index, epoch } = source;
    this.source = { app, name: source.name, index, epoch };
    this.slot = processSlot(source);
    this.run = run;
    this.name = name;
    this.start = start;
    this.countsSince = start;
    this.mode = mode;
    this.lastAt = lastAt;
  }

  /** Whether its gauges say how things are now. */
  get isCurrent(): boolean {
    return this.goneAt === undefined && !this.isStale;
  }

  /** Whether it should be heard of again. */
  get isExpected(): boolean {
    return this.needsFull && this.goneAt === undefined;
  }
}
