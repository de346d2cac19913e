// The only file of the command line that knows plugins: what most people want, picked for them.
import type { Event, Request } from "@elpis/api";

export {
  acceptsLine,
  type DecodedLine,
  encodeText,
  filesOfProcess,
  followLines,
  LEVELS,
  type Level,
  type LineFilter,
  LogFile,
  type LogPosition,
  type LogsTopics,
  parseSince,
  readLines,
  readPlace,
} from "@elpis/logs/files";
export type { MetricsTopics } from "@elpis/metrics";
export {
  type AgentConfig,
  type AppConfig,
  type AppDefinition,
  type ApplyPlan,
  type CanaryOptions,
  type ControlTopics,
  createMaster,
  type DiagnosisKind,
  defineConfig,
  type Explanation,
  endSurvivors,
  explainConfig,
  findSurvivors,
  type LoadOptions,
  loadConfig,
  type Master,
  type MasterStatus,
  type OutputLine,
  type PlanStep,
  type ProcessChange,
  type ProcessConfig,
  type ProcessDetails,
  type ProcessStatus,
  type ReloadResult,
} from "@elpis/process";
export type { RunRecord, TaskStatus, TaskTopics } from "@elpis/schedule";

/**
 * What plugins answer that an application may have picked, as far as it is shown here: `@elpis/health` and `@elpis/admin`
 * are not installed with the command line.
 */
export interface PickedTopics {
  readonly "elpis.health": Request<Record<string, never>, HealthReport>;
  readonly "elpis.errors": Request<Readonly<Record<string, string>>, ErrorAnswer>;
  readonly "elpis.error": Event<ErrorItem>;
}

/** How an application is, as `@elpis/health` says. */
export interface HealthReport {
  readonly status: "up" | "down";
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly indicators: ReadonlyArray<{
    readonly name: string;
    readonly critical: boolean;
    readonly probes: readonly string[];
    readonly processes: ReadonlyArray<{
      readonly process: string;
      readonly status: string;
      readonly message?: string;
      readonly tookMs?: number;
    }>;
  }>;
}

/** Errors, as `@elpis/admin` has them. */
interface ErrorAnswer {
  readonly count: number;
  readonly total: number;
  readonly absent: readonly string[];
  readonly items: readonly ErrorItem[];
}

/** One error of one process. */
export interface ErrorItem {
  readonly time: number;
  readonly seq: number;
  readonly process: string;
  readonly index: number;
  readonly pid: number;
  readonly origin: string;
  readonly errType: string;
  readonly message: string;
  readonly stack: string;
  readonly traceId?: string;
}
