import type { Moment } from "./contract.ts";
import type { HeldSpan } from "./held.ts";
import type { Members } from "./members.ts";
import type { Trace } from "./trace.ts";

/** Why a trace is decided on. `pressed`: to make room, or because this process ends. */
export type Reason = "settled" | "swept" | "pressed";

/** How long traces are waited for, in milliseconds. */
export interface Patience {
  readonly settleMs: number;
  readonly openMs: number;
}

/** Whether a trace is to be decided on now, and why. */
export function dueFor(
  trace: Trace,
  members: Members,
  { settleMs, openMs }: Patience,
  now: number,
): Reason | undefined {
  if (now - trace.firstAt >= openMs) return "swept";
  if (now - trace.changedAt < settleMs) return undefined;
  const changedAt = waitedUntil(trace, members);
  return changedAt !== undefined && now - changedAt >= settleMs ? "settled" : undefined;
}

/**
 * Since when nothing of a trace is to come, in monotonic milliseconds. Undefined: something is. One for some of whose spans there
 * was no room waits only for what is known to be open: of what else is not there it is not known whether it came.
 */
function waitedUntil(trace: Trace, members: Members): number | undefined {
  let at = trace.changedAt;
  for (const { process } of trace.open) {
    if (process.goneAt === undefined) return undefined;
    at = Math.max(at, process.goneAt.now);
  }
  for (const child of trace.missing) {
    // A parent in the same process is over before the first span is, mostly.
    if (trace.hasRoot && child.from === undefined) continue;
    const ended = endOf(child, members);
    if (ended === undefined) return undefined;
    at = Math.max(at, ended.now);
  }
  return at;
}

/** When the process ended whose span is missing, if it has. @param child a span that has that one as its parent */
function endOf({ from, process, start }: HeldSpan, members: Members): Moment | undefined {
  return from === undefined ? process.goneAt : members.endedAfter(from, start);
}

/** Whether a span has begun of which no more will be heard, because its process has ended. */
export function isBroken(trace: Trace, members: Members): boolean {
  return (
    trace.open.some(({ process }) => process.goneAt !== undefined) ||
    trace.missing.some((child) => endOf(child, members) !== undefined)
  );
}

/** Whether a span that is missing was one of ours, rather than one of whoever asked. @param child one that has it as its parent */
export function isUnseen({ decidedAt }: Trace, { from, process }: HeldSpan): boolean {
  if (from !== undefined) return true;
  // Somebody's own way over a network may end in a span of any kind; but a process that has ended leaves its parents open.
  const { goneAt } = process;
  return goneAt !== undefined && goneAt.time <= decidedAt;
}
