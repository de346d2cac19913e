import { setTimeout as pause } from "node:timers/promises";
import { isAlive } from "@elpis/core/internal";
import { signalGroup } from "../child/process-group.ts";
import type { SavedProcess } from "./state.ts";

/** How long a process has between SIGTERM and SIGKILL, in milliseconds: as long as a guardian gives it. */
export const END_GRACE_MS = 3000;
const LOOK_MS = 20;
/** A process that the system does not let go of is not waited for without end. */
const KILLED_MS = 2000;

/** Whether that very process runs; another one with its number does not count. */
export function lives({ pid, startTime }: SavedProcess): boolean {
  return isAlive(pid, startTime);
}

/** Sends a signal to the group of that very process; false when it is gone. */
export function signalSaved(saved: SavedProcess, signal: "SIGTERM" | "SIGKILL"): boolean {
  return lives(saved) && signalGroup(saved.pid, signal);
}

/**
 * Ends a process that has no master, and whom it has started: SIGTERM, and SIGKILL when its time is up. Resolves when it
 * is gone.
 */
export async function endProcess(
  saved: SavedProcess,
  graceMs: number = END_GRACE_MS,
): Promise<void> {
  if (!signalSaved(saved, "SIGTERM")) return;
  if (await isGone(saved, graceMs)) return;
  signalSaved(saved, "SIGKILL");
  await isGone(saved, KILLED_MS);
}

async function isGone(saved: SavedProcess, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (lives(saved)) {
    if (performance.now() >= end) return false;
    await pause(LOOK_MS);
  }
  return true;
}
