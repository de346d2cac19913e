import { formatDuration } from "../../duration.ts";
import type { RunRecord } from "../../preset.ts";

/** A time for a person: `3m 4s ago`. */
export function ago(at: number, now: number): string {
  return `${formatDuration(now - at)} ago`;
}

/** How long a run took; a dash when it did not begin. */
export function tookText({ startedAt, endedAt }: RunRecord): string {
  return startedAt === undefined ? "-" : formatDuration(endedAt - startedAt);
}
