import type { Request } from "@elpis/api";
import type { MasterStatus } from "./status.ts";

/** Asks the master how the application is. */
export const STATUS_TOPIC = "elpis.status";
/** Asks the master to stop the application; answered when all its processes are gone. */
export const STOP_TOPIC = "elpis.stop";
/** The master asks a worker to finish what it has and leave. */
export const DRAIN_TOPIC = "elpis.drain";

/** What the master of an application answers on its hub. */
export interface ControlTopics {
  readonly "elpis.status": Request<Record<string, never>, MasterStatus>;
  readonly "elpis.stop": Request<{ readonly now?: boolean }, Record<string, never>>;
}

/** What a worker answers to its master. */
export interface WorkerTopics {
  readonly "elpis.drain": Request<{ readonly boundMs: number }, { readonly drained: boolean }>;
}
