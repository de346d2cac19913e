import { setTimeout as pause } from "node:timers/promises";
import type { ProbeDefinition } from "../config/types.ts";
import { type ProbeContext, type ProbeResult, runProbe } from "./probe.ts";

/** A failure that took so much longer than it may was slow here, not there. */
const SLACK_MS = 500;

/** Where the answers go. */
export interface ProbeLoopOptions {
  readonly probe: ProbeDefinition;
  readonly context: ProbeContext;
  /** So many failures in a row that they count. The loop goes on, and counts anew. */
  readonly onFailed: (why: string) => void;
  /** @default {@link runProbe} */
  readonly run?: (probe: ProbeDefinition, context: ProbeContext) => Promise<ProbeResult>;
}

/** Asks a process again and again whether it is well. Returns what ends it. */
export function startProbeLoop(options: ProbeLoopOptions): () => void {
  const end = new AbortController();
  void ask(options, end.signal);
  return () => end.abort();
}

async function ask(options: ProbeLoopOptions, signal: AbortSignal): Promise<void> {
  const { probe, context, onFailed, run = runProbe } = options;
  let failures = 0;
  while (await rest(probe.intervalMs, signal)) {
    const began = performance.now();
    const result = await run(probe, context);
    if (signal.aborted) return;
    if (result.ok) failures = 0;
    else if (performance.now() - began <= probe.timeoutMs + SLACK_MS) failures += 1;
    if (result.ok || failures < probe.failures) continue;
    failures = 0;
    onFailed(result.why);
  }
}

/**
 * Asks until the first good answer, and resolves with true; with false when `signal` is aborted first. `onFailure` hears why
 * it is not yet so.
 */
export async function untilWell(
  probe: ProbeDefinition,
  context: ProbeContext,
  signal: AbortSignal,
  onFailure?: (why: string) => void,
): Promise<boolean> {
  while (!signal.aborted) {
    const result = await runProbe(probe, context);
    if (signal.aborted) return false;
    if (result.ok) return true;
    onFailure?.(result.why);
    if (!(await rest(probe.intervalMs, signal))) return false;
  }
  return false;
}

/** False when it was cut short. */
async function rest(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(ms, undefined, { signal, ref: false });
    return true;
  } catch {
    return false;
  }
}
