import { type CallOptions, type Client, hasCode } from "@elpis/api";
import { connectTo, findHubs } from "@elpis/core";
import type { CliContext } from "./context.ts";
import { readConfig } from "./definition.ts";
import { notRunning, whichApp } from "./errors.ts";
import type { CommonOptions } from "./options.ts";
import type { ControlTopics, MasterStatus } from "./preset.ts";

/** An app that left its traces here; `alive` tells whether its master's process is there. */
export interface AppRecord {
  readonly name: string;
  readonly dir: string;
  readonly pid: number;
  readonly alive: boolean;
}

/** All apps of this user, by name. */
export async function findApps(): Promise<AppRecord[]> {
  const found = await findHubs();
  return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The app of that name, when it runs. */
export async function findRunning(name: string): Promise<AppRecord | undefined> {
  const wanted = name.toLowerCase();
  return (await findApps()).find((app) => app.alive && app.name.toLowerCase() === wanted);
}

/** Talks to the master of an app and hangs up. @throws ELPIS_HUB_UNREACHABLE and what `work` throws */
async function withMaster<Answer>(
  app: string,
  timeoutMs: number,
  work: (client: Client<ControlTopics>, options: CallOptions) => Promise<Answer>,
): Promise<Answer> {
  const client = await connectTo<ControlTopics>(app, {
    location: { name: "elpis" },
    timeoutMs,
    reconnect: false,
  });
  try {
    return await work(client, { to: { role: "master" }, timeoutMs });
  } finally {
    await client.close();
  }
}

/** How an app is. @throws ELPIS_HUB_UNREACHABLE, ELPIS_HUB_DEADLINE, ELPIS_HUB_NO_RESPONDER */
export function appStatus(app: string, timeoutMs = 5000): Promise<MasterStatus> {
  return withMaster(app, timeoutMs, (client, options) =>
    client.request("elpis.status", {}, options),
  );
}

/** Asks an app to stop; resolves when all its processes are gone. @throws ELPIS_HUB_… */
export async function askToStop(app: string, now: boolean, timeoutMs: number): Promise<void> {
  await withMaster(app, timeoutMs, (client, options) =>
    client.request("elpis.stop", { now }, options),
  );
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
