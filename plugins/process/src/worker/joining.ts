import type { ConfigReading, ProcessDefinition, ReadyMode } from "../config/types.ts";
import { JOINING } from "../environment.ts";

/** What the master said at the start of this process. */
export interface Joining {
  readonly hubFd: number;
  readonly ready: ReadyMode;
  readonly stopTimeoutMs: number;
  readonly readyTimeoutMs: number;
  /** 0: nobody wants to hear. */
  readonly heartbeatMs: number;
  readonly uncaught: ProcessDefinition["uncaught"];
  /** The configuration, when it is to be read, and how. */
  readonly config: JoiningConfig | undefined;
  /** Who it is to the next master; undefined: it leaves when its own does. */
  readonly returning: string | undefined;
}

/** See {@link Joining}. */
export interface JoiningConfig {
  readonly file: string;
  readonly reading: Partial<ConfigReading>;
}

/**
 * Reads what the master said, and removes it: a process that this one starts is not a worker, and must not take itself
 * for one. Undefined in a process that no master has started.
 */
export function takeJoining(ownUrl: string): Joining | undefined {
  const { env } = process;
  const found = new Map(Object.values(JOINING).map((name) => [name, env[name]]));
  for (const name of Object.values(JOINING)) delete env[name];
  removeImport(ownUrl);
  const hubFd = found.get(JOINING.hubFd);
  if (hubFd === undefined) return undefined;
  return {
    hubFd: Number(hubFd),
    ready: (found.get(JOINING.ready) ?? "module") as ReadyMode,
    stopTimeoutMs: Number(found.get(JOINING.stopTimeoutMs)),
    readyTimeoutMs: Number(found.get(JOINING.readyTimeoutMs) ?? 0),
    heartbeatMs: Number(found.get(JOINING.heartbeatMs) ?? 0),
    uncaught: found.get(JOINING.uncaught) === "replace" ? "replace" : "exit",
    config: configOf(found.get(JOINING.configFile), found.get(JOINING.configReading)),
    returning: found.get(JOINING.returning),
  };
}

function configOf(
  file: string | undefined,
  reading: string | undefined,
): JoiningConfig | undefined {
  if (file === undefined) return undefined;
  return { file, reading: JSON.parse(reading ?? "{}") as Partial<ConfigReading> };
}

// child_process.fork hands execArgv on.
function removeImport(url: string): void {
  const { execArgv } = process;
  const at = execArgv.findIndex((arg, index) => arg === url && execArgv[index - 1] === "--import");
  if (at > 0) execArgv.splice(at - 1, 2);
}
