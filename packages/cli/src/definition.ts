import { resolve } from "node:path";
import type { CliContext } from "./context.ts";
import { configUnreadable } from "./errors.ts";
import type { RunOptions, StartOptions } from "./options.ts";
import { type AppDefinition, type LoadOptions, loadConfig } from "./preset.ts";

/** Reads the app that a command line means. @throws ELPIS_CONFIG_… */
export function loadDefinition(
  context: CliContext,
  options: RunOptions & Pick<StartOptions, "instances">,
  dev = false,
): Promise<AppDefinition> {
  const path = options.config ?? options.path;
  return readConfig({
    cwd: context.cwd,
    dev,
    ...(path !== undefined && { path: resolve(context.cwd, path) }),
    ...(options.app !== undefined && { name: options.app }),
    ...(options.instances !== undefined && { scale: options.instances }),
  });
}

/** As `loadConfig`, where a path that the system refuses to look at is a config that is not there. */
export async function readConfig(options: LoadOptions): Promise<AppDefinition> {
  try {
    return await loadConfig(options);
  } catch (error) {
    const isRefused = error instanceof Error && "syscall" in error && error.syscall === "stat";
    throw isRefused ? configUnreadable(options.path ?? options.cwd ?? ".", error) : error;
  }
}
