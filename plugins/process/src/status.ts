import type { ExitCause } from "./supervise/exit.ts";
import type { InstanceState } from "./supervise/types.ts";

export type { ExitCause } from "./supervise/exit.ts";
export type { InstanceState } from "./supervise/types.ts";

/** How the last process of an instance ended. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | null;
  readonly cause: ExitCause;
  /** When, in milliseconds since 1970. */
  readonly at: number;
}

/** One instance of a process. */
export interface ProcessStatus {
  readonly name: string;
  readonly role: "master" | "agent" | "worker";
  readonly index: number;
  /** Absent when none runs. */
  readonly pid?: number;
  readonly state: InstanceState;
  /** Starts beyond the first. */
  readonly restarts: number;
  /** Number of the latest start, from 1; 0 before the first. */
  readonly epoch: number;
  /** Since the present process was started; 0 when none runs. */
  readonly uptimeMs: number;
  /** Resident memory; absent where the system does not tell. */
  readonly rssBytes?: number;
  readonly lastExit?: ExitStatus;
}

/** A change of state of one instance. */
export type ProcessChange = ProcessStatus & { readonly previous: InstanceState };

/** `degraded`: it runs, but not every process is ready. */
export type MasterState = "starting" | "running" | "degraded" | "stopping" | "stopped";

/** An application as its master sees it. */
export interface MasterStatus {
  readonly app: string;
  /** Of the master. */
  readonly pid: number;
  /** The application's directory. */
  readonly dir: string;
  /** The application's configuration. */
  readonly file: string;
  readonly state: MasterState;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** The master itself first, then in start order. */
  readonly processes: readonly ProcessStatus[];
}
