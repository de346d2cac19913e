import type { SenderClock } from "./contract.ts";

/** The clocks of this process; timers do not keep it alive. */
export const systemClock: SenderClock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
