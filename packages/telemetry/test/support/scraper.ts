import { expect } from "vitest";
import type { Aggregator, Point, PointReader, Scope } from "../../src/index.ts";

interface Seen {
  readonly start: number;
  readonly time: number;
  readonly values: readonly number[];
}

const SCOPES: readonly Scope[] = ["process", "name", "app"];

/** Reads now and then, as a scraper does, and never wants to see a sum fall. */
export class Scraper {
  readonly #seen = new Map<string, Seen>();

  /** @param label to find the history again */
  read(agent: Aggregator, label: string): void {
    for (const scope of SCOPES) {
      for (const point of agent.readPoints({ scope })) this.#check(scope, point, label);
    }
  }

  #check(scope: Scope, point: Point, label: string): void {
    const values = sumsOf(point);
    if (values.length === 0) return;
    const { name, source, tags, start, time } = point;
    const key = JSON.stringify([scope, name, source, tags]);
    const before = this.#seen.get(key);
    this.#seen.set(key, { start, time, values });
    if (before === undefined) return;
    expect(time, `${label}: time of ${key}`).toBeGreaterThanOrEqual(before.time);
    if (before.start !== start) return;
    values.forEach((value, at) => {
      expect(value, `${label}: ${key}`).toBeGreaterThanOrEqual(before.values[at] as number);
    });
  }
}

function sumsOf(point: Point): readonly number[] {
  if (point.kind === "counter") return [point.value];
  return point.kind === "histogram" ? [point.count, point.sum] : [];
}

/** All series of an instrument in one name, as the agent tells it; undefined when it tells nothing of it. */
export function toldTotal(agent: Aggregator, instrument: string, name: string): number | undefined {
  const filter = { names: [instrument], processes: [name] };
  const points = agent.readPoints({ scope: "name", filter });
  if (points.length === 0) return undefined;
  return points.reduce((sum, point) => sum + (sumsOf(point)[0] ?? 0), 0);
}

/** Reads deltas, as a reporter does, through all agents that come one after the other. */
export class Reporter {
  readonly #sums = new Map<string, number>();
  #agent: Aggregator | undefined;
  #reader: PointReader | undefined;

  /** As an agent starts. */
  attach(agent: Aggregator): void {
    if (agent === this.#agent) return;
    this.#agent = agent;
    this.#reader = agent.createReader({ temporality: "delta", scope: "name" });
  }

  read(): void {
    for (const point of this.#reader?.read() ?? []) {
      const value = sumsOf(point)[0];
      if (value === undefined) continue;
      const key = `${point.name} ${point.source.name}`;
      this.#sums.set(key, (this.#sums.get(key) ?? 0) + value);
    }
  }

  /** All that was reported of an instrument in a name. */
  total(instrument: string, name: string): number {
    return this.#sums.get(`${instrument} ${name}`) ?? 0;
  }
}
