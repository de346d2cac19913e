import { pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { HistoryOptions } from "../../options.ts";
import { printJson, printTable } from "../../output/report.ts";
import type { Column } from "../../output/table.ts";
import type { RunRecord } from "../../preset.ts";
import { withTasks } from "./ask.ts";
import { tookText } from "./time.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_LIMIT = 20;

const COLUMNS: readonly Column[] = [
  { title: "planned for" },
  { title: "took", align: "right", priority: 5 },
  { title: "attempt", align: "right", priority: 4 },
  { title: "outcome" },
  { title: "where", priority: 6 },
  { title: "by", priority: 2, min: 8 },
  { title: "token", align: "right", priority: 1 },
  { title: "error", priority: 7, min: 12, wrap: true },
];

/** Shows the last runs of a task, the newest first. */
export async function history(
  context: CliContext,
  options: HistoryOptions,
  task: string,
): Promise<number> {
  const app = await pickApp(context, options, undefined);
  const { limit = DEFAULT_LIMIT, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { runs } = await withTasks(app.name, timeoutMs, ({ client, call }) =>
    client.request("elpis.tasks.history", { task, limit }, call),
  );
  if (options.json === true) printJson(context, { app: app.name, task, runs });
  else if (runs.length === 0) context.stdout.line(`${task} has not run yet`);
  else printTable(context, COLUMNS, runs.map(row));
  return EXIT_CODES.ok.code;
}

function row(run: RunRecord): string[] {
  const { scheduledAt, attempt, outcome, count, again, where, by, token, error } = run;
  return [
    new Date(scheduledAt).toISOString(),
    tookText(run),
    attempt === undefined ? "-" : String(attempt),
    [
      outcome,
      ...(count === undefined || count === 1 ? [] : [`×${count}`]),
      ...(again ? ["(again)"] : []),
    ].join(" "),
    where ?? "-",
    by ?? "-",
    token === undefined ? "-" : String(token),
    error?.split("\n", 1)[0] ?? "-",
  ];
}
