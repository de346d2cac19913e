import { dirname } from "node:path";
import type { CliContext } from "../../context.ts";
import type { StartupOptions } from "../../options.ts";
import type { AppDefinition } from "../../preset.ts";
import type { Scope } from "./platform.ts";

/** What a file for a service manager is made from. Nothing of the environment, which may hold secrets, but folders. */
export interface UnitFacts {
  readonly app: string;
  /** The application's directory. */
  readonly dir: string;
  readonly scope: Scope;
  /** Whose processes they are; only with the scope `system`. */
  readonly user: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Where programs are looked for. */
  readonly path: string;
  /** `ELPIS_HOME`, where it was set. */
  readonly home: string | undefined;
  /** How long the app may take to get ready, and to stop, in seconds. */
  readonly startSeconds: number;
  readonly stopSeconds: number;
  /** Whether a process has `limits`, for which control groups of its own are needed. */
  readonly hasLimits: boolean;
}

/** Whatever is not counted: reading the config, opening and closing the hub. */
const START_SLACK_MS = 30_000;
const STOP_SLACK_MS = 5000;
/** From SIGTERM to SIGKILL, for each process that does not heed the first. */
const KILL_MS = 1000;
const STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Gathers the facts for an app. */
export function unitFacts(
  context: CliContext,
  definition: AppDefinition,
  options: StartupOptions,
  scope: Scope,
  user: string,
): UnitFacts {
  const { name, dir, file, processes } = definition;
  const { ELPIS_HOME: home } = context.env;
  const app = options.app === undefined ? [] : ["--app", options.app];
  return {
    app: name,
    dir,
    scope,
    user,
    command: [process.execPath, ...process.execArgv, context.bin, "run", file, ...app],
    path: `${dirname(process.execPath)}:${STANDARD_PATH}`,
    home: home === "" ? undefined : home,
    ...bounds(processes),
    hasLimits: processes.some(({ limits }) => limits !== undefined),
  };
}

/**
 * The longest that starting and stopping may take: processes come and go by name, the instances of one together. Every
 * one may use up its own bound, and be killed after it.
 */
export function bounds(
  processes: ReadonlyArray<{ readonly readyTimeoutMs: number; readonly stopTimeoutMs: number }>,
): Pick<UnitFacts, "startSeconds" | "stopSeconds"> {
  const start = processes.reduce((sum, one) => sum + one.readyTimeoutMs, START_SLACK_MS);
  const stop = processes.reduce((sum, one) => sum + one.stopTimeoutMs + KILL_MS, STOP_SLACK_MS);
  return { startSeconds: Math.ceil(start / 1000), stopSeconds: Math.ceil(stop / 1000) };
}
