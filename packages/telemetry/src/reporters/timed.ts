import type { SenderClock } from "../delta/contract.ts";

/** Runs a task that is to heed a signal, and does not wait longer for it than it may take, whether it heeds it or not. */
export async function timed<Value>(
  clock: SenderClock,
  timeoutMs: number,
  late: () => Error,
  task: (signal: AbortSignal) => Value | Promise<Value>,
): Promise<Value> {
  const controller = new AbortController();
  let off = (): void => {};
  const timeout = new Promise<never>((_, reject) => {
    off = clock.after(timeoutMs, () => {
      const error = late();
      controller.abort(error);
      reject(error);
    });
  });
  try {
    // A task that throws at once fails like one that fails later.
    const run = (async () => task(controller.signal))();
    run.catch(() => {});
    return await Promise.race([run, timeout]);
  } finally {
    off();
  }
}
