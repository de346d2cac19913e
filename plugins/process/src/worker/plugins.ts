import type { Client, PluginUse, Readiness } from "@elpis/api";

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
  gate: Readiness,
): Promise<Plugins | undefined> {
  if (plugins.length === 0) return undefined;
  // Loaded only by those who have plugins.
  const { bootPlugins, given } = await import("@elpis/core");
  const { readiness } = await import("@elpis/api");
  return bootPlugins({ plugins, client, given: [given(readiness, gate)] });
}
