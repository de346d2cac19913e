import type { EventEmitter } from "node:events";
import type { Logger } from "@elpis/api";
import type { Hub } from "@elpis/core";
import type { OutputLine } from "../child/output.ts";
import type { AppConfig, AppDefinition } from "../config/types.ts";
import type { Meant } from "../control.ts";
import type {
  ApplyPlan,
  DiagnosisKind,
  ProcessDetails,
  ReloadOptions,
  ReloadResult,
  Reread,
  ScaleResult,
} from "../operations/types.ts";
import type { MasterStatus, OperationStatus, ProcessChange } from "../status.ts";

/** What a master is made from. */
export interface MasterOptions {
  /** What `loadConfig` or `resolveConfig` gave, or a configuration whose paths are relative to the working directory. */
  readonly config: AppDefinition | AppConfig;
  /** Private runtime directory of the application. @default `runtimeDir(name)` of `@elpis/core` */
  readonly dir?: string;
  /** What `reload` and `apply` read the configuration anew with. @default what `config` was is kept */
  readonly reread?: Reread;
  /**
   * Called for each line that a process writes. While a promise that it returned is pending, that stream of that
   * process is not read: a slow sink slows down who writes, and loses nothing. What is left of a process that has
   * ended is handed over all the same. @default dropped
   */
  readonly output?: (line: OutputLine) => unknown;
  /**
   * Whether what processes print goes to whoever has started this: then `output` gets all of it, and no plugin is asked
   * to keep it. @default false
   */
  readonly foreground?: boolean;
  /** @default text on stderr */
  readonly log?: Logger;
}

/** What {@link Master.events} tells, by name. */
export interface MasterEvents {
  /** The state of an instance has changed. */
  process: [change: ProcessChange];
  /** An operation has begun. */
  operation: [operation: OperationStatus];
  /** It is over; `error` is why it failed. */
  operationEnded: [operation: OperationStatus, error: Error | undefined];
}

/** Who asks for an operation, and what is to be done when another one is under way. */
export interface OperationOptions {
  /** For the audit trail. @default "program" */
  readonly by?: string;
  /** Wait for it, instead of being refused. @default false */
  readonly queue?: boolean;
}

/**
 * Runs and supervises the processes of one application. One operation at a time: another one is refused with
 * ELPIS_PROCESS_BUSY, or waits with `queue`. A stop of everything goes before all others. All of them throw
 * ELPIS_PROCESS_MASTER_STATE when the master does not run, ELPIS_PROCESS_STOPPED when a stop comes between, and
 * ELPIS_PROCESS_UNKNOWN for a name that the application does not have.
 */
export interface Master {
  /** The application's hub. @throws ELPIS_PROCESS_MASTER_STATE before `start()` has opened it */
  readonly hub: Hub;
  readonly events: EventEmitter<MasterEvents>;
  /** Resolves when every process is gone and the hub is closed. */
  readonly closed: Promise<void>;
  /**
   * Starts every process in order, each when the one before is ready; resolves when all are. When one does not get
   * ready, those that had started are stopped.
   *
   * @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_STOPPED, ELPIS_PROCESS_MASTER_STATE, and what the hub could not do
   */
  start(): Promise<void>;
  /**
   * Stops every process in reverse order, each within its `stopTimeout`, and closes the hub. With `now` all are killed
   * at once, also when a stop is under way.
   */
  stop(options?: { readonly now?: boolean }): Promise<void>;
  /** Starts processes that are stopped or have failed. @throws ELPIS_PROCESS_NOT_READY */
  startProcesses(options: Meant & OperationOptions): Promise<void>;
  /** Stops processes; the application and its hub go on. */
  stopProcesses(options: Meant & OperationOptions & { readonly now?: boolean }): Promise<void>;
  /**
   * Stops and starts a process, or all of them one after another. One that does not get ready stays `failed`; the
   * others are restarted all the same.
   *
   * @throws ELPIS_PROCESS_NOT_READY
   */
  restart(options?: string | (Meant & OperationOptions)): Promise<void>;
  /**
   * Replaces processes one after another without losing a request: each old one leaves when a new one is ready. When a
   * new one does not get ready, or a canary fails, the old ones stay, or come back.
   *
   * @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_CANARY_FAILED, ELPIS_CONFIG_…
   */
  reload(options?: ReloadOptions & OperationOptions): Promise<ReloadResult>;
  /** Reloads with the definition before the present one. @throws ELPIS_PROCESS_NO_VERSION, and as `reload` */
  rollback(options?: Meant & OperationOptions): Promise<ReloadResult>;
  /** Changes how many instances there are: a number, or `"+2"`, `"-1"`. @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_SCALE */
  scale(
    scale: Readonly<Record<string, number | string>>,
    options?: OperationOptions,
  ): Promise<ScaleResult>;
  /** Makes what runs what the configuration says; with `dryRun` only tells. @throws as `reload` */
  apply(options?: OperationOptions & { readonly dryRun?: boolean }): Promise<ApplyPlan>;
  status(): MasterStatus;
  /** Everything about one instance, such as `web.0`; `web` is its first. */
  show(process: string): ProcessDetails;
  /** Sends a signal to processes; returns their pids. @throws ELPIS_PROCESS_SIGNAL for an unknown signal */
  signal(processes: readonly string[], signal: string): readonly number[];
  /** Opens the inspector of a process. @throws ELPIS_PROCESS_DIAGNOSIS */
  inspect(process: string): Promise<{ readonly pid: number; readonly url: string }>;
  /** @throws ELPIS_PROCESS_DIAGNOSIS */
  diagnose(
    process: string,
    kind: DiagnosisKind,
    options?: { readonly dir?: string; readonly durationMs?: number },
  ): Promise<{ readonly pid: number; readonly file?: string; readonly freedBytes?: number }>;
}
