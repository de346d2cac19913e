import { ElpisError, type ErrorData } from "@elpis/api";

/** The command line cannot be understood. */
export function usageError(message: string): ElpisError {
  return new ElpisError("ELPIS_CLI_USAGE", `${message}; see: elpis help`);
}

/** No app of that name runs. */
export function notRunning(app: string, running: readonly string[]): ElpisError {
  const others = running.length === 0 ? "nothing is running" : `running: ${running.join(", ")}`;
  return new ElpisError(
    "ELPIS_CLI_NOT_RUNNING",
    `${app} is not running (${others}); start it with: elpis start`,
    { details: { app, running: [...running] } },
  );
}

/** No app was named, and the directory and the running apps do not tell which is meant. */
export function whichApp(running: readonly string[]): ElpisError {
  const message =
    running.length === 0
      ? "no app is running; start one with: elpis start"
      : `which app? running: ${running.join(", ")}; name one, as in: --app ${running[0]}`;
  return new ElpisError("ELPIS_CLI_WHICH_APP", message, { details: { running: [...running] } });
}

/** An app of that name is there already. */
export function alreadyRunning(app: string, pid: number, dir: string): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_ALREADY_RUNNING",
    `${app} is running already (pid ${pid}, ${dir}); stop it with: elpis stop ${app}, or start under another name with: --app <name>`,
    { details: { app, pid, dir } },
  );
}

/** What a command waited for did not happen within its bound. */
export function timedOut(what: string, timeoutMs: number, left: string): ElpisError {
  return new ElpisError("ELPIS_CLI_TIMEOUT", `${what} took longer than ${timeoutMs} ms; ${left}`, {
    details: { timeoutMs },
    retryable: true,
  });
}

/** The detached master ended before it had said how it went. */
export function masterLost(app: string, how: string, lines: readonly string[]): ElpisError {
  const quote = lines.length === 0 ? "it printed nothing" : `it printed:\n${indent(lines)}`;
  return new ElpisError(
    "ELPIS_CLI_START_FAILED",
    `the master of ${app} ended (${how}) before it was ready; ${quote}\ntry it in the foreground: elpis run`,
    { details: { app, how, lines: [...lines] } },
  );
}

/** Nothing of a foreground app is left to run: `processes` have failed for good, `endedWell` others have not. */
export function allFailed(
  app: string,
  processes: readonly string[],
  endedWell: number,
): ElpisError {
  const what =
    endedWell === 0
      ? `every process of ${app} has failed for good`
      : `every process of ${app} has ended, and some have failed for good`;
  return new ElpisError(
    "ELPIS_CLI_ALL_FAILED",
    `${what}: ${processes.join(", ")}; see their output above`,
    { details: { app, processes: [...processes] } },
  );
}

/** The system refuses even to look at a path, because it is too long or not ours to read. */
export function configUnreadable(path: string, cause: Error): ElpisError {
  return new ElpisError(
    "ELPIS_CONFIG_NOT_FOUND",
    `No application found at ${path}: ${cause.message}. Give a directory, a configuration file or a script.`,
    { cause, details: { path, lookedFor: [] } },
  );
}

/** There is no log file to read. */
export function noLog(app: string, file: string): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_NO_LOG",
    `${app} keeps no log (no ${file}): an app that runs in the foreground prints where it was started; \`elpis start\` keeps one`,
    { details: { app, file } },
  );
}

/** A signal came while the command was at work. */
export function interrupted(what: string, signal: string): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_INTERRUPTED",
    `${what} was interrupted by ${signal}; what had started is stopped`,
    { details: { signal } },
  );
}

/** What went wrong in the detached master, as it told. */
export function fromMaster(data: ErrorData): ElpisError {
  return new ElpisError(data.code ?? "ELPIS_CLI_START_FAILED", data.message, {
    ...(data.details !== undefined && { details: data.details }),
    ...(data.cause !== undefined && { cause: fromMaster(data.cause) }),
  });
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}
