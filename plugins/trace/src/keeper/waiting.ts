import type { Moment } from "./contract.ts";
import type { Members } from "./members.ts";
import type { Missing, Trace } from "./trace.ts";

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

/** Since when nothing of a trace is to come, in monotonic milliseconds. Undefined: something is. */
function waitedUntil(trace: Trace, members: Members): number | undefined {
  let at = trace.changedAt;
  for (const { process } of trace.open.values()) {
    if (process.goneAt === undefined) return undefined;
    at = Math.max(at, process.goneAt.now);
  }
  for (const missing of trace.missing.values()) {
    if (!isAwaited(trace, missing)) continue;
    const ended = endOf(missing, members);
    if (ended === undefined) return undefined;
    at = Math.max(at, ended.now);
  }
  return at;
}

function isAwaited({ hasRoot, omitted }: Trace, { from }: Missing): boolean {
  // A parent in the same process is over before the first span is, mostly; and it may be one of those that were omitted.
  return !hasRoot || (from !== undefined && omitted === 0);
}

/** When the process ended whose span is missing, if it has. */
function endOf({ child, from }: Missing, members: Members): Moment | undefined {
  if (from === undefined) return child.process.goneAt;
  return members.endedAfter(from, child.span.start);
}

/** Whether a span has begun of which no more will be heard, because its process has ended. */
export function isBroken(trace: Trace, members: Members): boolean {
  for (const { process } of trace.open.values()) if (process.goneAt !== undefined) return true;
  if (trace.omitted > 0) return false;
  for (const missing of trace.missing.values()) {
    if (endOf(missing, members) !== undefined) return true;
  }
  return false;
}

/** Whether a span that is missing was one of ours, rather than one of whoever asked. */
export function isUnseen({ omitted, decidedAt }: Trace, { child, from }: Missing): boolean {
  // It may be one of those that were omitted.
  if (omitted > 0) return false;
  if (from !== undefined) return true;
  // Somebody's own way over a network may end in a span of any kind; but a process that has ended leaves its parents open.
  const { goneAt } = child.process;
  return goneAt !== undefined && goneAt.time <= decidedAt;
}
