import { runtimeDir } from "@elpis/core";
import { findLockOwner } from "@elpis/core/internal";
import { endProcess, lives } from "./ending.ts";
import type { SavedUnit } from "./state.ts";
import { readState, removeState } from "./state-file.ts";

/** What goes on after its master has died. */
export interface Survivors {
  readonly app: string;
  readonly dir: string;
  /** Of the master that had started them, or taken them over, last. */
  readonly masterPid: number;
  /** Where the application lives; its configuration. */
  readonly appDir: string;
  readonly file: string;
  /** Those that run. */
  readonly units: readonly Omit<SavedUnit, "token">[];
}

/**
 * Processes of an application that run although no master does; undefined: there are none. `dir`: the runtime folder of
 * the application. @default runtimeDir(name)
 */
export function findSurvivors(name: string, dir: string = runtimeDir(name)): Survivors | undefined {
  if (findLockOwner(dir) !== undefined) return undefined;
  const state = readState(dir);
  if (state === undefined) return undefined;
  const units = state.units.filter(lives).map(({ token: _, ...unit }) => unit);
  const app = state.versions.find(({ version }) => version === state.version)?.app;
  if (units.length === 0 || app === undefined) return undefined;
  const { dir: appDir, file } = app;
  return { app: state.app, dir, masterPid: state.master.pid, appDir, file, units };
}

/**
 * Ends the processes of an application that run although no master does: each finishes what it has within its
 * `stopTimeout`, and is killed after. Resolves with the pids of those that were ended.
 */
export async function endSurvivors(
  name: string,
  options: { readonly now?: boolean; readonly dir?: string } = {},
): Promise<readonly number[]> {
  const found = findSurvivors(name, options.dir);
  if (found === undefined) return [];
  await Promise.all(
    found.units.map((unit) => endProcess(unit, options.now === true ? 0 : unit.stopTimeoutMs)),
  );
  removeState(found.dir);
  return found.units.map(({ pid }) => pid);
}
