import { appStatus, pickApp } from "../apps.ts";
import type { CliContext } from "../context.ts";
import { formatDuration } from "../duration.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import type { CommonOptions } from "../options.ts";
import { printJson } from "../output/report.ts";
import { formatBytes, formatTable } from "../output/table.ts";
import { residentBytes } from "../pids.ts";
import type { ProcessStatus } from "../preset.ts";

const COLUMNS = [
  { title: "pid", align: "right" },
  { title: "process" },
  { title: "role" },
  { title: "state" },
  { title: "uptime", align: "right" },
  { title: "memory", align: "right" },
  { title: "restarts", align: "right" },
] as const;

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
  else for (const line of formatTable(COLUMNS, processes.map(row))) context.stdout.line(line);
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
    one.state,
    one.pid === undefined ? "-" : formatDuration(one.uptimeMs),
    formatBytes(one.rssBytes),
    String(one.restarts),
  ];
}
