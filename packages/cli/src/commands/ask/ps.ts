import { appStatus, pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { formatDuration } from "../../duration.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printJson, printTable } from "../../output/report.ts";
import { type Column, formatBytes, formatShare } from "../../output/table.ts";
import { residentBytes } from "../../pids.ts";
import type { ProcessStatus } from "../../preset.ts";

const COLUMNS: readonly Column[] = [
  { title: "pid", align: "right" },
  { title: "process" },
  { title: "role", priority: 1 },
  { title: "state", priority: 8, min: 10, wrap: true },
  { title: "version", align: "right", priority: 2 },
  { title: "uptime", align: "right", priority: 5 },
  { title: "cpu", align: "right", priority: 4 },
  { title: "memory", align: "right", priority: 6 },
  { title: "restarts", align: "right", priority: 7 },
];

/** Shows every process of an app, its master first, with the memory that each one holds. */
export async function ps(
  context: CliContext,
  options: CommonOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const status = await appStatus(app.name, options.timeoutMs);
  const processes = await withMemory(status.processes);
  if (options.json === true) printJson(context, { app: status.app, processes });
  else printTable(context, COLUMNS, processes.map(row));
  return EXIT_CODES.ok.code;
}

async function withMemory(processes: readonly ProcessStatus[]): Promise<ProcessStatus[]> {
  const memory = await residentBytes(
    processes.flatMap((one) => (one.pid === undefined ? [] : [one.pid])),
  );
  return processes.map((one) => {
    const rssBytes = one.pid === undefined ? undefined : (memory.get(one.pid) ?? one.rssBytes);
    return rssBytes === undefined ? one : { ...one, rssBytes };
  });
}

function row(one: ProcessStatus): string[] {
  return [
    one.pid === undefined ? "-" : String(one.pid),
    `${one.name}.${one.index}`,
    one.role,
    stateText(one),
    String(one.version),
    one.pid === undefined ? "-" : formatDuration(one.uptimeMs),
    formatShare(one.cpu),
    formatBytes(one.rssBytes),
    String(one.restarts),
  ];
}

/** The state, and who comes and goes beside it: `ready, next 4243 starting, leaving 4200`. */
export function stateText(one: ProcessStatus): string {
  const { state, silent, successor, leaving = [] } = one;
  return [
    silent === true ? `${state} (silent)` : state,
    ...(successor === undefined ? [] : [`next ${successor.pid ?? "-"} ${successor.state}`]),
    ...(leaving.length === 0 ? [] : [`leaving ${leaving.join(" ")}`]),
  ].join(", ");
}
