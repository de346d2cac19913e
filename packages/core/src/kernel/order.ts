import type { PluginUse } from "@elpis/api";
import { pluginError } from "../errors.ts";

/**
 * Puts plugins into an order in which each comes after those that provide what it needs; otherwise as listed.
 * @throws ELPIS_PLUGIN_DUPLICATE_CAPABILITY, ELPIS_PLUGIN_MISSING_CAPABILITY, ELPIS_PLUGIN_CYCLE
 */
export function orderPlugins(uses: readonly PluginUse[]): PluginUse[] {
  const providers = findProviders(uses);
  const ordered: PluginUse[] = [];
  const open: PluginUse[] = [];
  const visit = (use: PluginUse): void => {
    if (ordered.includes(use)) return;
    if (open.includes(use)) throw cycle([...open.slice(open.indexOf(use)), use]);
    open.push(use);
    for (const { id } of use.definition.needs ?? []) {
      const provider = providers.get(id);
      if (provider === undefined) throw missing(use, id);
      visit(provider);
    }
    open.pop();
    ordered.push(use);
  };
  for (const use of uses) visit(use);
  return ordered;
}

function findProviders(uses: readonly PluginUse[]): Map<string, PluginUse> {
  const providers = new Map<string, PluginUse>();
  for (const use of uses) {
    for (const { id } of use.definition.provides ?? []) {
      const other = providers.get(id);
      if (other !== undefined) {
        throw pluginError(
          "DUPLICATE_CAPABILITY",
          use.definition.name,
          `provides "${id}", which "${other.definition.name}" provides already; pick one of them`,
        );
      }
      providers.set(id, use);
    }
  }
  return providers;
}

function missing(use: PluginUse, id: string): Error {
  return pluginError(
    "MISSING_CAPABILITY",
    use.definition.name,
    `needs "${id}", which no plugin of this process provides; add the plugin that does`,
  );
}

function cycle(path: readonly PluginUse[]): Error {
  const names = path.map((use) => use.definition.name);
  return pluginError("CYCLE", names[0] as string, `needs itself: ${names.join(" → ")}`);
}
