/** Time as the watches of processes see it. */
export interface WatchClock {
  /** In milliseconds; never goes back. */
  now(): number;
  /** Calls `task` again and again until the function that is returned is called. */
  every(intervalMs: number, task: () => void): () => void;
}

/** The clock of the system. It is no reason for this process to stay. */
export const SYSTEM_CLOCK: WatchClock = {
  now: () => performance.now(),
  every: (intervalMs, task) => {
    const timer = setInterval(task, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/**
 * How much of the time between two looks at the clock counts against somebody else. This process may have been stopped, or
 * starved, or asleep with its machine: what it did not see it cannot judge.
 */
export function countedMs(fromMs: number, toMs: number, atMostMs: number): number {
  return Math.min(Math.max(0, toMs - fromMs), atMostMs);
}
