import { countedMs } from "./clock.ts";

/** `silent`: it gets no more work. `hung`: it is to be replaced, and nothing changes that. */
type HeartbeatPhase = "well" | "silent" | "hung";

/** What is known of the heartbeats of one process. */
export interface HeartbeatState {
  readonly phase: HeartbeatPhase;
  /** For how long it has been quiet, not counting when nobody looked. */
  readonly quietMs: number;
  /** When somebody looked last. */
  readonly lookedAtMs: number;
}

/** A heartbeat, or a look at the clock. */
export type HeartbeatEvent = "beat" | "tick";

/** A change that somebody has to know of. */
export type HeartbeatVerdict = "silent" | "responsive" | "hung";

/** How heartbeats are judged. */
export interface HeartbeatPolicy {
  /** How often the process says that its event loop turns. */
  readonly intervalMs: number;
  /** How much time may lie between two looks for the second to be believed; looks should come twice as often. */
  readonly longestGapMs: number;
}

/** Intervals without a heartbeat after which a process is silent, and after which it is hung. */
const SILENT_AFTER = 2;
const HUNG_AFTER = 2.5;
const TICKS = 8;
const SHORTEST_TICK_MS = 10;

/** How often to look at the clock. */
export function tickMsOf(intervalMs: number): number {
  return Math.max(SHORTEST_TICK_MS, Math.round(intervalMs / TICKS));
}

/** How heartbeats that come each `intervalMs` are judged. */
export function heartbeatPolicy(intervalMs: number): HeartbeatPolicy {
  return { intervalMs, longestGapMs: 2 * tickMsOf(intervalMs) };
}

/** A process that is watched from `nowMs` on. */
export function beginHeartbeats(nowMs: number): HeartbeatState {
  return { phase: "well", quietMs: 0, lookedAtMs: nowMs };
}

/** What a heartbeat, or a look at the clock, at `nowMs` means. */
export function stepHeartbeat(
  state: HeartbeatState,
  event: HeartbeatEvent,
  nowMs: number,
  policy: HeartbeatPolicy,
): { readonly state: HeartbeatState; readonly verdict?: HeartbeatVerdict } {
  if (state.phase === "hung") return { state };
  if (event === "beat") {
    const well = beginHeartbeats(nowMs);
    return state.phase === "silent" ? { state: well, verdict: "responsive" } : { state: well };
  }
  const gapMs = nowMs - state.lookedAtMs;
  const quietMs = state.quietMs + countedMs(state.lookedAtMs, nowMs, policy.longestGapMs);
  const phase = gapMs > policy.longestGapMs ? state.phase : phaseOf(quietMs, state.phase, policy);
  const next = { phase, quietMs, lookedAtMs: nowMs };
  // After a look that came late, heartbeats may be there that were not read yet; the next look decides.
  if (phase === state.phase || phase === "well") return { state: next };
  return { state: next, verdict: phase };
}

/** Silent comes before hung, whatever the figures: whoever is told of the second has heard of the first. */
function phaseOf(quietMs: number, from: HeartbeatPhase, policy: HeartbeatPolicy): HeartbeatPhase {
  if (from === "silent" && quietMs >= HUNG_AFTER * policy.intervalMs) return "hung";
  return quietMs >= SILENT_AFTER * policy.intervalMs ? "silent" : "well";
}
