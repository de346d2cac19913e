import type { Logger } from "@elpis/api";
import type { Slot } from "../family/slot.ts";
import type { InstanceState } from "../status.ts";

/** Says what a person wants to know of a change: one line for each restart, and what has failed for good. */
export function logChange(log: Logger, slot: Slot, previous: InstanceState): void {
  const { current, state, title } = slot;
  const { pid, record } = current;
  if (state === "backoff" && previous !== state) {
    log.warn(`${title} is started again: ${current.lastWords}`, { epoch: slot.nextEpoch });
  } else if (state === "failed" && previous !== state) {
    log.error(`${title} has failed: ${current.lastWords}`, { epoch: record.epoch });
  } else {
    log.debug(`${title} is ${state}`, { previous, pid, epoch: record.epoch });
  }
}
