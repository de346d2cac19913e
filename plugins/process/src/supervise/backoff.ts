/** The bounds of the pauses between restarts, in milliseconds. */
export interface BackoffBounds {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * The pause before restart number `attempt` (from 0) of a row of failures: it doubles each time up to the longest, and
 * up to half of it is left to chance, so that processes that fell together do not come back together.
 *
 * @param random from 0 up to, not including, 1
 */
export function backoffDelayMs(bounds: BackoffBounds, attempt: number, random: number): number {
  // Beyond 2^40 every pause has met its bound; without this the power would overflow to Infinity, and 0 * Infinity is NaN.
  const doubled = bounds.minDelayMs * 2 ** Math.min(attempt, 40);
  return Math.round(Math.min(bounds.maxDelayMs, doubled) * (0.5 + random / 2));
}
