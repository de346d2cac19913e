import type { LoadedHere } from "../config/here.ts";
import { IDENTITY } from "../environment.ts";
import type { JoiningConfig } from "./joining.ts";

/**
 * Reads the configuration once more, as the master has: plugins, classes and functions cannot be handed over. Undefined in
 * a process that needs nothing of it.
 *
 * @throws ELPIS_CONFIG_LOAD_FAILED, ELPIS_CONFIG_INVALID
 */
export async function readConfiguration(
  config: JoiningConfig | undefined,
): Promise<LoadedHere | undefined> {
  if (config === undefined) return undefined;
  // Loaded only by those who need it.
  const { loadHere } = await import("../config/here.ts");
  const { dev = false, sources = [] } = config.reading;
  const name = process.env[IDENTITY.app];
  return loadHere({ path: config.file, dev, sources, ...(name !== undefined && { name }) });
}
