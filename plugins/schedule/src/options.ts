import {
  type Duration,
  parseDuration,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "@elpis/api";
import type { TaskOptions } from "./contract.ts";
import { type Problem, show } from "./definition/problem.ts";
import { collectDefinition } from "./definition/read.ts";

/** What `schedule` may be told. */
export interface ScheduleOptions {
  /** Tasks by name. One without an `entry` is run by processes that `handle` it. */
  readonly tasks?: Readonly<Record<string, TaskOptions>>;
  /**
   * How long a process that is not heard of keeps a run, at least 200 ms. One that dies loses it at once; this is for those
   * that freeze. @default "10s"
   */
  readonly lease?: Duration;
  /** How many of the last runs of each task are remembered, at most 1000. @default 50 */
  readonly historyPerTask?: number;
  /**
   * Folder for what must outlive a restart of the machine, relative to the configuration file.
   * @default in the runtime folder of the application, which many systems keep in memory
   */
  readonly stateDir?: string;
}

/** {@link ScheduleOptions} with every value filled in. */
export interface ResolvedOptions {
  readonly tasks: Readonly<Record<string, TaskOptions>>;
  readonly leaseMs: number;
  readonly historyPerTask: number;
  readonly stateDir: string | undefined;
}

const LEAST_LEASE_MS = 200;
const LONGEST_LEASE_MS = 3_600_000;
const MOST_HISTORY = 1000;
const KEYS = ["tasks", "lease", "historyPerTask", "stateDir"];

/** Fills in what was left out. */
export function resolveOptions(options: ScheduleOptions): ResolvedOptions {
  const { tasks = {}, lease = "10s", historyPerTask = 50, stateDir } = options;
  return { tasks, leaseMs: parseDuration(lease) ?? 0, historyPerTask, stateDir };
}

/** Checks the options of the plugin, with all that they say of tasks, before anything starts. */
export const scheduleSchema: StandardSchema<ScheduleOptions> = {
  "~standard": { version: 1, vendor: "elpis", validate },
};

function validate(value: unknown): SchemaResult<ScheduleOptions> {
  if (!isRecord(value)) return { issues: [{ message: `expected an object, got ${show(value)}` }] };
  const problems: Problem[] = [];
  const wrong = (key: string, message: string): void => {
    problems.push({ path: [key], message });
  };
  for (const key of Object.keys(value)) {
    if (!KEYS.includes(key)) wrong(key, `unknown key; known are ${KEYS.join(", ")}`);
  }
  const { tasks = {}, lease = "10s", historyPerTask = 1, stateDir = "." } = value;
  const leaseMs = parseDuration(lease, LONGEST_LEASE_MS);
  if (leaseMs === undefined || leaseMs < LEAST_LEASE_MS) {
    wrong("lease", `expected a time span from ${LEAST_LEASE_MS} ms to 1h, got ${show(lease)}`);
  }
  const count = historyPerTask as number;
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= MOST_HISTORY)) {
    wrong(
      "historyPerTask",
      `expected a whole number from 1 to ${MOST_HISTORY}, got ${show(count)}`,
    );
  }
  if (typeof stateDir !== "string" || stateDir === "") {
    wrong("stateDir", `expected the path of a folder, got ${show(stateDir)}`);
  }
  if (!isRecord(tasks)) wrong("tasks", `expected an object of tasks, got ${show(tasks)}`);
  else {
    for (const [name, options] of Object.entries(tasks)) {
      collectDefinition(name, options, ["tasks", name], problems);
    }
  }
  return problems.length > 0 ? { issues: problems satisfies SchemaIssue[] } : { value };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
