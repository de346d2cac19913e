import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { hasCode } from "@elpis/api";
import { runtimeDir } from "@elpis/core";
import type { CliContext } from "../context.ts";
import type { StartOptions } from "../options.ts";
import type { AppDefinition } from "../preset.ts";

/** How an app in the background was started, so that it can be started like that again. Never what was in its environment. */
export interface StartRecord {
  readonly app: string;
  /** Of the master that was started; in what `save` keeps it means nothing. */
  readonly pid?: number;
  /** The directory that the command was given in. */
  readonly cwd: string;
  /** Absolute. */
  readonly path?: string;
  /** Absolute. */
  readonly config?: string;
  /** The name that was given on the command line. */
  readonly name?: string;
  readonly instances?: number | "auto";
  /** How many of each process the config asked for. */
  readonly scale: Readonly<Record<string, number>>;
}

/** What there is to remember of a start. */
export function startRecord(
  context: CliContext,
  options: StartOptions,
  definition: AppDefinition,
): StartRecord {
  const { path, config, app, instances } = options;
  const { cwd } = context;
  return {
    app: definition.name,
    pid: process.pid,
    cwd,
    ...(path !== undefined && { path: resolve(cwd, path) }),
    ...(config !== undefined && { config: resolve(cwd, config) }),
    ...(app !== undefined && { name: app }),
    ...(instances !== undefined && { instances }),
    scale: Object.fromEntries(definition.processes.map(({ name, scale }) => [name, scale])),
  };
}

/** The options with which `elpis start` does the same again. */
export function optionsOf(record: StartRecord): StartOptions {
  const { path, config, name, instances } = record;
  return { path, config, app: name, instances };
}

/** Keeps the record beside the socket of the app, for this user only. */
export function keepRecord(record: StartRecord): void {
  const file = recordFile(record.app);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
  renameSync(draft, file);
}

/** How an app was started the last time; undefined when nobody knows. */
export function readRecord(app: string): StartRecord | undefined {
  try {
    return asRecord(JSON.parse(readFileSync(recordFile(app), "utf8")));
  } catch (error) {
    // There is none, it is half of one, or what was asked for cannot even be the name of an app.
    if (error instanceof SyntaxError || hasCode(error)) return undefined;
    if ((error as NodeJS.ErrnoException).syscall !== undefined) return undefined;
    throw error;
  }
}

/** A record that was read from a file, if it is one. */
export function asRecord(value: unknown): StartRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { app, pid, cwd, path, config, name, instances, scale } = value as Record<string, unknown>;
  const isCount = (found: unknown): found is number => Number.isSafeInteger(found);
  if (typeof app !== "string" || typeof cwd !== "string") return undefined;
  if (typeof scale !== "object" || scale === null) return undefined;
  return {
    app,
    ...(isCount(pid) && { pid }),
    cwd,
    ...(typeof path === "string" && { path }),
    ...(typeof config === "string" && { config }),
    ...(typeof name === "string" && { name }),
    ...((instances === "auto" || isCount(instances)) && { instances }),
    scale: Object.fromEntries(
      Object.entries(scale).filter((pair): pair is [string, number] => isCount(pair[1])),
    ),
  };
}

function recordFile(app: string): string {
  return join(runtimeDir(app), "started.json");
}
