import { hasCode } from "@elpis/api";
import { type AppRecord, appStatus, findApps } from "../apps.ts";
import type { CliContext } from "../context.ts";
import { formatDuration } from "../duration.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import type { CommonOptions } from "../options.ts";
import { printJson } from "../output/report.ts";
import { groupByName, type ProcessGroup } from "../output/summary.ts";
import { formatTable } from "../output/table.ts";
import type { MasterStatus } from "../preset.ts";

/**
 * An app that cannot be asked. `dead`: its master is gone and left its files; `unreachable`: the process is there and
 * does not answer; `hub`: a hub without a master, as a program of one's own may host it.
 */
export interface SilentApp {
  readonly app: string;
  readonly pid: number;
  readonly dir: string;
  readonly state: "dead" | "unreachable" | "hub";
  readonly processes: readonly never[];
}

const COLUMNS = [
  { title: "app" },
  { title: "process" },
  { title: "role" },
  { title: "ready", align: "right" },
  { title: "pids" },
  { title: "state" },
  { title: "restarts", align: "right" },
  { title: "uptime", align: "right" },
] as const;

/** Shows every app of this user, one row for each kind of process. */
export async function list(context: CliContext, options: CommonOptions): Promise<number> {
  const found = await findApps();
  const apps = await Promise.all(found.map((app) => describe(app, options.timeoutMs ?? 2000)));
  if (options.json === true) printJson(context, { apps });
  else if (apps.length === 0) context.stdout.line("no app is running; start one with: elpis start");
  else for (const line of formatTable(COLUMNS, apps.flatMap(rows))) context.stdout.line(line);
  return EXIT_CODES.ok.code;
}

async function describe(app: AppRecord, timeoutMs: number): Promise<MasterStatus | SilentApp> {
  const { name, pid, dir } = app;
  const silent = (state: SilentApp["state"]): SilentApp => ({
    app: name,
    pid,
    dir,
    state,
    processes: [],
  });
  if (!app.alive) return silent("dead");
  try {
    return await appStatus(name, timeoutMs);
  } catch (error) {
    return silent(hasCode(error, "ELPIS_HUB_NO_RESPONDER") ? "hub" : "unreachable");
  }
}

function rows(status: MasterStatus | SilentApp): string[][] {
  if (status.processes.length === 0) {
    return [[status.app, "master", "master", "-", String(status.pid), status.state, "-", "-"]];
  }
  const { app, state } = status as MasterStatus;
  return groupByName(status.processes).map((group) => groupRow(app, state, group));
}

function groupRow(app: string, state: MasterStatus["state"], group: ProcessGroup): string[] {
  const { name, role, all } = group;
  const ready = all.filter((one) => one.state === "ready").length;
  const pids = all.flatMap((one) => (one.pid === undefined ? [] : [one.pid]));
  const states = [...new Set(all.map((one) => one.state))];
  return [
    app,
    name,
    role,
    `${ready}/${all.length}`,
    pids.join(",") || "-",
    role === "master" ? state : states.join(","),
    String(all.reduce((sum, one) => sum + one.restarts, 0)),
    pids.length === 0 ? "-" : formatDuration(Math.max(...all.map((one) => one.uptimeMs))),
  ];
}
