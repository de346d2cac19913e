import type { ProcessDefinition } from "../config/types.ts";
import { describeExit } from "../supervise/exit.ts";
import type { InstanceRecord } from "../supervise/types.ts";

/** Why the last process of an instance ended, for a person. */
export function lastWords(
  { ready, readyTimeoutMs }: ProcessDefinition,
  lastExit: InstanceRecord["lastExit"],
): string {
  if (lastExit === undefined) return "it was not started";
  if (lastExit.cause === "not-ready") {
    return `it was not ready (${ready}) within ${readyTimeoutMs} ms`;
  }
  const how = describeExit(lastExit, lastExit.cause);
  return lastExit.cause === "spawn-error" ? `it ${how}` : `it ended (${how})`;
}
