import { countedMs } from "./clock.ts";

/** How often memory is looked at, in milliseconds. */
export const MEMORY_SAMPLE_MS = 1000;
/** More between two samples is time in which nobody looked. */
const LONGEST_GAP_MS = 3 * MEMORY_SAMPLE_MS;

/** How much a process may hold, and how long it may hold more. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly forMs: number;
}

/** Since when a process is above its limit; undefined while it is not. */
export interface MemoryState {
  readonly overMs: number;
  readonly sampledAtMs: number;
}

/** Takes in a sample of the resident memory. `exceeded`: it was above the limit for as long as is put up with. */
export function stepMemory(
  state: MemoryState | undefined,
  rssBytes: number,
  nowMs: number,
  limit: MemoryLimit,
): { readonly state: MemoryState | undefined; readonly exceeded: boolean } {
  if (rssBytes <= limit.bytes) return { state: undefined, exceeded: false };
  const sinceMs = state === undefined ? 0 : countedMs(state.sampledAtMs, nowMs, LONGEST_GAP_MS);
  const overMs = (state?.overMs ?? 0) + sinceMs;
  return { state: { overMs, sampledAtMs: nowMs }, exceeded: overMs >= limit.forMs };
}
