import type { BoundCounter } from "@elpis/telemetry";

/**
 * Counts the errors of this process that nobody caught. They are told all the same, and end it or not, as without this.
 *
 * @returns what ends it
 */
export function watchErrors(errors: BoundCounter): () => void {
  const count = (): void => errors.add(1);
  process.on("uncaughtExceptionMonitor", count);
  return () => process.off("uncaughtExceptionMonitor", count);
}
