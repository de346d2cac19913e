import type { Client, PluginUse } from "@elpis/api";

/** The plugins of this process. */
export interface Plugins {
  close(): Promise<void>;
}

/**
 * Starts those plugins of the configuration that are for processes of this role.
 *
 * @throws ELPIS_PLUGIN_…
 */
export async function startPlugins(
  client: Client,
  plugins: readonly PluginUse[],
): Promise<Plugins | undefined> {
  if (plugins.length === 0) return undefined;
  // Loaded only by those who have plugins.
  const { bootPlugins } = await import("@elpis/core");
  return bootPlugins({ plugins, client });
}
