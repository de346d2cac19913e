import type { Capability, Client, Logger, PluginUse } from "@elpis/api";
import { pluginError } from "../errors.ts";
import { createLogger } from "../logger.ts";
import { checkPlugins } from "./check.ts";
import { orderPlugins } from "./order.ts";
import { type PluginWorld, RunningPlugin } from "./plugin.ts";

export interface BootOptions {
  /** All that were picked; those for another role are checked and left out. */
  readonly plugins: readonly PluginUse[];
  readonly client: Client;
  readonly log?: Logger;
  /** Capabilities that are there without a plugin; see {@link given}. */
  readonly given?: readonly GivenCapability[];
}

/** A capability that whoever hosts plugins gives them. */
export interface GivenCapability {
  readonly token: Capability<unknown>;
  readonly value: unknown;
}

/** Gives a capability to plugins. @example createHub({ name, plugins, given: [given(clock, systemClock)] }) */
export function given<Value>(token: Capability<Value>, value: Value): GivenCapability {
  return { token, value };
}

/** The plugins of a process while they run. */
export interface RunningPlugins {
  /** Names, in the order they were set up. */
  readonly names: readonly string[];
  /** What a plugin of this process provides; undefined: none does. */
  find<Value>(token: Capability<Value>): Value | undefined;
  /** Closes in reverse order. @throws ELPIS_PLUGIN_CLOSE when any failed; all are closed nevertheless */
  close(): Promise<void>;
}

/**
 * Checks and starts the plugins of this process. When one fails, those that had started are closed.
 * @throws ELPIS_PLUGIN_API_LEVEL, _DUPLICATE, _OPTIONS, _DUPLICATE_CAPABILITY, _MISSING_CAPABILITY, _CYCLE, _SETUP, _TIMEOUT,
 * _NOT_PROVIDED
 */
export async function bootPlugins(options: BootOptions): Promise<RunningPlugins> {
  const { plugins, client, log = createLogger({ level: "warn" }) } = options;
  const checked = await checkPlugins(plugins);
  const { role } = client.location;
  const values = new Map((options.given ?? []).map(({ token, value }) => [token.id, value]));
  const here = checked.filter((use) => use.definition.roles.includes(role));
  const ordered = orderPlugins(here, new Set(values.keys()));
  const world: PluginWorld = { client, log, values };
  const running: RunningPlugin[] = [];
  try {
    for (const use of ordered) {
      const plugin = new RunningPlugin(use, world);
      running.push(plugin);
      await plugin.setup();
    }
    for (const plugin of running) await plugin.ready();
  } catch (error) {
    for (const failure of await closeAll(running)) log.error(failure.message);
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    names: running.map((plugin) => plugin.name),
    find: <Value>(token: Capability<Value>) => values.get(token.id) as Value | undefined,
    close: () => {
      closing ??= closeOrThrow(running);
      return closing;
    },
  };
}

async function closeAll(running: readonly RunningPlugin[]): Promise<Error[]> {
  const failures: Error[] = [];
  for (const plugin of [...running].reverse()) failures.push(...(await plugin.close()));
  return failures;
}

async function closeOrThrow(running: readonly RunningPlugin[]): Promise<void> {
  const failures = await closeAll(running);
  if (failures.length === 0) return;
  const first = failures[0] as Error & { details?: { plugin?: string } };
  throw pluginError(
    "CLOSE",
    first.details?.plugin ?? "unknown",
    `failed to close: ${failures.map((failure) => failure.message).join(" ")}`,
    failures.length === 1 ? first : new AggregateError(failures),
  );
}
