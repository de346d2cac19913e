import type { Batch, Point, Signal, Wanted } from "@elpis/api";
import type { PointReader } from "../aggregate/contract.ts";
import type { SenderClock } from "../delta/contract.ts";
import type { Counts } from "./counts.ts";
import { type FitLimits, fitPoint, fitRecord, limitsOf } from "./fit.ts";
import { type Item, pack } from "./parcel.ts";
import type { ParcelQueue } from "./parcel-queue.ts";

type Record = Exclude<Signal, "metrics">;

/** What happens, and is not measured. */
export type Happened = Partial<Pick<Batch, "points" | "spans" | "errors" | "events">>;

const RECORDS: readonly Record[] = ["spans", "errors", "events"];

/** What it puts things into. */
export interface IncomingParts {
  readonly wants: Wanted;
  /** Absent where no points are wanted. */
  readonly points: PointReader | undefined;
  readonly queue: ParcelQueue;
  readonly counts: Counts;
  readonly clock: SenderClock;
  readonly nextId: () => string;
}

/** Gathers what one reporter is to be handed, cut to its limits, and packs it. */
export class Incoming {
  readonly #parts: IncomingParts;
  readonly #limits: FitLimits;
  readonly #pending = new Map<Record, Item[]>();

  constructor(parts: IncomingParts) {
    this.#parts = parts;
    this.#limits = limitsOf(parts.wants);
  }

  /** Items that are not packed yet. */
  get pending(): number {
    return [...this.#pending.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Keeps what has happened, for the next time. */
  take(happened: Happened): void {
    const { wants } = this.#parts;
    for (const signal of RECORDS) {
      const items = happened[signal] ?? [];
      if (items.length === 0 || !wants.signals.includes(signal)) continue;
      const pending = this.#pending.get(signal) ?? [];
      this.#pending.set(signal, pending);
      for (const item of items) pending.push(fitRecord(item, this.#limits));
      // What comes in masses does not wait for its time: it has to fit into the queue.
      if (pending.length >= wants.maxItems) this.#pack(signal);
    }
    if (happened.points !== undefined) this.#takePoints(happened.points);
  }

  /** Packs all that there is, with points that are read now if they are wanted. */
  collect(withPoints: boolean): void {
    const { wants, points, queue } = this.#parts;
    // Increments that nobody takes add up where they are: nothing of them is lost by waiting.
    const isWaiting = wants.temporality === "delta" && queue.isHalfFull;
    if (withPoints && points !== undefined && !isWaiting)
      this.#push("metrics", this.#fit(points.read()));
    for (const signal of RECORDS) this.#pack(signal);
  }

  /** Points of others, which are no part of what is merged here. */
  #takePoints(points: readonly Point[]): void {
    const { wants, counts } = this.#parts;
    if (!wants.signals.includes("metrics")) return;
    const isFitting = (point: Point): boolean =>
      !("temporality" in point) || point.temporality === wants.temporality;
    const fitting = points.filter(isFitting);
    counts.dropped += points.length - fitting.length;
    this.#push("metrics", this.#fit(fitting));
  }

  #fit(points: readonly Point[]): Point[] {
    const fitting: Point[] = [];
    for (const point of points) {
      const one = fitPoint(point, this.#limits);
      if (one === undefined) this.#parts.counts.dropped += 1;
      else fitting.push(one);
    }
    return fitting;
  }

  #pack(signal: Record): void {
    const items = this.#pending.get(signal) ?? [];
    this.#pending.delete(signal);
    this.#push(signal, items);
  }

  #push(signal: Signal, items: readonly Item[]): void {
    const { wants, queue, counts, clock, nextId } = this.#parts;
    const { maxItems, maxBytes } = wants;
    const [madeAt, time] = [clock.now(), clock.wallTime()];
    for (const parcel of pack(items, { signal, maxItems, maxBytes, madeAt, time, nextId })) {
      counts.dropped += queue.push(parcel);
    }
  }
}
