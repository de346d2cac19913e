import type { Event, Request } from "@elpis/api";
import type {
  ApplyPlan,
  DiagnosisKind,
  ProcessDetails,
  ReloadOptions,
  ReloadResult,
  ScaleResult,
} from "./operations/types.ts";
import type { MasterStatus, OperationStatus, ProcessChange, Vitals } from "./status.ts";

/** Asks the master how the application is. */
export const STATUS_TOPIC = "elpis.status";
/** Asks the master to stop the application; answered when all its processes are gone. */
export const STOP_TOPIC = "elpis.stop";
/** The master asks a worker to finish what it has and leave. */
export const DRAIN_TOPIC = "elpis.drain";
/** The master tells whoever listens that the state of an instance has changed. */
export const PROCESS_TOPIC = "elpis.process";
/** The master tells whoever listens that an operation has begun or ended. */
export const OPERATION_TOPIC = "elpis.operation";
/** A worker tells its master that its event loop turns. */
export const HEARTBEAT_TOPIC = "elpis.heartbeat";
/** A worker tells its master that it is in trouble: it wants to be replaced, and to leave after. */
export const TROUBLE_TOPIC = "elpis.trouble";

/** An operation has begun, or is over; `error` is why it failed. */
export type OperationChange = OperationStatus & {
  readonly type: "begun" | "ended";
  readonly error?: string;
};

/** What every operation may say about whoever asks, for the audit trail. */
export interface Asked {
  /** Who asks, for a person. @default the peer's location */
  readonly by?: string;
  /** Wait for the operation that is under way, instead of being refused. @default false */
  readonly queue?: boolean;
}

/** Processes that are meant: `web`, or `web.1` for one instance; none: all. */
export interface Meant {
  readonly processes?: readonly string[];
}

/** What the master of an application answers on its hub. */
export interface ControlTopics {
  readonly "elpis.status": Request<Record<string, never>, MasterStatus>;
  readonly "elpis.stop": Request<Asked & Meant & { readonly now?: boolean }, Record<string, never>>;
  /** Starts processes that are stopped or failed. */
  readonly "elpis.start": Request<Asked & Meant, Record<string, never>>;
  readonly "elpis.restart": Request<Asked & Meant, Record<string, never>>;
  readonly "elpis.reload": Request<Asked & ReloadOptions, ReloadResult>;
  readonly "elpis.rollback": Request<Asked & Meant, ReloadResult>;
  /** By name: a number, or `"+2"`, `"-1"`. */
  readonly "elpis.scale": Request<
    Asked & { readonly scale: Readonly<Record<string, number | string>> },
    ScaleResult
  >;
  readonly "elpis.apply": Request<Asked & { readonly dryRun?: boolean }, ApplyPlan>;
  /** One instance: everything. */
  readonly "elpis.show": Request<{ readonly process: string }, ProcessDetails>;
  readonly "elpis.signal": Request<
    Asked & Required<Meant> & { readonly signal: string },
    { readonly pids: readonly number[] }
  >;
  /** Opens the inspector of a running Node process. */
  readonly "elpis.inspect": Request<
    Asked & { readonly process: string },
    { readonly pid: number; readonly url: string }
  >;
  readonly "elpis.diag": Request<
    Asked & {
      readonly process: string;
      readonly kind: DiagnosisKind;
      /** Folder that the file is written to. @default `diagnostics` in the runtime folder of the application */
      readonly dir?: string;
      /** How long is measured, for a CPU profile. @default 5000 */
      readonly durationMs?: number;
    },
    /** `file` is absent for `gc`. */
    { readonly pid: number; readonly file?: string; readonly freedBytes?: number }
  >;
  readonly "elpis.process": Event<ProcessChange>;
  readonly "elpis.operation": Event<OperationChange>;
}

/** What a worker answers to its master, and tells it. */
export interface WorkerTopics {
  readonly "elpis.drain": Request<{ readonly boundMs: number }, { readonly drained: boolean }>;
  readonly "elpis.heartbeat": Event<Vitals>;
  readonly "elpis.trouble": Request<{ readonly message: string }, { readonly replaced: boolean }>;
}
