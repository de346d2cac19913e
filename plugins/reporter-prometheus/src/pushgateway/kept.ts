import type { Batch, Point } from "@elpis/api";
import { seriesKey } from "../labels.ts";

/** How long points of others are kept that nobody tells of any longer, in milliseconds. */
const KEEP_MS = 600_000;
const MOST = 50_000;
/** What `elpis reporters test` sends. */
const SAMPLE = "elpis.reporter.test";

interface Told {
  readonly point: Point;
  readonly time: number;
}

/** What the group consists of: the last of what is merged here, and what processes that merge by themselves have told, each by itself. */
export class Kept {
  #merged: readonly Point[] = [];
  #told: ReadonlyMap<string, Told> = new Map();

  /**
   * What the group is to be with a batch. It is remembered only when `taken` is called.
   *
   * @returns without anything that is in it twice
   */
  with({ points, time }: Pick<Batch, "points" | "time">): { all: Point[]; taken: () => void } {
    const told = new Map(this.#told);
    let merged = this.#merged;
    if (isOfOneProcess(points)) {
      for (const point of points) {
        const key = seriesKey(point);
        told.delete(key);
        told.set(key, { point, time });
      }
    } else merged = points;
    for (const [key, one] of told) {
      if (time - one.time > KEEP_MS || told.size > MOST) told.delete(key);
    }
    const all = new Map<string, Point>();
    for (const point of merged) all.set(seriesKey(point), point);
    for (const [key, { point }] of told) all.set(key, point);
    const taken = (): void => {
      this.#merged = merged;
      this.#told = told;
    };
    return { all: [...all.values()], taken };
  }
}

/** Whether it is a sample, which is no part of what is measured. */
export function isSample({ points }: Pick<Batch, "points">): boolean {
  return points.length > 0 && points.every(({ name }) => name === SAMPLE);
}

/** What is merged is of several processes, or of none: points of one alone were told by it. */
function isOfOneProcess([first, ...others]: readonly Point[]): boolean {
  if (first?.source.epoch === undefined) return false;
  const { app, name, index, epoch } = first.source;
  return others.every(
    ({ source }) =>
      source.app === app &&
      source.name === name &&
      source.index === index &&
      source.epoch === epoch,
  );
}
