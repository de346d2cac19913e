import type { Logger } from "@elpis/api";
import { createLogger } from "@elpis/core";
import { appStatus, findRunning } from "./apps.ts";
import type { CliContext } from "./context.ts";
import { alreadyRunning } from "./errors.ts";
import type { CommonOptions } from "./options.ts";
import { isVerbose, printError, say } from "./output/report.ts";
import type { AppDefinition, Master } from "./preset.ts";

/** Fails when an app of that name runs, before anything is started. @throws ELPIS_CLI_ALREADY_RUNNING */
export async function refuseWhenRunning(definition: AppDefinition): Promise<void> {
  const other = await findRunning(definition.name);
  if (other === undefined) return;
  // The directory of the app says more than that of its socket, but it takes an answer.
  const dir = await appStatus(other.name, 1000).then(
    (status) => status.dir,
    () => other.dir,
  );
  throw alreadyRunning(other.name, other.pid, dir);
}

/** What the master has to tell in the foreground goes to stderr. */
export function foregroundLogger(context: CliContext, options: CommonOptions): Logger {
  return createLogger({
    level: isVerbose(context, options) ? "debug" : "info",
    write: (line) => say(context, shortLine(line)),
  });
}

/** Begins a stop that nobody waits for; a failure of it is told, as there is no one else to take it. */
export function beginStop(context: CliContext, master: Master | undefined, now = false): void {
  master?.stop({ now }).catch((error: unknown) => printError(context, {}, error));
}

/** Without its time, which whoever keeps the line adds, and without a level that is the usual one. */
export function shortLine(line: string): string {
  const [, level = "", text = line] = /^\S+ (\w+) +(.*)$/s.exec(line) ?? [];
  return level === "" || level === "info" ? text : `${level}: ${text}`;
}

/** Settles like `work`, unless the time is up first: then with what `onTimeout` throws. */
export async function within<Value>(
  work: Promise<Value>,
  timeoutMs: number | undefined,
  onTimeout: (timeoutMs: number) => Error,
): Promise<Value> {
  if (timeoutMs === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onTimeout(timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
