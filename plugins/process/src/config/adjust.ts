import { isName, NAME_RULE } from "./name.ts";
import type { ReadOptions } from "./options.ts";
import { Problems } from "./problems.ts";
import { toScale } from "./process.ts";
import type { AppDefinition, ProcessDefinition } from "./types.ts";

/** What the command line says goes before what the configuration says. @throws ELPIS_CONFIG_INVALID */
export function adjust(definition: AppDefinition, options: ReadOptions): AppDefinition {
  const problems = new Problems();
  const { name = definition.name, dev = false } = options;
  if (!isName(name)) problems.expected("name (option)", NAME_RULE, name);
  let processes = definition.processes;
  if (options.scale !== undefined) processes = rescale(processes, options.scale, problems);
  problems.throwIfAny(definition.file);
  if (dev) processes = processes.map((one) => ({ ...one, scale: Math.min(one.scale, 1) }));
  return { ...definition, name, processes };
}

function rescale(
  processes: readonly ProcessDefinition[],
  wanted: number | "auto",
  problems: Problems,
): readonly ProcessDefinition[] {
  const scale = toScale(wanted, "scale (option)", problems);
  const workers = processes.filter((one) => one.role === "worker");
  if (workers.length !== 1) {
    const names = workers.map((one) => one.name).join(", ");
    const has = workers.length === 0 ? "this one has none" : `this one has ${names}`;
    problems.add("scale (option)", `goes with an application of one process; ${has}`);
  }
  return processes.map((one) => (one.role === "worker" ? { ...one, scale } : one));
}
