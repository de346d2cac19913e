import type { ExponentialHistogram } from "../histogram/histogram.ts";
import { histogramPoint, numberPoint, type PointFrame } from "../points/make.ts";
import type { Point, Temporality } from "../points/point.ts";
import { toTags } from "../tags.ts";
import type { PointReader } from "./contract.ts";
import type { Distribution } from "./series.ts";
import type { Found } from "./visit.ts";

/** Hands every series to `found`. @param isAll also the sums of names that are held back */
export type VisitAll = (found: (found: Found) => void, isAll: boolean) => void;

/** Makes a cumulative point of a series; undefined when there is nothing to tell. */
function cumulativePoint(found: Found, time: number): Point | undefined {
  const frame = frameOf(found, found.start, time, "cumulative");
  if (found.number !== undefined) return numberPoint(frame, found.number);
  if (found.sum !== undefined) return numberPoint(frame, found.sum.value);
  const whole = found.distribution?.value;
  return whole === undefined || whole.count === 0 ? undefined : histogramPoint(frame, whole);
}

/** Reads what is, each time. */
export class CumulativeReader implements PointReader {
  readonly #visit: VisitAll;
  readonly #time: () => number;

  constructor(visit: VisitAll, time: () => number) {
    this.#visit = visit;
    this.#time = time;
  }

  read(): readonly Point[] {
    const points: Point[] = [];
    const time = this.#time();
    this.#visit((found) => {
      const point = cumulativePoint(found, time);
      if (point !== undefined) points.push(point);
    }, false);
    return points;
  }
}

/** Reads what has come on top since the last time. */
export class DeltaReader implements PointReader {
  readonly #visit: VisitAll;
  readonly #time: () => number;
  readonly #numbers = new WeakMap<object, number>();
  readonly #distributions = new WeakMap<object, ExponentialHistogram>();
  #readAt: number;

  constructor(visit: VisitAll, time: () => number) {
    this.#visit = visit;
    this.#time = time;
    this.#readAt = time();
    // Whatever there is was told by others, or before anybody asked.
    this.#visit((found) => void this.#grown(found), true);
  }

  read(): readonly Point[] {
    const points: Point[] = [];
    const start = this.#readAt;
    const time = this.#time();
    this.#visit((found) => {
      const frame = frameOf(found, start, time, "delta");
      const grown = this.#grown(found);
      if (found.number !== undefined) points.push(numberPoint(frame, found.number));
      else if (typeof grown === "number") points.push(numberPoint(frame, grown));
      else if (grown !== undefined) points.push(histogramPoint(frame, grown));
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
