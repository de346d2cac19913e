import { timeUp } from "./failures.ts";

/**
 * Runs a task for as long as the call lasts, and no longer than `ms`. The signal that the task is given is aborted when it is over,
 * so that nothing of it goes on. Everything is held by the timer: what `AbortSignal.any` makes may be collected while it is waited for.
 *
 * @throws a `TimeoutError` when the time is up, whether the task heeds its signal or not
 */
export async function within<Result>(
  ms: number,
  signal: AbortSignal,
  task: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  let abort = (): void => {};
  const late = new Promise<never>((_, reject) => {
    abort = () => {
      reject(timeUp());
      over.abort();
    };
  });
  const timer = setTimeout(abort, ms);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([task(over.signal), late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    over.abort();
  }
}
