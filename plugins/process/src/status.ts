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

/** What a process says about itself with each heartbeat. */
export interface Vitals {
  /** Delay of its event loop since the last one: 99 of 100 turns were no later, and the latest. */
  readonly loopDelayMs: { readonly p99: number; readonly max: number };
  /** Share of the time in which its event loop had work, 0 to 1. */
  readonly utilization: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** HTTP requests since its start: answered, answered with 500 or above, and those that are open now. */
  readonly requests: number;
  readonly errors: number;
  readonly openRequests: number;
  /** Errors that nobody caught, since its start. */
  readonly uncaught: number;
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
  /** Restarts by what had led to them. */
  readonly causes: Readonly<Partial<Record<ExitCause, number>>>;
  /** Number of the latest start, from 1; 0 before the first. */
  readonly epoch: number;
  /** Number of the definition that it was started with; see {@link MasterStatus.version}. */
  readonly version: number;
  /** Since the present process was started; 0 when none runs. */
  readonly uptimeMs: number;
  /** Resident memory; absent where the system does not tell. */
  readonly rssBytes?: number;
  /** Processors it has used lately, 1 is one of them; absent where the system does not tell. */
  readonly cpu?: number;
  readonly lastExit?: ExitStatus;
  /** What the latest heartbeat said. */
  readonly vitals?: Vitals;
  /** Its heartbeats stay away: it gets no more work. */
  readonly silent?: true;
  /** A process that is to take its place and is not ready yet. */
  readonly successor?: { readonly pid?: number; readonly state: InstanceState };
  /** Processes that it has taken the place of, and that finish what they have. */
  readonly leaving?: readonly number[];
}

/** A change of state of one instance. */
export type ProcessChange = ProcessStatus & { readonly previous: InstanceState };

/** `degraded`: it runs, but not every process is ready. */
export type MasterState = "starting" | "running" | "degraded" | "stopping" | "stopped";

/** What a master can be asked to do; one at a time. */
export type OperationName =
  | "start"
  | "stop"
  | "restart"
  | "reload"
  | "rollback"
  | "scale"
  | "apply";

/** An operation that is under way. */
export interface OperationStatus {
  readonly name: OperationName;
  /** Processes that it is about. */
  readonly processes: readonly string[];
  /** Who asked, such as `cli.0 (uid 1000)`. */
  readonly by: string;
  /** In milliseconds since 1970. */
  readonly since: number;
}

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
  /** Number of the definition in force: 1 at the start, and one more with each that a reload or apply brings. */
  readonly version: number;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly operation?: OperationStatus;
  /** The master itself first, then in start order. */
  readonly processes: readonly ProcessStatus[];
}
