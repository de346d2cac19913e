import type { AppDefinition } from "../config/types.ts";
import type { Pool } from "../family/pool.ts";
import type { MasterState, MasterStatus, OperationStatus, ProcessStatus } from "../status.ts";
import type { UsageSampler } from "../watch/usage.ts";

/** The part of its life that a master is in. */
export type Phase = "new" | "starting" | "running" | "stopping" | "stopped";

/** What a report is made from. */
export interface ReportSource {
  readonly app: AppDefinition;
  readonly version: number;
  readonly phase: Phase;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly uptimeMs: number;
  readonly operation: OperationStatus | undefined;
  readonly pools: readonly Pool[];
  readonly usage: UsageSampler;
}

/** The application as its master sees it now. */
export function report(source: ReportSource): MasterStatus {
  const processes = withUsage(source);
  const { app, version, phase, operation } = source;
  const master: ProcessStatus = {
    name: "master",
    role: "master",
    index: 0,
    pid: process.pid,
    state: OWN_STATE[phase],
    restarts: 0,
    causes: {},
    epoch: 1,
    version,
    uptimeMs: source.uptimeMs,
    rssBytes: process.memoryUsage.rss(),
  };
  return {
    app: app.name,
    pid: process.pid,
    dir: app.dir,
    file: app.file,
    state: stateOf(phase, processes),
    version,
    startedAt: source.startedAt,
    ...(operation !== undefined && { operation }),
    processes: [master, ...processes],
  };
}

function withUsage({ pools, usage }: ReportSource): ProcessStatus[] {
  const processes = pools.flatMap((pool) => pool.status());
  const pids = processes.flatMap(({ pid }) => pid ?? []);
  const usages = usage.sampleNow(pids);
  return processes.map((one) => ({ ...one, ...usages.get(one.pid ?? 0) }));
}

const OWN_STATE = {
  new: "waiting",
  starting: "starting",
  running: "ready",
  stopping: "stopping",
  stopped: "stopped",
} as const;

function stateOf(phase: Phase, processes: readonly ProcessStatus[]): MasterState {
  if (phase === "new") return "starting";
  if (phase !== "running") return phase;
  return processes.every((one) => one.state === "ready" && one.silent !== true)
    ? "running"
    : "degraded";
}
