import type { AppDefinition } from "../config/types.ts";
import type { MasterState, MasterStatus, ProcessStatus } from "../status.ts";
import type { Group } from "./groups.ts";
import { residentBytes } from "./memory.ts";

/** The part of its life that a master is in. */
export type Phase = "new" | "starting" | "running" | "stopping" | "stopped";

/** What a report is made from. */
export interface ReportSource {
  readonly app: AppDefinition;
  readonly phase: Phase;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly uptimeMs: number;
  readonly groups: readonly Group[];
}

/** The application as its master sees it now. */
export function report(source: ReportSource): MasterStatus {
  const processes = source.groups.flatMap(({ instances }) => instances.map((one) => one.status()));
  const rssBytes = residentBytes(process.pid);
  const state = stateOf(source.phase, processes);
  const master: ProcessStatus = {
    name: "master",
    role: "master",
    index: 0,
    pid: process.pid,
    state: OWN_STATE[source.phase],
    restarts: 0,
    epoch: 1,
    uptimeMs: source.uptimeMs,
    ...(rssBytes !== undefined && { rssBytes }),
  };
  return {
    app: source.app.name,
    pid: process.pid,
    dir: source.app.dir,
    file: source.app.file,
    state,
    startedAt: source.startedAt,
    processes: [master, ...processes],
  };
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
  return processes.every((one) => one.state === "ready") ? "running" : "degraded";
}
