import type { TagValue } from "../attributes.ts";

/** An instrument, described once: its number, then what it is. Trailing parts that say nothing are left out. */
export type WireInstrument = readonly [
  number: number,
  name: string,
  kind: number,
  unit: string,
  description: string,
  group: string,
  level: number,
  merge: number,
  bounds: readonly number[] | null,
];

/** A series, described once: its number, that of its instrument, and names and values of its tags in turn. */
export type WireSeries = readonly [
  number: number,
  instrument: number,
  tags: readonly (string | TagValue)[],
];

/**
 * A value and the trace in which it was recorded, when that was in milliseconds since 1970. Those of a series are counted: a
 * receiver that comes to know one once more sees by its number that it does.
 */
export type WireExemplar = readonly [
  number: number,
  value: number,
  time: number,
  traceId: string,
  spanId: string,
];

/**
 * What a histogram has taken in. Count, sum, min, max and zero count are of its whole life; buckets are those that grew, as
 * pairs of (distance from the one before, by how much). Exemplars are those that are new; left out when there are none, and
 * by senders that know nothing of them.
 */
export type WireHistogram = readonly [
  series: number,
  count: number,
  sum: number,
  min: number,
  max: number,
  zeroCount: number,
  scale: number,
  buckets: readonly number[],
  exemplars?: readonly WireExemplar[],
];

/**
 * What has changed in one store since the delta before. Plain data, made to be small: series and instruments are
 * described once and are numbers from then on, and what has not changed is not in it.
 *
 * Sums and gauges are whole values, so nothing is counted twice or lost when one comes again or a later one overtakes it;
 * a receiver takes only the next `seq`, and asks for a full one otherwise.
 */
export interface Delta {
  /** Version of this form. */
  readonly v: 1;
  /** Which store it is of. */
  readonly run: string;
  /** Counts the deltas of a store, from 1. */
  readonly seq: number;
  /** It begins with everything: whatever the receiver knew of this store, this is how it is. */
  readonly full: boolean;
  /** Everything did not fit in: the next one goes on with it. */
  readonly more: boolean;
  /** Some receiver has taken an earlier one. */
  readonly carried: boolean;
  /** Some receiver may have taken this or an earlier one, without a word. */
  readonly attempted: boolean;
  /** The last one of this store. */
  readonly final: boolean;
  /** Since when sums count, and when it was made; milliseconds since 1970. */
  readonly start: number;
  readonly time: number;
  /** When the next one comes at the latest, in milliseconds. */
  readonly everyMs: number;
  readonly instruments: readonly WireInstrument[];
  readonly series: readonly WireSeries[];
  /** Counters, up-down counters and gauges: pairs of (distance of the series' number from the one before, value). */
  readonly numbers: readonly number[];
  readonly histograms: readonly WireHistogram[];
  /** Numbers of series that are no more. */
  readonly gone: readonly number[];
}

/**
 * What the receiver says of a delta. `taken`: it counts, now or already. `resync`: it does not, and the next one has to be
 * a full one.
 */
export type DeltaAnswer = "taken" | "resync";
