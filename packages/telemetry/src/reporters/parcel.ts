import type { Batch, ErrorRecord, EventRecord, Point, Signal, SpanRecord } from "@elpis/api";
import { roughBytes } from "./sizes.ts";

/** One thing that is reported. */
export type Item = Point | SpanRecord | ErrorRecord | EventRecord;

/** What is handed over at once: items of one signal. */
export interface Parcel {
  readonly id: string;
  readonly signal: Signal;
  readonly items: readonly Item[];
  readonly bytes: number;
  /** In monotonic milliseconds. */
  readonly madeAt: number;
  /** In milliseconds since 1970. */
  readonly time: number;
  /** Whether a backend that gets it twice is as well off as with one. */
  readonly isRepeatable: boolean;
  attempts: number;
}

/** When parcels are made, and what of. */
export interface Packing {
  readonly signal: Signal;
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly madeAt: number;
  readonly time: number;
  readonly nextId: () => string;
}

/** Packs items in their order, so that none is too large; an item that is too large alone goes alone. */
export function pack(items: readonly Item[], packing: Packing): Parcel[] {
  const { maxItems, maxBytes } = packing;
  const parcels: Parcel[] = [];
  let from = 0;
  let bytes = 0;
  const close = (to: number): void => {
    if (to > from) parcels.push(parcelOf(items.slice(from, to), bytes, packing));
    from = to;
    bytes = 0;
  };
  for (const [at, item] of items.entries()) {
    const own = roughBytes(item);
    if (at - from >= maxItems || (at > from && bytes + own > maxBytes)) close(at);
    bytes += own;
  }
  close(items.length);
  return parcels;
}

/** Makes two of one. */
export function halve(parcel: Parcel, nextId: () => string): [Parcel, Parcel] {
  const { items, signal, madeAt, time } = parcel;
  const middle = Math.ceil(items.length / 2);
  const half = (part: readonly Item[]): Parcel =>
    parcelOf(part, roughBytes(part), { signal, madeAt, time, nextId });
  return [half(items.slice(0, middle)), half(items.slice(middle))];
}

function parcelOf(
  items: readonly Item[],
  bytes: number,
  { signal, madeAt, time, nextId }: Pick<Packing, "signal" | "madeAt" | "time" | "nextId">,
): Parcel {
  const isRepeatable = signal === "metrics" && items.every((one) => !isDelta(one as Point));
  return { id: nextId(), signal, items, bytes, madeAt, time, isRepeatable, attempts: 0 };
}

function isDelta(point: Point): boolean {
  return "temporality" in point && point.temporality === "delta";
}

/** A parcel as a reporter gets it. */
export function batchOf(
  { id, time, signal, items }: Pick<Parcel, "id" | "time" | "signal" | "items">,
  resource: Batch["resource"],
): Batch {
  const of = <Kind>(wanted: Signal): readonly Kind[] =>
    signal === wanted ? (items as readonly unknown[] as readonly Kind[]) : [];
  return {
    ...{ id, time, resource },
    points: of<Point>("metrics"),
    spans: of<SpanRecord>("spans"),
    errors: of<ErrorRecord>("errors"),
    events: of<EventRecord>("events"),
  };
}
