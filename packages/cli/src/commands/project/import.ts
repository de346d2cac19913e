import { existsSync } from "node:fs";
import { configNotImported } from "../../errors.ts";

/** A config made from something else. */
export interface Imported {
  readonly source: string;
  /** What a person has to look at. */
  readonly notes: readonly string[];
}

/**
 * Makes a config out of what another tool starts an app with. What can read those is loaded only here.
 *
 * @throws ELPIS_CONFIG_NOT_FOUND, and what the reader of that file throws
 */
export async function importSource(file: string): Promise<Imported> {
  if (!existsSync(file)) throw configNotImported(file);
  const { importDefinition } = await import("../../import/import.ts");
  return importDefinition(file);
}
