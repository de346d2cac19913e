/** Why a process ended. */
export type ExitCause = "exit" | "signal" | "asked" | "not-ready" | "spawn-error" | "out-of-memory";

/** How a process ended, as the edge saw it. */
export interface ExitFacts {
  readonly code: number | null;
  readonly signal: string | null;
  /** It could not be started at all; what the system said. */
  readonly spawnError?: string;
  /** Node said that the heap is exhausted. */
  readonly heapExhausted?: boolean;
}

/** The cause of an exit that nobody asked for. */
export function causeOf(facts: ExitFacts): ExitCause {
  if (facts.spawnError !== undefined) return "spawn-error";
  const aborted = facts.signal === "SIGABRT" || facts.code === 134;
  if (aborted && facts.heapExhausted === true) return "out-of-memory";
  return facts.signal === null ? "exit" : "signal";
}

/** An exit for a person to read: `exit code 1`. */
export function describeExit(facts: ExitFacts, cause: ExitCause): string {
  if (cause === "spawn-error") return `could not be started (${facts.spawnError ?? "unknown"})`;
  const how =
    facts.signal === null ? `exit code ${facts.code ?? "unknown"}` : `signal ${facts.signal}`;
  return cause === "out-of-memory" ? `out of memory, ${how}` : how;
}
