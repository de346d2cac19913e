import type { SenderClock } from "../delta/contract.ts";

/**
 * Runs a task that is to heed a signal, and does not wait longer for it than it may take, whether it heeds it or not.
 *
 * @param controller gives the signal; whoever has it can end the waiting as well
 */
export async function timed<Value>(
  clock: SenderClock,
  timeoutMs: number,
  late: () => Error,
  task: (signal: AbortSignal) => Value | Promise<Value>,
  controller: AbortController = new AbortController(),
): Promise<Value> {
  const { signal } = controller;
  const off = clock.after(timeoutMs, () => controller.abort(late()));
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    // A task that throws at once fails like one that fails later.
    const run = (async () => task(signal))();
    run.catch(() => {});
    return await Promise.race([run, over]);
  } finally {
    off();
  }
}
