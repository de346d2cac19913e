import type { Client } from "@elpis/api";

/** The plugins of this process. */
export interface Plugins {
  close(): Promise<void>;
}

/**
 * Starts those plugins of the configuration that are for processes of this role.
 *
 * @throws ELPIS_CONFIG_LOAD_FAILED, ELPIS_CONFIG_INVALID, ELPIS_PLUGIN_…
 */
export async function startPlugins(
  client: Client,
  configFile: string | undefined,
): Promise<Plugins | undefined> {
  if (configFile === undefined) return undefined;
  // Loaded only by those who have plugins.
  const { loadConfig } = await import("../config/load.ts");
  const { bootPlugins } = await import("@elpis/core");
  const { plugins } = await loadConfig({ path: configFile });
  return bootPlugins({ plugins, client });
}
