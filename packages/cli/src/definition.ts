import { resolve } from "node:path";
import type { CliContext } from "./context.ts";
import { configUnreadable } from "./errors.ts";
import type { RunOptions, StartOptions } from "./options.ts";
import {
  type AppDefinition,
  type Explanation,
  explainConfig,
  type LoadOptions,
  loadConfig,
} from "./preset.ts";

/** Reads the app that a command line means. @throws ELPIS_CONFIG_… */
export function loadDefinition(
  context: CliContext,
  options: RunOptions & Pick<StartOptions, "instances">,
  dev = false,
): Promise<AppDefinition> {
  return readConfig({ ...whatToRead(context, options), dev });
}

/** Says of the app that a command line means what it is configured with, and by what. @throws ELPIS_CONFIG_… */
export function explainDefinition(context: CliContext, options: RunOptions): Promise<Explanation> {
  const wish = whatToRead(context, options);
  return readable(wish, explainConfig(wish));
}

function whatToRead(
  context: CliContext,
  options: RunOptions & Pick<StartOptions, "instances">,
): LoadOptions {
  const path = options.config ?? options.path;
  return {
    cwd: context.cwd,
    ...(path !== undefined && { path: resolve(context.cwd, path) }),
    ...(options.app !== undefined && { name: options.app }),
    ...(options.instances !== undefined && { scale: options.instances }),
  };
}

/** As `loadConfig`, where a path that the system refuses to look at is a config that is not there. */
export function readConfig(options: LoadOptions): Promise<AppDefinition> {
  return readable(options, loadConfig(options));
}

async function readable<Value>(options: LoadOptions, reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    // The file may have been looked for in a child, from which only the words of an error come back.
    const isRefused = error instanceof Error && /^E[A-Z]+: .*, stat '/.test(error.message);
    throw isRefused ? configUnreadable(options.path ?? options.cwd ?? ".", error) : error;
  }
}
