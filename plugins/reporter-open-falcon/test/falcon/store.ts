import { isIndexed, isStored, isValid, type ReadItem, readTags } from "./rules.ts";

/** A point that can be looked up. */
export interface Kept {
  readonly timestamp: number;
  readonly value: number;
  readonly type: string;
  readonly step: number;
}

/** What a transfer and a graph make of items: what is kept, and what gets lost although nobody is told. */
export class Store {
  /** By `endpoint/metric/tags`. */
  readonly series: Map<string, Kept[]> = new Map();
  /** What was lost, with why. */
  readonly lost: string[] = [];
  pushes = 0;
  readonly #minStep: number;
  readonly #now: () => number;

  constructor(minStep: number = 30, now: () => number = () => Math.floor(Date.now() / 1000)) {
    this.#minStep = minStep;
    this.#now = now;
  }

  /** @returns how many are invalid, as `Transfer.Update` counts */
  update(items: readonly (ReadItem | null)[]): number {
    this.pushes += 1;
    let invalid = 0;
    for (const item of items) {
      if (isValid(item)) this.#keep(item);
      else {
        invalid += 1;
        this.lost.push(`invalid: ${JSON.stringify(item)}`);
      }
    }
    return invalid;
  }

  #keep(item: ReadItem): void {
    const { endpoint, metric, counterType: type } = item;
    const tags = [...readTags(item.tags)].map(([key, value]) => `${key}=${value}`).join(",");
    const counter = tags === "" ? metric : `${metric}/${tags}`;
    const name = `${endpoint}/${counter}`;
    const lose = (why: string): number => this.lost.push(`${why}: ${name}`);
    if (tags !== item.tags) lose("tags changed");
    if (!isStored(endpoint) || !isStored(counter)) return void lose("dropped at storage");
    if (!isIndexed(endpoint) || !isIndexed(counter)) return void lose("never indexed");
    const step = Math.max(item.step, this.#minStep);
    if (step !== item.step) lose("step raised");
    const now = this.#now();
    if (item.timestamp <= 0 || item.timestamp > 2 * now) return void lose("time is now");
    if (item.timestamp > now) return void lose("future");
    const timestamp = item.timestamp - (item.timestamp % step);
    this.#add(name, { timestamp, value: stored(Number(item.value), type), type, step }, lose);
  }

  #add(name: string, point: Kept, lose: (why: string) => void): void {
    const points = this.series.get(name) ?? [];
    const last = points.at(-1);
    if (last !== undefined) {
      if (last.type !== point.type || last.step !== point.step) return lose("unreachable");
      if (point.timestamp <= last.timestamp) return lose("second in one step");
    }
    if (Number.isNaN(point.value)) return lose("passed over");
    points.push(point);
    this.series.set(name, points);
  }

  /** The values of a series. */
  values(name: string): number[] {
    return (this.series.get(name) ?? []).map(({ value }) => value);
  }
}

/** What is written to the disk; not a number: nothing is. */
function stored(value: number, type: string): number {
  const size = Math.abs(value);
  if (size > 1e300 || (size > 0 && size < 1e-300)) return Number.NaN;
  return type === "GAUGE" ? value : Math.trunc(value);
}
