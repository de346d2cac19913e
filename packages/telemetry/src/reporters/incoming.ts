import type { Batch, Point, Signal, Wanted } from "@elpis/api";
import type { PointReader } from "../aggregate/contract.ts";
import type { SenderClock } from "../delta/contract.ts";
import type { Counts } from "./counts.ts";
import { type FitLimits, fitPoint, fitRecord, limitsOf } from "./fit.ts";
import { type Item, pack } from "./parcel.ts";
import type { Waiting } from "./waiting.ts";

type Record = Exclude<Signal, "metrics">;

/** What happens, and is not measured. */
export type Happened = Partial<Pick<Batch, "points" | "spans" | "errors" | "events">>;

const RECORDS: readonly Record[] = ["spans", "errors", "events"];

/** What it puts things into. */
export interface IncomingParts {
  readonly wants: Wanted;
  /** Absent where no points are wanted. */
  readonly points: PointReader | undefined;
  readonly waiting: Waiting;
  /** Which points its user wants. */
  readonly isChosen: (point: Point) => boolean;
  /** Of a batch: less than what may wait. */
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly counts: Counts;
  readonly clock: SenderClock;
  readonly nextId: () => string;
}

/** Gathers what one reporter is to be handed, cut to its limits, and packs it. */
export class Incoming {
  readonly #parts: IncomingParts;
  readonly #limits: FitLimits;
  readonly #pending = new Map<Signal, Item[]>();

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
      // What comes in masses does not wait for its time.
      if (pending.length >= this.#parts.maxItems) this.#pack(signal);
    }
    if (happened.points !== undefined) this.#takePoints(happened.points);
  }

  /** Packs all that there is, with points that are read now if they are wanted. */
  collect(withPoints: boolean): void {
    const { wants, points, waiting } = this.#parts;
    // Increments that nobody takes add up where they are: nothing of them is lost by waiting.
    const isWaiting = wants.temporality === "delta" && waiting.isHalfFull;
    const read = withPoints && points !== undefined && !isWaiting ? points.read() : [];
    const others = this.#pending.get("metrics") ?? [];
    this.#pending.delete("metrics");
    this.#push("metrics", [...others, ...this.#fit(read)]);
    for (const signal of RECORDS) this.#pack(signal);
  }

  /** Points of others, which are no part of what is merged here. */
  #takePoints(all: readonly Point[]): void {
    const { wants, counts, isChosen } = this.#parts;
    if (!wants.signals.includes("metrics")) return;
    const points = all.filter(isChosen);
    const isFitting = (point: Point): boolean =>
      !("temporality" in point) || point.temporality === wants.temporality;
    const fitting = points.filter(isFitting);
    counts.dropped += points.length - fitting.length;
    const pending = this.#pending.get("metrics") ?? [];
    this.#pending.set("metrics", pending);
    for (const point of this.#fit(fitting)) pending.push(point);
    if (pending.length >= this.#parts.maxItems) this.#pack("metrics");
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

  #pack(signal: Signal): void {
    const items = this.#pending.get(signal) ?? [];
    this.#pending.delete(signal);
    this.#push(signal, items);
  }

  #push(signal: Signal, items: readonly Item[]): void {
    const { waiting, counts, clock, nextId, maxItems, maxBytes } = this.#parts;
    const [madeAt, time] = [clock.now(), clock.wallTime()];
    for (const parcel of pack(items, { signal, maxItems, maxBytes, madeAt, time, nextId })) {
      counts.dropped += waiting.push(parcel);
    }
  }
}
