import type { AppConfig } from "../config/types.ts";
import { configLoadFailed } from "../errors.ts";
import { Declarations, type Procfile, type ProcfileContext } from "./accessor.ts";

/** What a procfile exports. A configuration that it returns is used instead of what it declared. */
export type ProcfileFunction = (procfile: Procfile) => unknown;

/**
 * Runs the function of a procfile and turns what it declared into a configuration.
 *
 * @throws ELPIS_CONFIG_LOAD_FAILED
 */
export async function evaluateProcfile(
  declare: ProcfileFunction,
  file: string,
  context: ProcfileContext,
): Promise<AppConfig> {
  const declarations = new Declarations(context);
  let returned: unknown;
  try {
    returned = await declare(declarations);
  } catch (cause) {
    throw configLoadFailed(file, cause);
  }
  if (isConfig(returned)) return returned;
  return declarations.toConfig();
}

function isConfig(value: unknown): value is AppConfig {
  return (
    typeof value === "object" && value !== null && ("processes" in value || "services" in value)
  );
}
