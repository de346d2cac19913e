import { lstatSync } from "node:fs";
import { type CallOptions, type Client, type ErrorData, hasCode } from "@elpis/api";
import { connectTo, createLogger, findHubs, runtimeBase } from "@elpis/core";
import type { CliContext } from "./context.ts";
import {
  forbidden,
  fromMaster,
  masterSilent,
  masterTooOld,
  noPlugin,
  notRunning,
  whichApp,
} from "./errors.ts";
import type { CommonOptions } from "./options.ts";
import type { ControlTopics, LogsTopics, MasterStatus } from "./preset.ts";

/** Topics that plugins answer, by how they begin, and the plugin. */
const PLUGIN_TOPICS = {
  "elpis.logs.": "logs",
  "elpis.tasks.": "schedule",
  "elpis.trace.": "trace",
};

/** An app that left its traces here; `alive` tells whether its master's process is there. */
export interface AppRecord {
  readonly name: string;
  readonly dir: string;
  readonly pid: number;
  readonly alive: boolean;
}

/** All apps of this user, by name. @throws ELPIS_CLI_FORBIDDEN when their folder is somebody else's */
export async function findApps(): Promise<AppRecord[]> {
  refuseForeignFolder(runtimeBase());
  const found = await findHubs();
  return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** In a folder of somebody else nothing can be seen, which must not look as if nothing ran. */
function refuseForeignFolder(base: string): void {
  const own = process.getuid?.();
  const uid = lstatSync(base, { throwIfNoEntry: false })?.uid;
  if (uid === undefined || own === undefined || uid === own) return;
  throw forbidden(
    `the folder of running apps belongs to user ${uid}, and this is user ${own}`,
    base,
    `run the command as that user, or set ELPIS_HOME to a folder of your own`,
  );
}

/** The app of that name, when it runs. */
export async function findRunning(name: string): Promise<AppRecord | undefined> {
  const wanted = name.toLowerCase();
  return (await findApps()).find((app) => app.alive && app.name.toLowerCase() === wanted);
}

/** What a master may be asked, with the plugins that the command line knows. */
type MasterTopics = ControlTopics & LogsTopics;

/** A line to the master of an app. */
export interface MasterLine {
  readonly client: Client<MasterTopics>;
  /** What every request takes: whom to ask, and how long. */
  readonly call: CallOptions;
}

const CONNECT_MS = 10_000;

/**
 * Talks to the master of an app and hangs up.
 *
 * @throws ELPIS_HUB_UNREACHABLE, ELPIS_CLI_TIMEOUT when it is there but does not answer, and what `work` throws
 */
export async function withMaster<Answer>(
  app: string,
  timeoutMs: number,
  work: (line: MasterLine) => Promise<Answer>,
): Promise<Answer> {
  const client = await openLine(app, Math.min(timeoutMs, CONNECT_MS));
  try {
    return await work({ client, call: { to: { role: "master" }, timeoutMs } });
  } catch (error) {
    throw asMasterSaid(app, error);
  } finally {
    await client.close();
  }
}

function openLine(app: string, timeoutMs: number): Promise<Client<MasterTopics>> {
  return open<MasterTopics>(app, timeoutMs, false);
}

/** A connection to an app that comes back when the app does; the caller closes it. @throws as {@link withMaster} */
export function openLasting<Topics>(app: string, timeoutMs: number): Promise<Client<Topics>> {
  return open<Topics>(app, Math.min(timeoutMs, CONNECT_MS), true);
}

async function open<Topics>(
  app: string,
  timeoutMs: number,
  reconnect: boolean,
): Promise<Client<Topics>> {
  try {
    const location = { name: "elpis" };
    // What becomes of a lasting connection is said by whoever opens it.
    const log = createLogger({ level: reconnect ? "silent" : "warn" });
    return await connectTo<Topics>(app, { location, timeoutMs, reconnect, log });
  } catch (error) {
    // A connection that was made and never welcomed: the kernel took it, the master did not.
    throw hasCode(error, "ELPIS_HUB_CLOSED") ? masterSilent(app, timeoutMs, error) : error;
  }
}

/** The hub hides codes of ours in errors of handlers, as any peer could make them up. The master is who we asked. */
export function asMasterSaid(app: string, error: unknown): unknown {
  if (hasCode(error, "ELPIS_HUB_REMOTE")) {
    return fromMaster(error.details.remote as ErrorData, "ELPIS_HUB_REMOTE");
  }
  const topic = hasCode(error, "ELPIS_HUB_NO_RESPONDER") ? error.details.topic : undefined;
  // Who asks for the status wants to know the difference.
  if (typeof topic !== "string" || topic === "elpis.status") return error;
  const plugin = Object.entries(PLUGIN_TOPICS).find(([prefix]) => topic.startsWith(prefix))?.[1];
  return plugin === undefined ? masterTooOld(app, topic) : noPlugin(app, plugin);
}

/** How an app is. @throws ELPIS_HUB_UNREACHABLE, ELPIS_HUB_DEADLINE, ELPIS_HUB_NO_RESPONDER */
export function appStatus(app: string, timeoutMs = 5000): Promise<MasterStatus> {
  return withMaster(app, timeoutMs, ({ client, call }) => client.request("elpis.status", {}, call));
}

/**
 * The running app that a command means: the named one, else that of the config in the current directory, else the only
 * one there is.
 *
 * @throws ELPIS_CLI_NOT_RUNNING, ELPIS_CLI_WHICH_APP
 */
export async function pickApp(
  context: CliContext,
  options: CommonOptions,
  named: string | undefined,
): Promise<AppRecord> {
  const running = (await findApps()).filter((app) => app.alive);
  const names = running.map((app) => app.name);
  const wanted = named ?? options.app ?? (await nameFromConfig(context, options));
  if (wanted === undefined) {
    const [only, ...others] = running;
    if (only === undefined || others.length > 0) throw whichApp(names);
    return only;
  }
  const found = running.find((app) => app.name.toLowerCase() === wanted.toLowerCase());
  if (found === undefined) throw notRunning(wanted, names);
  return found;
}

/** The name in the config. Without `--config`, a directory with no config or a broken one is no reason to fail. */
export async function nameFromConfig(
  context: CliContext,
  options: CommonOptions,
): Promise<string | undefined> {
  // Loaded here, because a command that names its app need not wait for what reads configurations.
  const { readConfig } = await import("./definition.ts");
  try {
    const { config: path } = options;
    return (await readConfig({ cwd: context.cwd, ...(path !== undefined && { path }) })).name;
  } catch (error) {
    if (options.config === undefined && isConfigError(error)) return undefined;
    throw error;
  }
}

function isConfigError(error: unknown): boolean {
  return hasCode(error) && error.code.startsWith("ELPIS_CONFIG_");
}
