import { appStatus, pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { paint } from "../../output/color.ts";
import { printJson, printTable, say } from "../../output/report.ts";
import { type Column, formatShare } from "../../output/table.ts";
import { askPicked } from "../../picked.ts";
import type { HealthReport, MasterStatus, ProcessStatus } from "../../preset.ts";
import { stateText } from "./ps.ts";

const COLUMNS: readonly Column[] = [
  { title: "process" },
  { title: "well" },
  { title: "state", priority: 8, min: 10, wrap: true },
  { title: "restarts", priority: 7, min: 10, wrap: true },
  { title: "loop p99", align: "right", priority: 5 },
  { title: "loop max", align: "right", priority: 3 },
  { title: "busy", align: "right", priority: 4 },
  { title: "uncaught", align: "right", priority: 2 },
];

const INDICATOR_COLUMNS: readonly Column[] = [
  { title: "indicator" },
  { title: "process" },
  { title: "well" },
  { title: "for", priority: 4 },
  { title: "took", align: "right", priority: 3 },
  { title: "why", priority: 8, min: 10, wrap: true },
];

/** Says how every process of an app is. Ends with 0 only when all of it is well. */
export async function health(
  context: CliContext,
  options: CommonOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const status = await appStatus(app.name, options.timeoutMs);
  const report = await reportOf(app.name, options.timeoutMs);
  const isHealthy =
    status.state === "running" && status.processes.every(isWell) && report?.status !== "down";
  if (options.json === true) {
    const processes = status.processes.map(shape);
    const { app: name, state } = status;
    printJson(context, { app: name, state, healthy: isHealthy, processes, ...report });
  } else {
    const { color } = context.stdout;
    printTable(
      context,
      COLUMNS,
      status.processes.map((one) => row(one)),
    );
    if (report !== undefined) printTable(context, INDICATOR_COLUMNS, indicatorRows(report));
    const text = isHealthy ? "is well" : `is not well: ${whyNot(status, report)}`;
    say(context, paint(`${status.app} ${text}`, isHealthy ? "green" : "red", color));
  }
  return (isHealthy ? EXIT_CODES.ok : EXIT_CODES.unhealthy).code;
}

/** Whether a process does what it is there for. */
function isWell(one: ProcessStatus): boolean {
  return one.state === "ready" && one.silent !== true;
}

/** Undefined: the application has not picked the plugin. One that does not answer is not well. */
async function reportOf(app: string, timeoutMs = 5000): Promise<HealthReport | undefined> {
  try {
    return await askPicked(app, timeoutMs, (client, call) =>
      client.request("elpis.health", {}, call),
    );
  } catch (error) {
    const reasons = [`its agent does not say how it is: ${(error as Error).message}`];
    return { status: "down", reasons, warnings: [], indicators: [] };
  }
}

function indicatorRows({ indicators }: HealthReport): string[][] {
  return indicators.flatMap(({ name, critical, probes, processes }) =>
    processes.map(({ process, status, message, tookMs }) => [
      ...[name, process, status === "up" ? "yes" : critical ? "NO" : "no", probes.join(" ")],
      ...[formatDelay(tookMs), message ?? "-"],
    ]),
  );
}

function whyNot(status: MasterStatus, report: HealthReport | undefined): string {
  const ill = status.processes.filter((one) => !isWell(one) && one.role !== "master");
  const names = ill.map((one) => `${one.name}.${one.index} is ${stateText(one)}`);
  const reasons = report?.reasons.filter((reason) => !names.some((name) => reason === name)) ?? [];
  return [`it is ${status.state}`, ...names, ...reasons].join("; ");
}

function shape(one: ProcessStatus): Record<string, unknown> {
  const { name, index, role, pid, state, restarts, causes, silent, lastExit, vitals } = one;
  return {
    ...{ name, index, role, well: isWell(one), state, silent: silent === true, restarts, causes },
    ...(pid !== undefined && { pid }),
    ...(lastExit !== undefined && { lastExit }),
    ...(vitals !== undefined && {
      loopDelayMs: vitals.loopDelayMs,
      utilization: vitals.utilization,
      uncaught: vitals.uncaught,
    }),
  };
}

function row(one: ProcessStatus): string[] {
  const { vitals } = one;
  return [
    `${one.name}.${one.index}`,
    isWell(one) ? "yes" : "NO",
    stateText(one),
    restartsText(one),
    formatDelay(vitals?.loopDelayMs.p99),
    formatDelay(vitals?.loopDelayMs.max),
    formatShare(vitals?.utilization),
    vitals === undefined ? "-" : String(vitals.uncaught),
  ];
}

/** `3: hung 2, exit 1` */
export function restartsText({ restarts, causes }: ProcessStatus): string {
  const parts = Object.entries(causes).map(([cause, count]) => `${cause} ${count}`);
  return parts.length === 0 ? String(restarts) : `${restarts}: ${parts.join(", ")}`;
}

/** A delay of an event loop: `1.3 ms`; a dash when unknown. */
export function formatDelay(valueMs: number | undefined): string {
  return valueMs === undefined ? "-" : `${valueMs.toFixed(valueMs < 100 ? 1 : 0)} ms`;
}
