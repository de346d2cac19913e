import { askChild } from "./child.ts";
import { loadHere } from "./here.ts";
import type { LoadOptions } from "./options.ts";
import type { AppDefinition } from "./types.ts";

/**
 * Finds, evaluates and checks the configuration of an application.
 *
 * @throws ELPIS_CONFIG_NOT_FOUND, ELPIS_CONFIG_LOAD_FAILED, ELPIS_CONFIG_INVALID, and what is wrong with its plugins
 */
export async function loadConfig(options: LoadOptions = {}): Promise<AppDefinition> {
  if (options.evaluate === "here") {
    const { definition, notes } = await loadHere(options);
    tell(notes, options);
    return definition;
  }
  const { definition, notes } = await askChild("definition", options);
  tell(notes, options);
  if (definition.reading?.pluginRoles.includes("master") !== true) return definition;
  // Plugins are functions, and these have to run here.
  const { plugins } = (await loadHere(options)).definition;
  return { ...definition, plugins };
}

/** Hands notes on to whoever wants them. */
export function tell(notes: readonly string[], options: LoadOptions): void {
  const { onNote = (note: string): void => void process.stderr.write(`elpis: ${note}\n`) } =
    options;
  for (const note of notes) onNote(note);
}
