import type { CheckDetails, HealthStatus } from "../types.ts";

/** What is known of one thing that is looked at. */
export interface CheckState {
  readonly status: HealthStatus;
  /** Failures in a row. */
  readonly failed: number;
  /** Whether it has been up. */
  readonly started: boolean;
  readonly message: string | undefined;
  readonly details: CheckDetails | undefined;
  /** On the monotonic clock, in milliseconds: when it got its status, and when it was looked at last. */
  readonly sinceMs: number;
  readonly checkedMs: number | undefined;
  readonly tookMs: number;
}

/** What one look has found. */
export type Finding =
  | { readonly ok: true; readonly details?: CheckDetails | undefined }
  | { readonly ok: false; readonly message: string; readonly details?: CheckDetails | undefined };

/** Nothing is known yet, which is not well. */
export function newState(nowMs: number): CheckState {
  return {
    status: "unknown",
    failed: 0,
    started: false,
    message: "it was not looked at yet",
    details: undefined,
    sinceMs: nowMs,
    checkedMs: undefined,
    tookMs: 0,
  };
}

/** After one look. So many failures in a row are needed before one that was up is down. */
export function settle(
  before: CheckState,
  finding: Finding,
  {
    failures,
    nowMs,
    tookMs,
  }: { readonly failures: number; readonly nowMs: number; readonly tookMs: number },
): CheckState {
  const failed = finding.ok ? 0 : before.failed + 1;
  const isForgiven = !finding.ok && failed < failures && before.status === "up";
  const status: HealthStatus = finding.ok || isForgiven ? "up" : "down";
  return {
    status,
    failed,
    started: before.started || finding.ok,
    message: finding.ok ? undefined : finding.message,
    details: finding.details,
    sinceMs: status === before.status ? before.sinceMs : nowMs,
    checkedMs: nowMs,
    tookMs,
  };
}

/** What it is now: what was found too long ago is not known any more. */
export function present(state: CheckState, nowMs: number, goodForMs: number): CheckState {
  const { checkedMs } = state;
  if (checkedMs === undefined || nowMs - checkedMs <= goodForMs) return state;
  const message = `it was looked at last ${Math.round((nowMs - checkedMs) / 1000)} s ago`;
  return { ...state, status: "unknown", message, sinceMs: checkedMs + goodForMs };
}
