import type { ElpisError } from "@elpis/api";
import type { ProcessDefinition } from "../config/types.ts";
import { processNotReady, processStopped } from "../errors.ts";
import type { Family } from "./family.ts";
import { Instance } from "./instance.ts";

/** All instances of one process. */
export interface Group {
  readonly definition: ProcessDefinition;
  readonly instances: readonly Instance[];
}

/** The processes of an application in start order, none of them started. */
export function makeGroups(family: Family): Group[] {
  return family.app.processes.map((definition) => ({
    definition,
    instances: Array.from(
      { length: definition.scale },
      (_, index) => new Instance(definition, index, family),
    ),
  }));
}

/**
 * Starts all instances of a process together and waits until each is ready.
 *
 * @throws ELPIS_PROCESS_NOT_READY as soon as one failed, ELPIS_PROCESS_STOPPED when one was stopped meanwhile
 */
export async function startGroup(group: Group): Promise<void> {
  for (const instance of group.instances) instance.feed({ type: "start", prove: true });
  await Promise.all(group.instances.map((instance) => proven(instance)));
}

/** Stops all instances of a process together and waits until they are gone. */
export async function stopGroup(group: Group, now: () => boolean): Promise<void> {
  for (const instance of group.instances) instance.feed({ type: now() ? "kill" : "stop" });
  await Promise.all(
    group.instances.map((instance) => instance.until((one) => one.state === "stopped")),
  );
}

async function proven(instance: Instance): Promise<void> {
  await instance.until(({ state }) => ["ready", "failed", "stopping", "stopped"].includes(state));
  if (instance.state === "ready") return;
  // One that took too long is on its way out; its last words come at the end.
  await instance.until(({ state }) => state === "failed" || state === "stopped");
  throw instance.state === "failed" ? notReady(instance) : stopped(instance);
}

function notReady(instance: Instance): ElpisError {
  const { definition, index, lastWords, lastLines } = instance;
  return processNotReady(definition.name, index, lastWords, lastLines);
}

function stopped(instance: Instance): ElpisError {
  return processStopped(`The start of ${instance.definition.name}.${instance.index}`);
}
