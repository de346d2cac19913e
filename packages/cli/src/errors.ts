import { ElpisError, type ErrorData } from "@elpis/api";

/** How many of what is too many are named. */
const MAX_NAMED = 10;

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

/** The app that runs cannot do what was asked: it does not know the topic. */
export function masterTooOld(app: string, topic: string): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_NOT_ANSWERED",
    `the master of ${app} does not answer ${topic}: it is of another version, or a hub without a master; start it again with: elpis stop ${app} && elpis start`,
    { details: { app, topic } },
  );
}

/** The app that runs has not picked the plugin that does what was asked. */
export function noPlugin(app: string, plugin: string): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_NO_PLUGIN",
    `${app} runs without the plugin "${plugin}", which does that; add it to \`plugins\` of the config (@elpis/${plugin}) and start the app again`,
    { details: { app, plugin } },
  );
}

/** No trace has that id, or none begins so. */
export function noSuchTrace(app: string, id: string): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_NO_TRACE",
    `${app} has no trace ${id}, or does not keep it any more; see: elpis traces ${app}`,
    { details: { app, id } },
  );
}

/** Several traces begin so. */
export function whichTrace(app: string, id: string, ids: readonly string[]): ElpisError {
  const named = ids.slice(0, MAX_NAMED);
  const more = ids.length > named.length ? `\n  and ${ids.length - named.length} more` : "";
  return new ElpisError(
    "ELPIS_CLI_WHICH_TRACE",
    `${app} has ${ids.length} traces that begin with ${id}; give more digits of one:\n${indent(named)}${more}`,
    { details: { app, id, ids: [...named] } },
  );
}

/** A run that was waited for came to nothing. */
export function taskFailed(
  task: string,
  failed: ReadonlyArray<{ readonly id: string; readonly outcome: string; readonly error?: string }>,
): ElpisError {
  const lines = failed.map(
    ({ id, outcome, error }) => `${id}: ${outcome}${error ? `, ${error}` : ""}`,
  );
  return new ElpisError(
    "ELPIS_CLI_TASK_FAILED",
    `the run of ${task} came to nothing:\n${indent(lines)}`,
    {
      details: { task, failed: failed.map(({ id, outcome }) => ({ id, outcome })) },
    },
  );
}

/** The app has no such process; the same error as its master raises. */
export function unknownProcess(name: string, known: readonly string[]): ElpisError {
  return new ElpisError(
    "ELPIS_PROCESS_UNKNOWN",
    `The application has no process "${name}"; it has ${known.join(", ")}.`,
    { details: { name, known: [...known] } },
  );
}

/** The process of the master is there, and does not say a word. */
export function masterSilent(app: string, timeoutMs: number, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_TIMEOUT",
    `the master of ${app} is there but has not answered within ${timeoutMs} ms: it is stopped, or has too much to do; ask again, or end it with: elpis stop ${app} --now`,
    { cause, details: { app, timeoutMs }, retryable: true },
  );
}

/** The master ended while it was asked for something. */
export function masterGone(app: string, what: string, cause: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_MASTER_GONE",
    `the master of ${app} ended during ${what}; look at: elpis logs ${app}, and start it again with: elpis start`,
    { cause, details: { app, what } },
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

/** There is nothing to make a config from. */
export function configNotImported(file: string): ElpisError {
  return new ElpisError(
    "ELPIS_CONFIG_NOT_FOUND",
    `There is no ${file} to make a config from. Give the file that starts your app until now, such as Procfile.`,
    { details: { path: file, lookedFor: [] } },
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

/** A signal came while the command was at work; `left` is what becomes of the work. */
export function interrupted(what: string, signal: string, left: string): ElpisError {
  return new ElpisError("ELPIS_CLI_INTERRUPTED", `${what} was interrupted by ${signal}; ${left}`, {
    details: { signal },
  });
}

/** The system, or the owner of a folder, does not permit it; `hint` is what to do. */
export function forbidden(what: string, path: string, hint: string, cause?: unknown): ElpisError {
  return new ElpisError("ELPIS_CLI_FORBIDDEN", `${what}: ${path}; ${hint}`, {
    ...(cause !== undefined && { cause }),
    details: { path },
  });
}

/** A file that a command would have to replace. */
export function fileExists(path: string): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_EXISTS",
    `${path} is there already; look at it, and replace it with: --force`,
    { details: { path } },
  );
}

/** `resurrect` without a `save` before it. */
export function nothingSaved(file: string): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_NOTHING_SAVED",
    `no apps are saved (no ${file}); start them and save them with: elpis save`,
    { details: { file } },
  );
}

/** What was saved cannot be read. */
export function savedUnreadable(file: string, why: string, cause?: unknown): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_SAVED_UNREADABLE",
    `${file} cannot be read: ${why}; start the apps and write it anew with: elpis save`,
    { ...(cause !== undefined && { cause }), details: { file, why } },
  );
}

/** Something for a service manager that is not known here. */
export function noSuchPlatform(platform: string, known: readonly string[]): ElpisError {
  return new ElpisError(
    "ELPIS_CLI_NO_SUCH_PLATFORM",
    `nothing is known about starting at boot with "${platform}"; choose one with: --platform ${known.join("|")}`,
    { details: { platform, known: [...known] } },
  );
}

/** Some of several apps could not be dealt with. */
export function someFailed(
  what: string,
  failed: ReadonlyArray<{ readonly app: string; readonly message: string }>,
): ElpisError {
  const lines = failed.map(({ app, message }) => `  ${app}: ${message}`);
  return new ElpisError("ELPIS_CLI_SOME_FAILED", `${what} failed for:\n${lines.join("\n")}`, {
    details: { failed: failed.map(({ app, message }) => ({ app, message })) },
  });
}

/** What went wrong in a master, as it told; `fallback` is for what has no code of its own. */
export function fromMaster(data: ErrorData, fallback: string): ElpisError {
  const { code = fallback, message, details, retryable, cause } = data;
  return new ElpisError(code, message, {
    ...(details !== undefined && { details }),
    ...(retryable !== undefined && { retryable }),
    ...(cause !== undefined && { cause: fromMaster(cause, fallback) }),
  });
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}
