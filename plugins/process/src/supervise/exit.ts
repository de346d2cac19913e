/** Why a process ended, or is to be replaced. */
export type ExitCause =
  /** It ended by itself. */
  | "exit"
  /** By a signal that the master had not sent. */
  | "signal"
  /** A stop, restart, reload or scaling that somebody asked for. */
  | "asked"
  | "not-ready"
  | "spawn-error"
  | "out-of-memory"
  /** Its event loop did not turn, or its probe failed. */
  | "hung"
  | "probe"
  /** An error that nobody caught. */
  | "uncaught"
  | "memory-limit"
  | "max-age"
  | "max-requests"
  | "cron"
  /** Another process of its group had died. */
  | "group";

/** How a process ended, as the edge saw it. */
export interface ExitFacts {
  readonly code: number | null;
  readonly signal: string | null;
  /** It could not be started at all; what the system said. */
  readonly spawnError?: string;
  /** Node said that the heap is exhausted. */
  readonly heapExhausted?: boolean;
  /** It had said that there was an error that nobody caught. */
  readonly uncaught?: boolean;
}

/** The cause of an exit that nobody asked for. */
export function causeOf(facts: ExitFacts): ExitCause {
  if (facts.spawnError !== undefined) return "spawn-error";
  const aborted = facts.signal === "SIGABRT" || facts.code === 134;
  if (aborted && facts.heapExhausted === true) return "out-of-memory";
  if (facts.uncaught === true) return "uncaught";
  return facts.signal === null ? "exit" : "signal";
}

/** An exit for a person to read: `exit code 1`. */
export function describeExit(facts: ExitFacts, cause: ExitCause): string {
  if (cause === "spawn-error") return `could not be started (${facts.spawnError ?? "unknown"})`;
  if (facts.signal === null && facts.code === null) {
    const unknown = "how is not known, as another master had started it";
    return cause === "exit" ? unknown : `${CAUSES[cause] ?? cause}, ${unknown}`;
  }
  const how =
    facts.signal === null ? `exit code ${facts.code ?? "unknown"}` : `signal ${facts.signal}`;
  return cause === "exit" || cause === "signal" ? how : `${describeCause(cause)}, ${how}`;
}

/** A cause for a person to read. */
export function describeCause(cause: ExitCause): string {
  return CAUSES[cause] ?? cause;
}

const CAUSES: Partial<Record<ExitCause, string>> = {
  "out-of-memory": "out of memory",
  hung: "hung",
  probe: "its probe failed",
  uncaught: "an error that nobody caught",
  "memory-limit": "over its memory limit",
  "max-age": "as old as it may get",
  "max-requests": "as many requests as it may answer",
  group: "another process of its group had died",
};
