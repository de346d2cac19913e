import type { Logger } from "@elpis/api";

/** What an operation has of the master that carries it out. */
export interface OperationContext {
  readonly log: Logger;
  /** Aborted when a stop of the application begins: nothing more is started then. */
  readonly stopping: AbortSignal;
  /** Whether the stop is one at once. */
  readonly isNow: () => boolean;
}
