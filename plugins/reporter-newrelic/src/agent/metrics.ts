import type { Point } from "@elpis/api";
import { add, figuresOf, figuresOfHistogram, isSound } from "./figures.ts";
import type { AgentApi, AgentFigures } from "./load.ts";
import { metricName } from "./names.ts";

/** Names whose rest is kept; of more the oldest is forgotten, which costs less than one each. */
const RESTS = 10_000;

/** How points are named. */
export interface Naming {
  readonly tags: readonly string[];
  readonly prefix: string;
}

/** Hands points to the agent, each name once. */
export class AgentMetrics {
  readonly #api: AgentApi;
  readonly #naming: Naming;
  /** The agent takes whole increases only. What is left of one goes with the next. */
  readonly #rests = new Map<string, number>();

  constructor(api: AgentApi, naming: Naming) {
    this.#api = api;
    this.#naming = naming;
  }

  /** @returns why points were not handed over, one text for each */
  hand(points: readonly Point[]): string[] {
    const refused: string[] = [];
    const counts = new Map<string, number>();
    const figures = new Map<string, AgentFigures>();
    for (const point of points) {
      const why = this.#sort(point, counts, figures);
      if (why !== undefined) refused.push(why);
    }
    for (const [name, value] of counts) this.#increment(name, value);
    for (const [name, value] of figures) this.#api.recordMetric(name, value);
    return refused;
  }

  #sort(
    point: Point,
    counts: Map<string, number>,
    figures: Map<string, AgentFigures>,
  ): string | undefined {
    const name = metricName(point, this.#naming.tags, this.#naming.prefix);
    if (name === undefined) return "its name is too long";
    if ("temporality" in point && point.temporality !== "delta") {
      return "it counts since its start, not since the batch before";
    }
    if (point.kind === "histogram" && point.count === 0) return undefined;
    if (point.kind === "counter") {
      if (!Number.isFinite(point.value)) return "it is no number";
      if (point.value < 0) return "it counts backwards";
      counts.set(name, (counts.get(name) ?? 0) + point.value);
      return undefined;
    }
    const part = point.kind === "histogram" ? figuresOfHistogram(point) : figuresOf(point.value);
    if (!isSound(part)) return "it is no number";
    const known = figures.get(name);
    if (known === undefined) figures.set(name, part);
    else add(known, part);
    return undefined;
  }

  #increment(name: string, value: number): void {
    const exact = value + (this.#rests.get(name) ?? 0);
    // So that ten times 0.1 is 1.
    const whole = Math.floor(exact + 1e-9);
    const rest = exact - whole;
    this.#rests.delete(name);
    if (rest > 1e-9) this.#rests.set(name, rest);
    const [oldest] = this.#rests.keys();
    if (this.#rests.size > RESTS && oldest !== undefined) this.#rests.delete(oldest);
    if (whole > 0) this.#api.incrementMetric(name, whole);
  }
}
