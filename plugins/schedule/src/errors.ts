import { ElpisError } from "@elpis/api";
import type { Problem } from "./definition/problem.ts";

/** A stable name of what went wrong here, as it also crosses the hub inside answers. */
export type ScheduleCode =
  | "ELPIS_SCHEDULE_FENCED"
  | "ELPIS_SCHEDULE_LEASE"
  | "ELPIS_SCHEDULE_TIMEOUT"
  | "ELPIS_SCHEDULE_STORE";

/** ELPIS_SCHEDULE_DEFINITION: a task is defined in a way that makes no sense. */
export function badDefinition(task: string, problems: readonly Problem[]): ElpisError {
  const lines = problems.map(({ path, message }) => [...path, message].join(": "));
  return new ElpisError(
    "ELPIS_SCHEDULE_DEFINITION",
    `Task "${task}" cannot be defined like this; correct it: ${lines.join("; ")}.`,
    { details: { task, problems: problems.map(({ path, message }) => ({ path, message })) } },
  );
}

/** ELPIS_SCHEDULE_DUPLICATE: a process has two functions for one task. */
export function duplicateTask(task: string): ElpisError {
  return new ElpisError(
    "ELPIS_SCHEDULE_DUPLICATE",
    `This process has a function for task "${task}" already; end the first one, or choose another name.`,
    { details: { task } },
  );
}

/** ELPIS_SCHEDULE_UNKNOWN: no such task. */
export function unknownTask(task: string, known: readonly string[]): ElpisError {
  const there = known.length === 0 ? "there is none at all" : `there are ${known.join(", ")}`;
  return new ElpisError("ELPIS_SCHEDULE_UNKNOWN", `There is no task "${task}"; ${there}.`, {
    details: { task, known },
  });
}

/** ELPIS_SCHEDULE_BUSY: a run that was asked for would overlap with another one. */
export function taskBusy(task: string): ElpisError {
  return new ElpisError(
    "ELPIS_SCHEDULE_BUSY",
    `Task "${task}" is at work, and its runs do not overlap; ask again when it is done, or define it with another \`overlap\`.`,
    { details: { task }, retryable: true },
  );
}

/** ELPIS_SCHEDULE_NOBODY: a run that was asked for has nobody to run it. */
export function nobodyRuns(task: string): ElpisError {
  return new ElpisError(
    "ELPIS_SCHEDULE_NOBODY",
    `No process has a function for task "${task}" now; start one, or call handle("${task}", ...) in it.`,
    { details: { task }, retryable: true },
  );
}

const TEXTS: Readonly<Record<ScheduleCode, (what: string) => string>> = {
  ELPIS_SCHEDULE_FENCED: (what) =>
    `${what}: its token is not the current one, as another attempt has taken its place; stop, and leave the rest to that one.`,
  ELPIS_SCHEDULE_LEASE: (what) =>
    `${what}: its lease has ended before it could be renewed; stop, another attempt takes its place.`,
  ELPIS_SCHEDULE_TIMEOUT: (what) =>
    `${what}: it has taken longer than its \`timeout\`; stop, or give it more time.`,
  ELPIS_SCHEDULE_STORE: (what) => `${what}; keep less there, or something smaller.`,
};

/** An attempt is refused, or has to stop; `what` names it. */
export function refusal(
  code: ScheduleCode,
  what: string,
  details: Readonly<Record<string, unknown>>,
): ElpisError {
  return new ElpisError(code, TEXTS[code](what), { details });
}

/** ELPIS_SCHEDULE_ENTRY: the module of a task has no function. */
export function noFunction(task: string, file: string): ElpisError {
  return new ElpisError(
    "ELPIS_SCHEDULE_ENTRY",
    `${file} has no function for task "${task}"; make it the default export: export default async (context) => { … }.`,
    { details: { task, file } },
  );
}

/** ELPIS_SCHEDULE_ENTRY: the module of a task is not there. */
export function entryMissing(task: string, file: string): ElpisError {
  return new ElpisError(
    "ELPIS_SCHEDULE_ENTRY",
    `Task "${task}" has no module at ${file}; correct its \`entry\`, which is relative to the configuration file.`,
    { details: { task, file } },
  );
}

/** ELPIS_SCHEDULE_ENTRY: what a task's process runs was started by somebody else. */
export function notForked(): ElpisError {
  return new ElpisError(
    "ELPIS_SCHEDULE_ENTRY",
    "This is what Elpis runs in processes that it starts for tasks; give a task an `entry`, and let Elpis start it.",
  );
}

/** ELPIS_SCHEDULE_ENTRY: nobody here can start processes. */
export function cannotFork(task: string): ElpisError {
  return new ElpisError(
    "ELPIS_SCHEDULE_ENTRY",
    `Task "${task}" has an \`entry\`, for a process of its own, and nobody here starts processes; run the application with Elpis, or give it a function with handle().`,
    { details: { task } },
  );
}

/** ELPIS_SCHEDULE_STATE: the folder for what must not be forgotten cannot be used. */
export function stateUnusable(dir: string, cause: unknown): ElpisError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ElpisError(
    "ELPIS_SCHEDULE_STATE",
    `The folder ${dir} cannot be used for the state of tasks: ${why}. Give this user the right to write there, or choose another \`stateDir\`.`,
    { cause, details: { dir } },
  );
}
