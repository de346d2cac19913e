import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { forbidden, nothingSaved, savedUnreadable } from "../errors.ts";
import { asRecord, type StartRecord } from "./start-record.ts";

/** An app as `save` keeps it. */
export interface SavedApp extends StartRecord {
  /** Where somebody has scaled it: how many there were. The others are what the config asks for. */
  readonly scaled: Readonly<Record<string, number>>;
}

/**
 * The folder that survives a restart of the machine: `$ELPIS_HOME`, else `$XDG_STATE_HOME/elpis`, else
 * `~/.local/state/elpis`.
 */
export function stateDir(env: NodeJS.ProcessEnv): string {
  const { ELPIS_HOME: home, XDG_STATE_HOME: state, LOCALAPPDATA: local } = env;
  if (home !== undefined && home !== "") return home;
  if (state !== undefined && state !== "") return join(state, "elpis");
  if (process.platform === "win32" && local !== undefined) return join(local, "elpis");
  return join(homedir(), ".local", "state", "elpis");
}

/** The file of `save`. Its dot keeps it apart from the folder of an app. */
export function savedFile(env: NodeJS.ProcessEnv): string {
  return join(stateDir(env), ".saved.json");
}

/** Writes what is saved, for this user only; whoever reads meanwhile sees all of the old or all of the new. */
export function writeSaved(file: string, apps: readonly SavedApp[]): void {
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify({ version: 1, apps }, undefined, 2)}\n`, {
      mode: 0o600,
    });
    renameSync(draft, file);
  } catch (cause) {
    const why = (cause as Error).message;
    const hint = "set ELPIS_HOME or XDG_STATE_HOME to a folder of your own";
    throw forbidden(`the apps cannot be saved (${why})`, file, hint, cause);
  }
}

/** @throws ELPIS_CLI_NOTHING_SAVED, ELPIS_CLI_SAVED_UNREADABLE */
export function readSaved(file: string): SavedApp[] {
  const text = readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw savedUnreadable(file, "it is no JSON", cause);
  }
  const { version, apps } = (value ?? {}) as { version?: unknown; apps?: unknown };
  if (version !== 1 || !Array.isArray(apps))
    throw savedUnreadable(file, "it is not what save writes");
  return apps.map((app) => asSaved(app) ?? fail(file));
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") throw nothingSaved(file);
    throw savedUnreadable(file, (cause as Error).message, cause);
  }
}

function asSaved(value: unknown): SavedApp | undefined {
  const record = asRecord(value);
  const scaled = asRecord({ ...(value as object), scale: (value as { scaled?: unknown })?.scaled });
  return record && scaled && { ...record, scaled: scaled.scale };
}

function fail(file: string): never {
  throw savedUnreadable(file, "one of its apps has no name, no directory or no numbers");
}
