import { ElpisError } from "@elpis/api";

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Where: the keys joined by dots, such as `processes.web.scale`. */
  readonly path: string;
  /** What was expected there, and what was found. */
  readonly message: string;
}

/** ELPIS_CONFIG_INVALID: names the file and everything that is wrong with it. */
export function configInvalid(file: string, problems: readonly ConfigProblem[]): ElpisError {
  const lines = problems.map((problem) => `  ${problem.path}: ${problem.message}`);
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new ElpisError(
    "ELPIS_CONFIG_INVALID",
    `${file} has ${count}; correct it and try again:\n${lines.join("\n")}`,
    { details: { file, problems } },
  );
}

/** ELPIS_CONFIG_NOT_FOUND: nothing at `path` describes an application. */
export function configNotFound(path: string, lookedFor: readonly string[]): ElpisError {
  const what =
    lookedFor.length === 0
      ? "there is no such file or directory"
      : `it has none of ${lookedFor.join(", ")}`;
  return new ElpisError(
    "ELPIS_CONFIG_NOT_FOUND",
    `No application found at ${path}: ${what}. Give a directory, a configuration file or a script.`,
    { details: { path, lookedFor } },
  );
}

/** ELPIS_CONFIG_LOAD_FAILED: the file threw, or could not be read. */
export function configLoadFailed(file: string, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_CONFIG_LOAD_FAILED",
    `${file} could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, details: { file } },
  );
}

/** ELPIS_PROCESS_NOT_READY: a process ended, or took too long, before it said that it is ready. */
export function processNotReady(
  process: string,
  index: number,
  why: string,
  lastLines: readonly string[],
): ElpisError {
  const said =
    lastLines.length === 0
      ? " It wrote nothing."
      : ` Its last output:\n${lastLines.map((line) => `  ${line}`).join("\n")}`;
  return new ElpisError(
    "ELPIS_PROCESS_NOT_READY",
    `Process ${process}.${index} did not get ready: ${why}.${said}`,
    { details: { process, index, why, lastLines } },
  );
}

/** ELPIS_PROCESS_UNKNOWN: a name that the application does not have. */
export function processUnknown(name: string, known: readonly string[]): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_UNKNOWN",
    `The application has no process "${name}"; it has ${known.join(", ")}.`,
    { details: { name, known } },
  );
}

/** ELPIS_PROCESS_STOPPED: what was asked for was cut short by a stop. */
export function processStopped(what: string): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_STOPPED",
    `${what} was given up because the application was told to stop.`,
    { details: { what } },
  );
}

/** ELPIS_PROCESS_MASTER_STATE: a call that the master cannot take in its present state. */
export function masterState(call: string, state: string, expected: string): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_MASTER_STATE",
    `${call} needs a master that is ${expected}; this one is ${state}.`,
    { details: { call, state, expected } },
  );
}

/** ELPIS_PROCESS_BOOTSTRAP_MISSING: the file that every worker loads first is not where it belongs. */
export function bootstrapMissing(lookedFor: readonly string[]): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_BOOTSTRAP_MISSING",
    `The bootstrap of @elpis/process is missing (looked for ${lookedFor.join(", ")}). Reinstall the package, or build it.`,
    { details: { lookedFor } },
  );
}

/** ELPIS_PROCESS_CHANNEL_CLOSED: a worker cannot ask its master for a port any more. */
export function channelClosed(port: number): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_CHANNEL_CLOSED",
    `Cannot listen on port ${port}: the channel to the master is closed. Do not call process.disconnect(), or listen with { exclusive: true }.`,
    { details: { port } },
  );
}

/** ELPIS_PROCESS_DRAIN_REFUSED: somebody other than the master asked a worker to leave. */
export function drainRefused(from: string): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_DRAIN_REFUSED",
    `Only the master may ask a worker to drain; ${from} did. Ask the master to stop or restart it.`,
    { details: { from } },
  );
}
