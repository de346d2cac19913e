import { type AppRecord, appStatus, pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { readDuration } from "../../duration.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { MetricsOptions } from "../../options.ts";
import { printJson, printTable } from "../../output/report.ts";
import { type Column, formatBytes, formatShare } from "../../output/table.ts";
import type { ProcessStatus } from "../../preset.ts";
import { pauseFor, untilLeft } from "../../until-signal.ts";
import { formatDelay } from "./health.ts";
import { printGroup, printGroups, printHeading } from "./metrics-groups.ts";

const COLUMNS: readonly Column[] = [
  { title: "process" },
  { title: "state", priority: 3, min: 6 },
  { title: "cpu", align: "right", priority: 8 },
  { title: "memory", align: "right", priority: 8 },
  { title: "heap", align: "right", priority: 5 },
  { title: "loop p99", align: "right", priority: 6 },
  { title: "loop max", align: "right", priority: 2 },
  { title: "busy", align: "right", priority: 4 },
  { title: "requests", align: "right", priority: 7 },
  { title: "errors", align: "right", priority: 7 },
  { title: "open", align: "right", priority: 4 },
  { title: "restarts", align: "right", priority: 1 },
];

/** Prints the numbers of every process of an app; with `watch` again and again. */
export async function metrics(
  context: CliContext,
  options: MetricsOptions,
  named?: string,
): Promise<number> {
  const pauseMs = readDuration("--interval", options.interval ?? "2s");
  const app = await pickApp(context, options, named);
  if (options.watch !== true) {
    await print(context, options, app);
    return EXIT_CODES.ok.code;
  }
  const left = untilLeft(context);
  try {
    while (!left.signal.aborted) {
      await print(context, options, app);
      await pauseFor(pauseMs, left.signal);
    }
  } finally {
    left.off();
  }
  return EXIT_CODES.ok.code;
}

async function print(context: CliContext, options: MetricsOptions, app: AppRecord): Promise<void> {
  if (options.groups === true) return printGroups(context, options, app.name);
  if (options.group !== undefined) return printGroup(context, options, app.name, options.group);
  const { processes } = await appStatus(app.name, options.timeoutMs);
  if (options.json === true) {
    printJson(context, { app: app.name, time: Date.now(), processes: processes.map(shape) });
    return;
  }
  printHeading(context, options, app.name);
  printTable(context, COLUMNS, processes.map(row));
}

function shape(one: ProcessStatus): Record<string, unknown> {
  const { name, index, pid, state, restarts, cpu, rssBytes, vitals } = one;
  return {
    ...{ name, index, state, restarts },
    ...(pid !== undefined && { pid }),
    ...(cpu !== undefined && { cpu }),
    ...(rssBytes !== undefined && { rssBytes }),
    ...vitals,
  };
}

function row(one: ProcessStatus): string[] {
  const { vitals } = one;
  return [
    `${one.name}.${one.index}`,
    one.state,
    formatShare(one.cpu),
    formatBytes(one.rssBytes),
    formatBytes(vitals?.heapUsedBytes),
    formatDelay(vitals?.loopDelayMs.p99),
    formatDelay(vitals?.loopDelayMs.max),
    formatShare(vitals?.utilization),
    count(vitals?.requests),
    count(vitals?.errors),
    count(vitals?.openRequests),
    String(one.restarts),
  ];
}

function count(value: number | undefined): string {
  return value === undefined ? "-" : String(value);
}
