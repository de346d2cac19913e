import { type Fields, isTexts } from "./fields.ts";
import type { GroupDefinition, GroupStrategy, ProcessDefinition } from "./types.ts";

const STRATEGIES: readonly unknown[] = ["one-for-one", "rest-for-one", "one-for-all"];

/** Reads which processes share a fate. `processes` are in start order. */
export function readGroups(
  fields: Fields,
  processes: readonly ProcessDefinition[],
): GroupDefinition[] {
  const declared = fields.inner("groups", "an object of groups by name");
  if (declared === undefined) return [];
  const names = processes.map(({ name }) => name);
  const taken = new Set<string>();
  return declared.keys.flatMap((name) => readGroup(declared, name, names, taken) ?? []);
}

function readGroup(
  declared: Fields,
  name: string,
  names: readonly string[],
  taken: Set<string>,
): GroupDefinition | undefined {
  const group = declared.inner(name, "an object with processes and strategy");
  if (group === undefined) return undefined;
  group.only(["processes", "strategy"]);
  const members = group.raw("processes");
  if (!isTexts(members) || !members.every((member) => names.includes(member))) {
    group.wrong("processes", `an array of names of processes (${names.join(", ")})`);
    return undefined;
  }
  for (const member of members) {
    if (taken.has(member)) group.problem(`${member} is in two groups`, "processes");
    taken.add(member);
  }
  const strategy = group.read<GroupStrategy>(
    "strategy",
    '"one-for-one", "rest-for-one" or "one-for-all"',
    "one-for-one",
    (found) => STRATEGIES.includes(found),
  );
  return { name, processes: names.filter((one) => members.includes(one)), strategy };
}
