import type { SenderClock } from "../../src/index.ts";

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** Clocks for senders that move only when they are told to. */
export interface FakeTimers extends SenderClock {
  /** Moves on, and runs what is due, in order; each with all that follows from it. */
  advance(ms: number): Promise<void>;
}

/** Lets everything happen that does not wait for time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

export function fakeTimers(startWall = 1_000_000): FakeTimers {
  let now = 0;
  const tasks = new Set<Task>();
  const next = (until: number): Task | undefined => {
    let first: Task | undefined;
    for (const task of tasks) {
      if (task.at <= until && task.at < (first?.at ?? Number.POSITIVE_INFINITY)) first = task;
    }
    return first;
  };
  return {
    now: () => now,
    wallTime: () => startWall + now,
    after: (ms, run) => {
      const task = { at: now + ms, run };
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    advance: async (ms) => {
      const until = now + ms;
      for (let task = next(until); task !== undefined; task = next(until)) {
        tasks.delete(task);
        now = Math.max(now, task.at);
        task.run();
        await settled();
      }
      now = until;
    },
  };
}
