import type { Logger } from "@elpis/api";
import type { InstanceState } from "../supervise/types.ts";
import type { Instance } from "./instance.ts";

/** Says what a person wants to know of a change: one line for each restart, and what has failed for good. */
export function logChange(log: Logger, instance: Instance, previous: InstanceState): void {
  const { definition, index, state } = instance;
  const { pid, epoch, restarts } = instance.status();
  const name = `${definition.name}.${index}`;
  if (state === "backoff") {
    log.warn(`${name} is started again: ${instance.lastWords}`, { restarts: restarts + 1 });
  } else if (state === "failed") {
    log.error(`${name} has failed: ${instance.lastWords}`, { restarts });
  } else {
    log.debug(`${name} is ${state}`, { previous, pid, epoch });
  }
}
