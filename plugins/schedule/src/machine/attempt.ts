import type { ScheduleCode } from "../errors.ts";
import type { RunResult, Verdict } from "../topics.ts";
import { leaseMarginMs } from "./lease.ts";
import type { Moment } from "./timetable.ts";
import { type Holder, isSame, type Work } from "./work.ts";

/** How long somebody who was told of a run has to claim it, in milliseconds. */
export const CLAIM_MS = 5000;
/** How long a process that was started for a run has to claim it. */
export const START_MS = 30_000;

/** How an attempt ended, and why. */
export interface Ended {
  readonly outcome: "done" | "failed" | "timeout" | "lost";
  readonly error?: string;
  readonly value?: string;
}

const FENCED: Verdict = { ok: false, code: "ELPIS_SCHEDULE_FENCED" };

/** What a claim or a renewal is granted by. */
export interface Terms {
  readonly leaseMs: number;
  /** Undefined: without end. */
  readonly timeoutMs: number | undefined;
}

/** Somebody asks for the lease of an attempt, for the first time or again. */
export function renew(work: Work, from: Holder, now: Moment, terms: Terms): Verdict {
  const { phase } = work;
  const leaseEndMs = now.monoMs + terms.leaseMs;
  if (phase.name === "offered" || phase.name === "starting") {
    if (phase.holder === undefined || !isHolder(phase.holder, from)) return FENCED;
    const { timeoutMs } = terms;
    work.phase = {
      name: "running",
      token: phase.token,
      holder: from,
      leaseEndMs,
      deadlineMs: timeoutMs === undefined ? undefined : now.monoMs + timeoutMs,
      startedAt: now.wallMs,
    };
    return { ok: true };
  }
  if (phase.name !== "running" || !isHeldBy(work, from)) return FENCED;
  if (phase.isOverdue === true) return no("ELPIS_SCHEDULE_TIMEOUT");
  // Its holder has stopped by then, whatever has kept the question for so long.
  if (now.monoMs >= phase.leaseEndMs) return no("ELPIS_SCHEDULE_LEASE");
  work.phase = { ...phase, holder: from, leaseEndMs };
  return { ok: true };
}

/** Whether an attempt is that peer's. One whose link was broken has come back under another number. */
export function isHeldBy({ phase }: Work, from: Holder): boolean {
  if (phase.name !== "running") return false;
  return phase.holder === undefined || isHolder(phase.holder, from);
}

function isHolder(holder: Holder, from: Holder): boolean {
  if (holder.peerId !== undefined) return holder.peerId === from.peerId;
  return isSame(holder.identity, from.identity);
}

/** What becomes of an attempt whose holder says how it ended. */
export function endedAs({ phase }: Work, result: RunResult): Ended {
  if (result.ok) {
    return { outcome: "done", ...(result.value !== undefined && { value: result.value }) };
  }
  const isOverdue = phase.name === "running" && phase.isOverdue === true;
  if (isOverdue || result.code === "ELPIS_SCHEDULE_TIMEOUT") {
    return { outcome: "timeout", error: result.error };
  }
  const outcome = result.code === "ELPIS_SCHEDULE_LEASE" ? "lost" : "failed";
  return { outcome, error: result.error };
}

/** What time alone does to an attempt. */
export type Expiry =
  /** It never began. */
  | { readonly type: "unclaimed" }
  /** It is to stop. */
  | { readonly type: "overdue" }
  | { readonly type: "ended"; readonly ended: Ended };

export function expiryOf({ phase }: Work, now: Moment, leaseMs: number): Expiry | undefined {
  const { monoMs } = now;
  switch (phase.name) {
    case "offered":
      return monoMs >= phase.untilMs ? { type: "unclaimed" } : undefined;
    case "starting": {
      const error = `its process did not begin with it within ${START_MS} ms`;
      return monoMs < phase.untilMs
        ? undefined
        : { type: "ended", ended: { outcome: "failed", error } };
    }
    case "running": {
      const { leaseEndMs, deadlineMs = Number.POSITIVE_INFINITY, isOverdue = false } = phase;
      if (monoMs >= leaseEndMs + leaseMarginMs(leaseMs)) {
        const outcome = isOverdue ? "timeout" : "lost";
        const error = isOverdue ? "it did not stop when its time was up" : "it was not heard of";
        return { type: "ended", ended: { outcome, error } };
      }
      return !isOverdue && monoMs >= deadlineMs ? { type: "overdue" } : undefined;
    }
    default:
      return undefined;
  }
}

/** The next instant at which {@link expiryOf}, or the end of a pause, may say something. */
export function dueMs({ phase }: Work, leaseMs: number): number {
  switch (phase.name) {
    case "queued":
      return Number.POSITIVE_INFINITY;
    case "waiting":
      return phase.fromMs;
    case "starting":
    case "offered":
      return phase.untilMs;
    case "running": {
      const endMs = phase.leaseEndMs + leaseMarginMs(leaseMs);
      const { deadlineMs, isOverdue } = phase;
      return deadlineMs === undefined || isOverdue === true ? endMs : Math.min(endMs, deadlineMs);
    }
  }
}

function no(code: ScheduleCode): Verdict {
  return { ok: false, code };
}
