import { hasCode } from "@elpis/api";
import { type AppRecord, appStatus, findApps } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { formatDuration } from "../../duration.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printJson, printTable } from "../../output/report.ts";
import { groupByName, type ProcessGroup } from "../../output/summary.ts";
import { type Column, formatBytes, formatShare } from "../../output/table.ts";
import type { MasterStatus } from "../../preset.ts";

/**
 * An app that cannot be asked. `dead`: its master is gone and left its files; `orphaned`: its master is gone, and its
 * processes serve on until another one takes them over (`elpis start`) or ends them (`elpis stop`); `unreachable`: the process is there and
 * does not answer; `hub`: a hub without a master, as a program of one's own may host it.
 */
export interface SilentApp {
  readonly app: string;
  readonly pid: number;
  readonly dir: string;
  readonly state: "dead" | "orphaned" | "unreachable" | "hub";
  /** Of processes that are `orphaned`. */
  readonly pids?: readonly number[];
  readonly processes: readonly never[];
}

const COLUMNS: readonly Column[] = [
  { title: "app", priority: 8, min: 8 },
  { title: "process" },
  { title: "role", priority: 1 },
  { title: "ready", align: "right" },
  { title: "pids", priority: 3, min: 8, wrap: true },
  { title: "state", priority: 7, min: 8, wrap: true },
  { title: "restarts", align: "right", priority: 5 },
  { title: "uptime", align: "right", priority: 4 },
  { title: "cpu", align: "right", priority: 2 },
  { title: "memory", align: "right", priority: 6 },
];

/** Shows every app of this user, one row for each kind of process. */
export async function list(context: CliContext, options: CommonOptions): Promise<number> {
  const found = await findApps();
  const apps = await Promise.all(found.map((app) => describe(app, options.timeoutMs ?? 2000)));
  if (options.json === true) printJson(context, { apps });
  else if (apps.length === 0) context.stdout.line("no app is running; start one with: elpis start");
  else printTable(context, COLUMNS, apps.flatMap(rows));
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
  if (!app.alive) {
    // Loaded only where somebody may be left: it takes longer than all the rest of this command.
    const { findSurvivors } = await import("../../preset.ts");
    const survivors = findSurvivors(name);
    if (survivors === undefined) return silent("dead");
    return { ...silent("orphaned"), pids: survivors.units.map((unit) => unit.pid) };
  }
  try {
    return await appStatus(name, timeoutMs);
  } catch (error) {
    return silent(hasCode(error, "ELPIS_HUB_NO_RESPONDER") ? "hub" : "unreachable");
  }
}

function rows(status: MasterStatus | SilentApp): string[][] {
  if (status.processes.length === 0) {
    const none = ["-", "-", "-", "-"];
    const { pids = [status.pid] } = status as SilentApp;
    return [[status.app, "master", "master", "-", pids.join(","), status.state, ...none]];
  }
  const app = status as MasterStatus;
  return groupByName(app.processes).map((group) => groupRow(app, group));
}

function groupRow(app: MasterStatus, group: ProcessGroup): string[] {
  const { name, role, all } = group;
  const ready = all.filter((one) => one.state === "ready").length;
  const pids = all.flatMap((one) => (one.pid === undefined ? [] : [one.pid]));
  return [
    app.app,
    name,
    role,
    `${ready}/${all.length}`,
    pids.join(",") || "-",
    role === "master" ? appState(app) : groupState(all),
    String(all.reduce((sum, one) => sum + one.restarts, 0)),
    pids.length === 0 ? "-" : formatDuration(Math.max(...all.map((one) => one.uptimeMs))),
    formatShare(sum(all.map((one) => one.cpu))),
    formatBytes(sum(all.map((one) => one.rssBytes))),
  ];
}

function appState({ state, operation }: MasterStatus): string {
  return operation === undefined ? state : `${state}, ${operation.name} by ${operation.by}`;
}

function groupState(all: ProcessGroup["all"]): string {
  const states = all.map((one) => (one.silent === true ? "silent" : one.state));
  return [...new Set(states)].join(",");
}

function sum(values: ReadonlyArray<number | undefined>): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((all, value) => all + value, 0);
}
