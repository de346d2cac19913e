import { resolve } from "node:path";
import type { CliContext } from "./context.ts";
import type { RunOptions, StartOptions } from "./options.ts";
import { type AppDefinition, loadConfig } from "./preset.ts";

/** Reads the app that a command line means. @throws ELPIS_CONFIG_… */
export function loadDefinition(
  context: CliContext,
  options: RunOptions & Pick<StartOptions, "instances">,
  dev = false,
): Promise<AppDefinition> {
  const path = options.config ?? options.path;
  return loadConfig({
    cwd: context.cwd,
    dev,
    ...(path !== undefined && { path: resolve(context.cwd, path) }),
    ...(options.app !== undefined && { name: options.app }),
    ...(options.instances !== undefined && { scale: options.instances }),
  });
}
