import type { Moment } from "./timetable.ts";
import { attemptOf, type Phase, type SavedWork, type Work } from "./work.ts";

/** How many leases a process has to come back that has something to do for itself alone. */
const COMEBACK_LEASES = 2;

/** What the runs that were written down mean to a new master. */
export interface Restored {
  readonly works: readonly Work[];
  /** Runs that had not begun, and are left out because the task does without what was missed. */
  readonly missed: readonly Work[];
}

/**
 * An attempt that had begun may be alive, and renewed its lease in the last moment of the master before: its whole lease
 * is waited for, unless its process is found to be gone.
 */
export function restoreWorks(
  saved: readonly SavedWork[],
  now: Moment,
  rules: {
    readonly leaseMs: number;
    readonly missed: "once" | "skip";
    readonly timeoutMs?: number;
  },
): Restored {
  const works: Work[] = [];
  const missed: Work[] = [];
  for (const one of saved) {
    const work = restoreWork(one, now, rules);
    const hasBegun = one.token !== undefined || attemptOf(work) > 1;
    if (hasBegun || rules.missed === "once") works.push(work);
    else missed.push(work);
  }
  return { works, missed };
}

function restoreWork(
  saved: SavedWork,
  now: Moment,
  { leaseMs, timeoutMs }: { readonly leaseMs: number; readonly timeoutMs?: number },
): Work {
  const { token, holder, startedAt, isQueued, by, target, ...rest } = saved;
  const about = { ...rest, by, target };
  if (token === undefined) {
    const untilMs = target === undefined ? {} : { untilMs: now.monoMs + COMEBACK_LEASES * leaseMs };
    const phase: Phase =
      isQueued === true ? { name: "queued" } : { name: "waiting", fromMs: now.monoMs, ...untilMs };
    return { ...about, phase };
  }
  const ranMs = Math.max(0, now.wallMs - (startedAt ?? now.wallMs));
  const leftMs = timeoutMs === undefined ? undefined : Math.max(0, timeoutMs - ranMs);
  return {
    ...about,
    phase: {
      name: "running",
      token,
      holder: holder === undefined ? undefined : { peerId: undefined, identity: holder },
      leaseEndMs: now.monoMs + leaseMs,
      deadlineMs: leftMs === undefined ? undefined : now.monoMs + leftMs,
      startedAt: startedAt ?? now.wallMs,
    },
  };
}
