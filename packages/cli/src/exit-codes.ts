/** One row of the table in `docs/reference/exit-codes.md`. */
export interface ExitCodeRow {
  readonly code: number;
  readonly meaning: string;
}

/** Name of a row of {@link EXIT_CODES}. */
export type ExitName =
  | "ok"
  | "unexpected"
  | "usage"
  | "config"
  | "startFailed"
  | "notRunning"
  | "alreadyRunning"
  | "timeout"
  | "allFailed"
  | "noLog"
  | "busy"
  | "canaryFailed"
  | "noVersion"
  | "forbidden"
  | "unhealthy"
  | "diagnosis"
  | "exists"
  | "someFailed"
  | "taskFailed"
  | "reporterFailed"
  | "interrupted";

/** Every status with which `elpis` ends. The same table stands in `docs/reference/exit-codes.md`. */
export const EXIT_CODES: Readonly<Record<ExitName, ExitCodeRow>> = {
  ok: { code: 0, meaning: "done; `run` and `dev`: stopped gracefully; `run`: all ended well" },
  unexpected: { code: 1, meaning: "an error that has no code of its own in this table" },
  usage: { code: 2, meaning: "the command line is wrong, or asks for what cannot be" },
  config: { code: 3, meaning: "the config is missing or wrong" },
  startFailed: {
    code: 4,
    meaning:
      "a process did not get ready; `run`, `start`: what had started is stopped; `reload`, `rollback`, `scale`, `apply`: the old ones go on",
  },
  notRunning: {
    code: 5,
    meaning:
      "the app is not running or has no such process, task, reporter or trace, or it cannot be told which one is meant",
  },
  alreadyRunning: { code: 6, meaning: "the app is running already" },
  timeout: { code: 7, meaning: "`--timeout` passed first" },
  allFailed: {
    code: 8,
    meaning: "`run`: nothing is left to run, and a process has failed for good",
  },
  noLog: {
    code: 9,
    meaning: "`logs`: the app keeps no log, because it runs in the foreground",
  },
  busy: {
    code: 10,
    meaning: "the app is busy with another operation, or is starting or stopping",
  },
  canaryFailed: { code: 11, meaning: "`reload`: the trial of the new version failed" },
  noVersion: { code: 12, meaning: "`rollback`: there is nothing to go back to" },
  forbidden: { code: 13, meaning: "the system does not permit it, or a folder is not safe" },
  unhealthy: {
    code: 14,
    meaning: "`health`: not everything is well; `doctor`: something must be repaired",
  },
  diagnosis: { code: 15, meaning: "`inspect`, `diag`: the process cannot be looked into" },
  exists: { code: 16, meaning: "`init`, `startup`: the file is there already" },
  someFailed: { code: 17, meaning: "`exit`, `resurrect`: it did not work for some of the apps" },
  taskFailed: { code: 18, meaning: "`tasks run --wait`: the run came to nothing" },
  reporterFailed: { code: 19, meaning: "`reporters test`: the sample was not taken" },
  interrupted: {
    code: 130,
    meaning: "a signal or a stop ended it early; `run` and `dev`: a second signal came",
  },
};

/** Error codes that lead to a row; the first pattern that fits counts. */
const BY_ERROR: ReadonlyArray<readonly [RegExp, ExitName]> = [
  [/^ELPIS_CLI_(USAGE|NO_SUCH_PLATFORM|NO_PLUGIN)$/, "usage"],
  [/^ELPIS_CLI_TASK_FAILED$/, "taskFailed"],
  [/^ELPIS_SCHEDULE_(UNKNOWN|NOBODY)$/, "notRunning"],
  [/^ELPIS_REPORTER_UNKNOWN$/, "notRunning"],
  [/^ELPIS_SCHEDULE_BUSY$/, "busy"],
  [/^ELPIS_TRACE_BAD_QUERY$/, "usage"],
  [/^ELPIS_CLI_(NO_TRACE|WHICH_TRACE)$/, "notRunning"],
  [/^ELPIS_CLI_(NOT_RUNNING|NOT_ANSWERED|MASTER_GONE|WHICH_APP|NOTHING_SAVED)$/, "notRunning"],
  [/^ELPIS_CLI_ALREADY_RUNNING$/, "alreadyRunning"],
  [/^ELPIS_CLI_TIMEOUT$/, "timeout"],
  [/^ELPIS_CLI_ALL_FAILED$/, "allFailed"],
  [/^ELPIS_CLI_NO_LOG$/, "noLog"],
  [/^ELPIS_CLI_FORBIDDEN$/, "forbidden"],
  [/^ELPIS_CLI_EXISTS$/, "exists"],
  [/^ELPIS_CLI_SOME_FAILED$/, "someFailed"],
  [/^ELPIS_CLI_INTERRUPTED$/, "interrupted"],
  [/^ELPIS_CLI_START_FAILED$/, "startFailed"],
  [/^ELPIS_CLI_IMPORT$/, "config"],
  [/^ELPIS_CONFIG_/, "config"],
  [/^ELPIS_PROCESS_NOT_READY$/, "startFailed"],
  [/^ELPIS_PROCESS_STOPPED$/, "interrupted"],
  [/^ELPIS_PROCESS_UNKNOWN$/, "notRunning"],
  [/^ELPIS_PROCESS_(BUSY|MASTER_STATE)$/, "busy"],
  [/^ELPIS_PROCESS_CANARY_FAILED$/, "canaryFailed"],
  [/^ELPIS_PROCESS_NO_VERSION$/, "noVersion"],
  [/^ELPIS_PROCESS_(SCALE|SIGNAL)$/, "usage"],
  [/^ELPIS_PROCESS_DIAGNOSIS$/, "diagnosis"],
  [/^ELPIS_PLUGIN_/, "startFailed"],
  [/^ELPIS_HUB_OWNED$/, "alreadyRunning"],
  [/^ELPIS_HUB_UNREACHABLE$/, "notRunning"],
  [/^ELPIS_HUB_UNSAFE_DIR$/, "forbidden"],
  [/^ELPIS_HUB_DEADLINE$/, "timeout"],
];

/** The exit status for an error that ended a command. */
export function exitCodeOf(thrown: unknown): number {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  if (typeof code !== "string") return EXIT_CODES.unexpected.code;
  const row = BY_ERROR.find(([pattern]) => pattern.test(code));
  return EXIT_CODES[row?.[1] ?? "unexpected"].code;
}
