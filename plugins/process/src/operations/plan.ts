import { isDeepStrictEqual } from "node:util";
import type { AppDefinition, ProcessDefinition } from "../config/types.ts";
import type { PlanStep } from "./types.ts";

/** What runs of a process. */
export interface Running {
  readonly definition: ProcessDefinition;
  /** How many instances there are, whatever the definition says. */
  readonly scale: number;
}

/** Keys in which a change does not concern the processes that run. */
const NOT_ITS_OWN = new Set(["scale", "order"]);

/** What has to be done so that what runs becomes what is wanted: additions in start order, removals last, in reverse. */
export function planSteps(running: readonly Running[], wanted: AppDefinition): PlanStep[] {
  const byName = new Map(running.map((one) => [one.definition.name, one]));
  const there = new Set(wanted.processes.map(({ name }) => name));
  const steps = wanted.processes.flatMap((process) => stepsFor(byName.get(process.name), process));
  const gone = running.filter(({ definition }) => !there.has(definition.name)).reverse();
  const removals = gone.map(({ definition, scale }): PlanStep => {
    return { action: "remove", process: definition.name, scale };
  });
  return [...steps, ...removals];
}

function stepsFor(one: Running | undefined, wanted: ProcessDefinition): PlanStep[] {
  const { name: process, scale } = wanted;
  if (one === undefined) return [{ action: "add", process, scale }];
  const keys = changedKeys(one.definition, wanted);
  const change: PlanStep[] = keys.length === 0 ? [] : [{ action: "change", process, keys }];
  if (one.scale === scale) return change;
  return [...change, { action: "scale", process, from: one.scale, to: scale }];
}

/** The keys in which two definitions of a process differ, as far as its processes are concerned. */
export function changedKeys(before: ProcessDefinition, after: ProcessDefinition): string[] {
  const [a, b] = [before as unknown as Values, after as unknown as Values];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => !NOT_ITS_OWN.has(key) && !isDeepStrictEqual(a[key], b[key]));
}

type Values = Readonly<Record<string, unknown>>;

/** What of an application only a new master can change. */
export function masterChanges(before: AppDefinition, after: AppDefinition): string[] {
  const changes: string[] = [];
  if (before.name !== after.name) changes.push("name");
  if (before.survive !== after.survive) changes.push("survive");
  if (!isDeepStrictEqual(before.hub, after.hub)) changes.push("hub");
  if (!isDeepStrictEqual(before.groups, after.groups)) changes.push("groups");
  const names = (app: AppDefinition): string[] => app.plugins.map((one) => one.definition.name);
  if (!isDeepStrictEqual(names(before), names(after))) changes.push("plugins");
  return changes;
}
