import type { Definition } from "../definition/definition.ts";
import type { Ended } from "./attempt.ts";
import type { Moment } from "./timetable.ts";
import type { Phase, Work } from "./work.ts";

/** Whether another attempt follows, and when; counts the one that has ended. Undefined: it is over. */
export function again(
  work: Work,
  outcome: Ended["outcome"],
  { definition, random }: { readonly definition: Definition; random(): number },
  now: Moment,
): Phase | undefined {
  const { attempts, lost } = definition.retries;
  if (outcome === "done") return undefined;
  if (outcome === "lost") {
    work.losses += 1;
    // What one process was to do for itself is of no use in another.
    if (work.target !== undefined || work.losses > lost) return undefined;
    const pauseMs = work.losses === 1 ? 0 : pause(work.losses - 1, definition, random);
    return { name: "waiting", fromMs: now.monoMs + pauseMs };
  }
  work.failures += 1;
  if (work.failures > attempts) return undefined;
  return { name: "waiting", fromMs: now.monoMs + pause(work.failures, definition, random) };
}

function pause(times: number, { retries }: Definition, random: () => number): number {
  const { minMs, maxMs } = retries;
  const longestMs = Math.min(maxMs, minMs * 2 ** Math.min(30, times - 1));
  return longestMs * (1 - random() / 2);
}
