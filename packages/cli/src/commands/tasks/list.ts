import { pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { formatDuration } from "../../duration.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { CommonOptions } from "../../options.ts";
import { printJson, printTable } from "../../output/report.ts";
import type { Column } from "../../output/table.ts";
import type { TaskStatus } from "../../preset.ts";
import { withTasks } from "./ask.ts";
import { ago, tookText } from "./time.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

const COLUMNS: readonly Column[] = [
  { title: "task" },
  { title: "schedule", priority: 7, min: 10, wrap: true },
  { title: "on", priority: 1 },
  { title: "state", priority: 8, min: 8, wrap: true },
  { title: "next", align: "right", priority: 6 },
  { title: "last run", align: "right", priority: 5 },
  { title: "took", align: "right", priority: 2 },
  { title: "outcome", priority: 8 },
  { title: "where", priority: 3 },
  { title: "runs", align: "right", priority: 1 },
];

/** Shows the tasks of an app: when they run, how the last run went, and what runs now. */
export async function tasks(
  context: CliContext,
  options: CommonOptions,
  named?: string,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const answer = await withTasks(app.name, timeoutMs, ({ client, call }) =>
    client.request("elpis.tasks.list", {}, call),
  );
  if (options.json === true) printJson(context, { app: app.name, tasks: answer.tasks });
  else if (answer.tasks.length === 0) context.stdout.line(`${app.name} has no tasks`);
  else
    printTable(
      context,
      COLUMNS,
      answer.tasks.map((one) => row(one, Date.now())),
    );
  return EXIT_CODES.ok.code;
}

function row(task: TaskStatus, now: number): string[] {
  const { last, nextAt, counts } = task;
  return [
    task.name,
    task.schedule,
    task.on,
    stateText(task),
    nextAt === undefined ? "-" : nextAt <= now ? "now" : `in ${formatDuration(nextAt - now)}`,
    last === undefined ? "-" : ago(last.startedAt ?? last.endedAt, now),
    last === undefined ? "-" : tookText(last),
    last === undefined ? "-" : last.outcome,
    last?.where ?? "-",
    String(counts.done + counts.failed + counts.timeout + counts.lost),
  ];
}

/** What it does, and where: `running web.1`, `waiting for a process`, `paused by ann`. */
function stateText({ state, runs, runners, pausedBy, on }: TaskStatus): string {
  const places = runs.flatMap(({ where }) => where ?? []);
  if (state === "running" && places.length > 0) return `running ${places.join(" ")}`;
  if (state === "waiting" && runners.length === 0 && on !== "fork") return "waiting for a process";
  return state === "paused" ? `paused by ${pausedBy ?? "somebody"}` : state;
}
