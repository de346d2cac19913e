import type { ExponentialHistogram } from "../histogram/histogram.ts";
import { histogramPoint, numberPoint, type PointFrame } from "../points/make.ts";
import type { Exemplar, Point, Temporality } from "../points/point.ts";
import { toTags } from "../tags.ts";
import type { PointReader } from "./contract.ts";
import type { Distribution } from "./series.ts";
import type { Found } from "./visit.ts";

/** Hands every series to `found`. @param isAll also the sums of names that are held back */
export type VisitAll = (found: (found: Found) => void, isAll: boolean) => void;

/** The clocks of a reader. */
export interface ReadClock {
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970; never goes back. */
  readonly time: () => number;
}

/** Makes a cumulative point of a series; undefined when there is nothing to tell. */
function cumulativePoint(found: Found, time: number, now: number): Point | undefined {
  const frame = frameOf(found, found.start, time, "cumulative");
  if (found.number !== undefined) return numberPoint(frame, found.number);
  if (found.sum !== undefined) return numberPoint(frame, found.sum.value);
  const whole = found.distribution?.value;
  if (whole === undefined || whole.count === 0) return undefined;
  return histogramPoint(frame, whole, found.distribution?.exemplars?.read(now));
}

/** Reads what is, each time. */
export class CumulativeReader implements PointReader {
  readonly #visit: VisitAll;
  readonly #clock: ReadClock;

  constructor(visit: VisitAll, clock: ReadClock) {
    this.#visit = visit;
    this.#clock = clock;
  }

  read(): readonly Point[] {
    const points: Point[] = [];
    const [time, now] = [this.#clock.time(), this.#clock.now()];
    this.#visit((found) => {
      const point = cumulativePoint(found, time, now);
      if (point !== undefined) points.push(point);
    }, false);
    return points;
  }
}

/** Reads what has come on top since the last time. */
export class DeltaReader implements PointReader {
  readonly #visit: VisitAll;
  readonly #clock: ReadClock;
  readonly #numbers = new WeakMap<object, number>();
  readonly #distributions = new WeakMap<object, ExponentialHistogram>();
  /** The last exemplar of a series that was told. */
  readonly #exemplars = new WeakMap<object, number>();
  #readAt: number;

  constructor(visit: VisitAll, clock: ReadClock) {
    this.#visit = visit;
    this.#clock = clock;
    this.#readAt = clock.time();
    // Whatever there is was told by others, or before anybody asked.
    this.#visit((found) => {
      this.#grown(found);
      this.#newExemplars(found, clock.now());
    }, true);
  }

  read(): readonly Point[] {
    const points: Point[] = [];
    const start = this.#readAt;
    const [time, now] = [this.#clock.time(), this.#clock.now()];
    this.#visit((found) => {
      const frame = frameOf(found, start, time, "delta");
      const grown = this.#grown(found);
      if (found.number !== undefined) points.push(numberPoint(frame, found.number));
      else if (typeof grown === "number") points.push(numberPoint(frame, grown));
      else if (grown !== undefined) {
        points.push(histogramPoint(frame, grown, this.#newExemplars(found, now)));
      }
    }, false);
    this.#readAt = time;
    return points;
  }

  /** @returns undefined when it has not grown */
  #grown({ series, sum, distribution }: Found): number | ExponentialHistogram | undefined {
    if (sum !== undefined) {
      const now = sum.value - sum.carried;
      const grown = now - (this.#numbers.get(series) ?? 0);
      // Rounding may leave a little less than before.
      if (grown <= 0) return undefined;
      this.#numbers.set(series, now);
      return grown;
    }
    if (distribution === undefined) return undefined;
    const now = ownOf(distribution);
    const before = this.#distributions.get(series);
    if (now.count <= (before?.count ?? 0)) return undefined;
    this.#distributions.set(series, now === distribution.value ? now.clone() : now);
    return before === undefined ? now : now.since(before);
  }

  /** Those that were not told before; each is told once. */
  #newExemplars({ series, distribution }: Found, now: number): readonly Exemplar[] | undefined {
    const exemplars = distribution?.exemplars;
    if (exemplars === undefined) return undefined;
    const told = this.#exemplars.get(series) ?? 0;
    this.#exemplars.set(series, Math.max(told, exemplars.lastSeq));
    return exemplars.read(now, told);
  }
}

function ownOf({ value, carried }: Distribution): ExponentialHistogram {
  return carried === undefined ? value : value.since(carried);
}

function frameOf(
  { info, tags, source }: Found,
  start: number,
  time: number,
  temporality: Temporality,
): PointFrame {
  return { info, tags: toTags(tags), source, start, time, temporality };
}
