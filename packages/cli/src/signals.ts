import type { CliContext } from "./context.ts";

/** What the user asked for by signals: nothing yet, a graceful stop, or to end at once. */
export type StopWish = "none" | "graceful" | "now";

/**
 * `npx` and `npm run` pass on the Ctrl-C that the terminal has sent to their child already, so that one key press comes
 * twice. The same signal within this time is the same wish.
 */
const ECHO_MS = 250;

/** Decides what a signal means. Pure: the clock is given. */
export function nextWish(
  wish: StopWish,
  signal: string,
  last: { readonly signal: string; readonly at: number } | undefined,
  now: number,
): StopWish {
  if (wish === "none") return "graceful";
  if (last !== undefined && last.signal === signal && now - last.at < ECHO_MS) return wish;
  return "now";
}

/** Follows the signals of a command that runs in the foreground. */
export interface StopSignals {
  readonly wish: StopWish;
  off(): void;
}

/** Calls `onWish` each time the wish changes. */
export function watchSignals(
  context: CliContext,
  onWish: (wish: StopWish, signal: string) => void,
): StopSignals {
  let wish: StopWish = "none";
  let last: { signal: string; at: number } | undefined;
  const off = context.onSignal((signal) => {
    const next = nextWish(wish, signal, last, performance.now());
    if (last?.signal !== signal || next !== wish) last = { signal, at: performance.now() };
    if (next === wish) return;
    wish = next;
    onWish(wish, signal);
  });
  return {
    get wish() {
      return wish;
    },
    off,
  };
}
