import type { ReporterStatus } from "@elpis/api";
import { pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { formatDuration } from "../../duration.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printable } from "../../output/printable.ts";
import { printJson, printTable, say } from "../../output/report.ts";
import type { Column } from "../../output/table.ts";
import { askMetrics } from "./ask-metrics.ts";

/** A sample may take as long as a backend that is slow. */
const TEST_TIMEOUT_MS = 60_000;
const COLUMNS: readonly Column[] = [
  { title: "reporter" },
  { title: "state" },
  { title: "signals", priority: 4 },
  { title: "every", align: "right", priority: 3 },
  { title: "last success", priority: 8 },
  { title: "sent", align: "right", priority: 7 },
  { title: "waiting", align: "right", priority: 7 },
  { title: "rejected", align: "right", priority: 6 },
  { title: "dropped", align: "right", priority: 6 },
  { title: "last error", priority: 5, min: 16 },
];

/** Shows how the reporters of an app are. */
export async function reporters(
  context: CliContext,
  options: CommonOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const all = await askMetrics(app.name, options, (client, timeoutMs) =>
    client.request("elpis.reporters.list", {}, { timeoutMs }),
  );
  if (options.json === true) printJson(context, { app: app.name, reporters: all });
  else if (all.length === 0) say(context, `${app.name} has no reporters`);
  else printTable(context, COLUMNS, all.map(row));
  return EXIT_CODES.ok.code;
}

/** Sends a sample to one reporter, and says what came of it. */
export async function testReporter(
  context: CliContext,
  options: CommonOptions,
  name: string,
): Promise<number> {
  const app = await pickApp(context, options, undefined);
  const timeoutMs = options.timeoutMs ?? TEST_TIMEOUT_MS;
  const result = await askMetrics(app.name, { ...options, timeoutMs }, (client) =>
    client.request("elpis.reporters.test", { name }, { timeoutMs }),
  );
  const { ok, items, rejected, tookMs, reason } = result;
  if (options.json === true) printJson(context, { app: app.name, ...result });
  else if (ok) context.stdout.line(`${name} took ${items} items in ${tookMs} ms`);
  else {
    const why = reason === undefined ? "" : `: ${reason}`;
    context.stdout.line(
      `${name} did not take ${rejected} of ${items} items, after ${tookMs} ms${printable(why)}`,
    );
  }
  return ok ? EXIT_CODES.ok.code : EXIT_CODES.reporterFailed.code;
}

function row(one: ReporterStatus): string[] {
  const { name, kind, state, signals, intervalMs, lastSuccess, lastError } = one;
  const now = Date.now();
  const ago = (time: number): string => `${formatDuration(Math.max(0, now - time))} ago`;
  return [
    name === kind ? name : `${name} (${kind})`,
    state,
    signals.join(","),
    intervalMs === 0 ? "" : formatDuration(intervalMs),
    lastSuccess === undefined ? "never" : ago(lastSuccess),
    ...[one.sent, one.queued.items, one.rejected, one.dropped].map(String),
    lastError === undefined ? "" : `${ago(lastError.time)}: ${lastError.message}`,
  ];
}
