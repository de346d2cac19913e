import type { PluginUse } from "@elpis/api";
import { pluginError } from "../errors.ts";

/**
 * Puts plugins into an order in which each comes after those that provide what it needs or wants; otherwise as listed.
 *
 * @param given capabilities that are there without a plugin
 * @throws ELPIS_PLUGIN_DUPLICATE_CAPABILITY, ELPIS_PLUGIN_MISSING_CAPABILITY, ELPIS_PLUGIN_CYCLE
 */
export function orderPlugins(
  uses: readonly PluginUse[],
  given: ReadonlySet<string> = new Set(),
): PluginUse[] {
  const providers = findProviders(uses, given);
  const ordered: PluginUse[] = [];
  const open: PluginUse[] = [];
  const visit = (use: PluginUse): void => {
    if (ordered.includes(use)) return;
    if (open.includes(use)) throw cycle([...open.slice(open.indexOf(use)), use]);
    open.push(use);
    const { needs = [], wants = [] } = use.definition;
    for (const { id } of needs) {
      if (given.has(id)) continue;
      const provider = providers.get(id);
      if (provider === undefined) throw missing(use, id);
      visit(provider);
    }
    for (const { id } of wants) {
      const provider = providers.get(id);
      if (provider !== undefined) visit(provider);
    }
    open.pop();
    ordered.push(use);
  };
  for (const use of uses) visit(use);
  return ordered;
}

function findProviders(
  uses: readonly PluginUse[],
  given: ReadonlySet<string>,
): Map<string, PluginUse> {
  const providers = new Map<string, PluginUse>();
  for (const use of uses) {
    for (const { id } of use.definition.provides ?? []) {
      if (given.has(id)) throw doubled(use, id, "whoever runs it has");
      const other = providers.get(id);
      if (other !== undefined) throw doubled(use, id, `"${other.definition.name}" provides`);
      providers.set(id, use);
    }
  }
  return providers;
}

function doubled({ definition }: PluginUse, id: string, who: string): Error {
  return pluginError(
    "DUPLICATE_CAPABILITY",
    definition.name,
    `provides "${id}", which ${who} already; pick one of them`,
  );
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
