import type { AppDefinition } from "../config/types.ts";
import type { ProcessStatus } from "../status.ts";

/** How a reload goes about it. */
export interface ReloadOptions {
  /** Names of processes. @default all */
  readonly processes?: readonly string[];
  /** Try it with some processes beside the old ones first. */
  readonly canary?: CanaryOptions;
  /**
   * Whether the configuration is read again. With `false` the processes are replaced as they are defined now.
   * @default true
   */
  readonly reread?: boolean;
}

/** A trial before everybody is replaced. Nobody old leaves until it is over. */
export interface CanaryOptions {
  /** How many new processes of each kind. @default 1 */
  readonly count?: number;
  /** How long they are watched, in milliseconds. @default 30000 */
  readonly forMs?: number;
  /** Share of their requests that may fail (status 500 and above), from 0 to 1. @default 0.01 */
  readonly maxErrors?: number;
}

/** What a reload or rollback has come to. */
export interface ReloadResult {
  /** Number of the definition that is in force now. */
  readonly version: number;
  readonly replaced: readonly Replacement[];
  readonly tookMs: number;
  /** Processes of the configuration that was read which are new, gone, or scaled otherwise: `apply` sees to them. */
  readonly notApplied: readonly string[];
}

/** One process that has taken the place of another. */
export interface Replacement {
  readonly process: string;
  readonly index: number;
  readonly oldPid: number | undefined;
  readonly newPid: number;
}

/** How many instances there were and are, by process. */
export interface ScaleResult {
  readonly scale: Readonly<Record<string, { readonly from: number; readonly to: number }>>;
}

/** One difference between what runs and what the file says. */
export type PlanStep =
  | { readonly action: "add"; readonly process: string; readonly scale: number }
  | { readonly action: "remove"; readonly process: string; readonly scale: number }
  | {
      readonly action: "scale";
      readonly process: string;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly action: "change";
      readonly process: string;
      /** The keys that differ. Values are not told: they may be secrets. */
      readonly keys: readonly string[];
    };

/** What `apply` would do, or has done. */
export interface ApplyPlan {
  readonly steps: readonly PlanStep[];
  /** False with `dryRun`, and when there was nothing to do. */
  readonly applied: boolean;
  /** Changes that only a new master brings: `plugins`, `survive`, `hub`, `name`. */
  readonly needsRestart: readonly string[];
  readonly version: number;
}

/** What can be had of a running Node process. */
export type DiagnosisKind = "cpu-profile" | "heap-snapshot" | "report" | "gc";

/** Everything about one instance. Values of variables that look like secrets are blanked. */
export interface ProcessDetails {
  readonly app: string;
  readonly status: ProcessStatus;
  readonly entry?: string;
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** How it is supervised; times in milliseconds. */
  readonly policy: Readonly<Record<string, unknown>>;
  readonly ports: readonly { readonly address: string; readonly port: number }[];
  readonly lastLines: readonly string[];
  /** Definitions that `rollback` knows, newest first. */
  readonly versions: readonly {
    readonly version: number;
    readonly at: number;
    readonly good: boolean;
  }[];
}

/** Gives the application's definition as it is in its file now. */
export type Reread = () => Promise<AppDefinition>;
