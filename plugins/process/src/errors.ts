import { ElpisError } from "@elpis/api";
import type { OperationStatus } from "./status.ts";

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Where: the keys joined by dots, such as `processes.web.scale`. */
  readonly path: string;
  /** What was expected there, and what was found. */
  readonly message: string;
  /** The file that says so, where it is not that of the application. */
  readonly file?: string;
}

/** ELPIS_CONFIG_INVALID: names the file and everything that is wrong with it. */
export function configInvalid(file: string, problems: readonly ConfigProblem[]): ElpisError {
  const lines = problems.map((problem) => {
    const where = problem.file === undefined ? "" : ` (in ${problem.file})`;
    return `  ${problem.path}: ${problem.message}${where}`;
  });
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

/** ELPIS_CONFIG_LOAD_FAILED: the file threw, could not be read, or took too long; `said` is what it has written. */
export function configLoadFailed(
  file: string,
  cause: unknown,
  said: readonly string[] = [],
): ElpisError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const output =
    said.length === 0 ? "" : `\nIt wrote:\n${said.map((line) => `  ${line}`).join("\n")}`;
  return new ElpisError(
    "ELPIS_CONFIG_LOAD_FAILED",
    `${file} could not be loaded: ${why}${output}`,
    { cause, details: { file, ...(said.length > 0 && { said }) } },
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

/** ELPIS_PROCESS_BOOTSTRAP_MISSING: the file that evaluates a configuration is not where it belongs. */
export function evaluatorMissing(lookedFor: readonly string[]): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_BOOTSTRAP_MISSING",
    `The evaluator of @elpis/process is missing (looked for ${lookedFor.join(", ")}). Reinstall the package, or build it.`,
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

/** ELPIS_PROCESS_BUSY: another operation is under way. */
export function masterBusy(call: string, operation: OperationStatus): ElpisError {
  const what = operation.processes.length === 0 ? "" : ` of ${operation.processes.join(", ")}`;
  return new ElpisError(
    "ELPIS_PROCESS_BUSY",
    `${call} was refused: a ${operation.name}${what} is under way, asked for by ${operation.by}. Wait for it, or ask to be queued.`,
    { details: { call, operation }, retryable: true },
  );
}

/** ELPIS_PROCESS_CANARY_FAILED: the new processes did worse than was allowed; the old ones never left. */
export function canaryFailed(why: string, details: Readonly<Record<string, unknown>>): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_CANARY_FAILED",
    `The trial of the new version failed: ${why}. The old processes go on as before.`,
    { details },
  );
}

/** ELPIS_PROCESS_NO_VERSION: there is nothing to go back to. */
export function noVersion(version: number): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_NO_VERSION",
    `There is no good version before ${version} to go back to. A version is a definition that a reload or apply has brought and that got ready.`,
    { details: { version } },
  );
}

/** ELPIS_PROCESS_SCALE: a number of instances that cannot be. */
export function badScale(process: string, wanted: unknown, why: string): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_SCALE",
    `${process} cannot be scaled to ${String(wanted)}: ${why}.`,
    { details: { process, wanted: String(wanted), why } },
  );
}

/** ELPIS_PROCESS_SIGNAL: a signal that this system does not have. */
export function badSignal(signal: string): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_SIGNAL",
    `There is no signal "${signal}" here; give a name such as SIGHUP or SIGUSR2.`,
    { details: { signal } },
  );
}

/** ELPIS_PROCESS_DIAGNOSIS: a process could not be looked into. */
export function diagnosisFailed(process: string, why: string, cause?: unknown): ElpisError {
  return new ElpisError("ELPIS_PROCESS_DIAGNOSIS", `${process} cannot be looked into: ${why}.`, {
    ...(cause !== undefined && { cause }),
    details: { process, why },
  });
}

/** ELPIS_PROCESS_ENV_FILE: a file with variables could not be read. */
export function envFileUnreadable(file: string, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_ENV_FILE",
    `The variables in ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}. Make the file, or take it out of envFile.`,
    { cause, details: { file } },
  );
}

/** ELPIS_PROCESS_ONE_OFF: a process that runs once could not be started. */
export function oneOffRefused(
  name: string,
  why: string,
  isLater: boolean,
  cause?: unknown,
): ElpisError {
  return new ElpisError("ELPIS_PROCESS_ONE_OFF", `${name} cannot be started: ${why}.`, {
    ...(cause !== undefined && { cause }),
    details: { name, why },
    retryable: isLater,
  });
}
