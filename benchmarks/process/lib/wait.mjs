// Waiting, and measuring how long it took.
import { setTimeout as sleep } from "node:timers/promises";

export { sleep };

/** Asks again until the answer is neither undefined nor false; that answer, or undefined when the time is up. */
export async function until(ask, { timeoutMs, everyMs = 20 }) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() >= end) return undefined;
    await sleep(everyMs);
  }
}
