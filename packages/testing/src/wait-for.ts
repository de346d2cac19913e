import { waitedInVain } from "./errors.ts";

/** How {@link waitFor} waits. */
export interface WaitForOptions {
  /** What is waited for, as it should stand in the message of a failing test: `"the worker to join"`. */
  readonly what: string;
  /** How long to wait at most, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** How long to wait between two looks, in milliseconds. @default 5 */
  readonly intervalMs?: number;
}

type Falsy = false | 0 | 0n | "" | null | undefined;

/**
 * Waits until `condition` gives something true, and resolves with that. A condition that throws, or rejects, does not
 * hold yet; what it threw last is the `cause` when time is over.
 *
 * @throws ELPIS_TESTING_TIMEOUT when the condition does not hold in time, or never gives an answer
 * @example const [peer] = await waitFor(async () => hub.stats().peers.length > 1 && hub.stats().peers, { what: "a peer" });
 */
export async function waitFor<Value>(
  condition: () => Value | Promise<Value>,
  options: WaitForOptions,
): Promise<Exclude<Value, Falsy>> {
  const { what, timeoutMs = 5000, intervalMs = 5 } = options;
  const look = { over: false, cause: undefined as unknown };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(waitedInVain(what, timeoutMs, look.cause)), timeoutMs);
  });
  try {
    return await Promise.race([poll(condition, intervalMs, look), late]);
  } finally {
    look.over = true;
    clearTimeout(timer);
  }
}

async function poll<Value>(
  condition: () => Value | Promise<Value>,
  intervalMs: number,
  look: { over: boolean; cause: unknown },
): Promise<Exclude<Value, Falsy>> {
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<Value, Falsy>;
      look.cause = undefined;
    } catch (error) {
      look.cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
    // Time is over: nobody looks at the answer, and a timer of ours would outlive the test.
    if (look.over) return new Promise<never>(() => {});
  }
}
