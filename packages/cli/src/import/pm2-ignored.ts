import type { Pm2App } from "./pm2.ts";

/** What is taken over, by whichever reader. */
const TAKEN: ReadonlySet<string> = new Set([
  ...["name", "script", "args", "cwd", "interpreter", "exec_interpreter", "interpreter_args"],
  ...["interpreterArgs", "node_args", "nodeArgs", "instances", "exec_mode", "env", "wait_ready"],
  ...["max_memory_restart", "min_uptime", "max_restarts", "restart_delay", "autorestart"],
  ...["exp_backoff_restart_delay", "cron_restart", "cron", "kill_timeout", "listen_timeout"],
  ...["stop_exit_codes", "uid", "gid", "user"],
]);

const LOGS = "all output goes to one log, by process: elpis logs";
const WHY: ReadonlyMap<string, string> = new Map([
  ["watch", "elpis dev starts processes anew when files change"],
  ["ignore_watch", "elpis dev starts processes anew when files change"],
  ["watch_options", "elpis dev starts processes anew when files change"],
  ["watch_delay", "elpis dev starts processes anew when files change"],
  ...["merge_logs", "combine_logs", "out_file", "error_file", "output", "error", "log"].map(
    (key): [string, string] => [key, LOGS],
  ),
  ...["out", "err", "log_file", "log_type", "log_date_format", "time", "disable_logs"].map(
    (key): [string, string] => [key, LOGS],
  ),
  ["pid_file", "elpis pid says the process ids"],
  ["pid", "elpis pid says the process ids"],
  ["namespace", "an application of its own has a name of its own: elpis start --app"],
  ["increment_var", "ELPIS_PROCESS_INDEX is the number of the instance"],
  ["instance_var", "ELPIS_PROCESS_INDEX is the number of the instance"],
  ["source_map_support", 'say nodeArgs: ["--enable-source-maps"]'],
  ["disable_source_map_support", "source maps are not read unless nodeArgs say so"],
  ["treekill", "what a process has started always ends with it"],
  ["shutdown_with_message", "a process is told by SIGTERM, or over the hub"],
  ["force", "a script may be started under as many names as one likes"],
]);

/** One line for each key that is not taken over, with what there is in its place. */
export function ignoredNotes(app: Pm2App): string[] {
  return Object.entries(app)
    .filter(([key, value]) => value !== undefined && !isTaken(key, value))
    .map(([key]) => {
      const why = WHY.get(key);
      return `${key} is not taken over${why === undefined ? "" : `: ${why}`}`;
    });
}

function isTaken(key: string, value: unknown): boolean {
  if (TAKEN.has(key)) return true;
  // Profiles of variables.
  return key.startsWith("env_") && typeof value === "object" && value !== null;
}
