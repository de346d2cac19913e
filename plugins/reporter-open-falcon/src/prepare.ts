import type { Point } from "@elpis/api";
import { type Item, itemProblem } from "./item.ts";
import { type Frame, itemsOf } from "./items-of.ts";
import type { Memory, Plan } from "./memory.ts";

/** The name of what `elpis reporters test` sends. It uses up no step: it may come twice in one. */
const SAMPLE = "elpis.reporter.test";

/** What a batch is on the wire. */
export interface Prepared {
  readonly items: readonly Item[];
  /** Points that lose at least one item. */
  readonly rejected: number;
  /** Why, with how many items each; undefined when none is lost. */
  readonly reason: string | undefined;
  readonly plan: Plan;
}

/** Turns points into items and looks at each one; what the server would drop is left out and counted. */
export function prepare(points: readonly Point[], memory: Memory, frame: Frame): Prepared {
  const plan = memory.plan();
  const items: Item[] = [];
  const problems = new Map<string, number>();
  let rejected = 0;
  for (const point of points) {
    const lost = take(point, memory, plan, frame, items);
    if (lost.length > 0) rejected++;
    for (const problem of lost) problems.set(problem, (problems.get(problem) ?? 0) + 1);
  }
  const texts = [...problems].map(([problem, count]) => `${count} not sent: ${problem}`);
  return { items, rejected, reason: texts.length > 0 ? texts.join("; ") : undefined, plan };
}

/** Adds the items of a point. @returns why some are left out */
function take(point: Point, memory: Memory, plan: Plan, frame: Frame, items: Item[]): string[] {
  if ("temporality" in point && point.temporality !== "cumulative") {
    return ["it is no total, but a difference"];
  }
  // A process that has started again goes on with its series.
  const { app, name: process, index } = point.source;
  const owner = JSON.stringify([point.kind, point.name, app, process, index, point.tags]);
  const before = point.kind === "histogram" ? memory.before(owner) : undefined;
  const lost: string[] = [];
  const all = itemsOf(point, before, frame);
  for (const item of all) {
    const claim = (): string | undefined =>
      point.name === SAMPLE ? undefined : plan.claim(item, owner);
    const problem = itemProblem(item, frame.nowMs) ?? claim();
    if (problem === undefined) items.push(item);
    else lost.push(problem);
  }
  if (point.kind === "histogram" && lost.length < all.length) plan.keep(owner, point);
  return lost;
}
