import type { ReadyMode } from "../config/types.ts";
import { JOINING } from "../environment.ts";

/** What the master said at the start of this process. */
export interface Joining {
  readonly hubFd: number;
  readonly ready: ReadyMode;
  readonly stopTimeoutMs: number;
  readonly configFile: string | undefined;
}

/**
 * Reads what the master said, and removes it: a process that this one starts is not a worker, and must not take itself
 * for one. Undefined in a process that no master has started.
 */
export function takeJoining(ownUrl: string): Joining | undefined {
  const { env } = process;
  const found = Object.values(JOINING).map((name) => env[name]);
  for (const name of Object.values(JOINING)) delete env[name];
  removeImport(ownUrl);
  const [hubFd, ready, stopTimeoutMs, configFile] = found;
  if (hubFd === undefined) return undefined;
  return {
    hubFd: Number(hubFd),
    ready: (ready ?? "module") as ReadyMode,
    stopTimeoutMs: Number(stopTimeoutMs),
    configFile,
  };
}

// child_process.fork hands execArgv on.
function removeImport(url: string): void {
  const { execArgv } = process;
  const at = execArgv.findIndex((arg, index) => arg === url && execArgv[index - 1] === "--import");
  if (at > 0) execArgv.splice(at - 1, 2);
}
