import type { AppDefinition } from "../config/types.ts";
import type { ExitCause, ExitStatus, InstanceState } from "../status.ts";

/** The number of this form of the file. */
export const STATE_FORMAT = 1;

/** A process that runs. Number and start time together name it: numbers are used again. */
export interface SavedProcess {
  readonly pid: number;
  /** As the system tells it; undefined where it does not. */
  readonly startTime?: string;
}

/** A process of an instance, and what its supervisor knows of it. */
export interface SavedUnit extends SavedProcess {
  readonly name: string;
  readonly index: number;
  readonly epoch: number;
  /** What it has in the instance: its place, or it is about to take it, or has left it. */
  readonly place: "current" | "successor" | "leaving";
  readonly state: InstanceState;
  /** Number of the release that it was started with. */
  readonly version: number;
  /** In milliseconds since 1970. */
  readonly spawnedAt: number;
  readonly stopTimeoutMs: number;
  /** What it proves with who it is; only of an application that survives its master. */
  readonly token?: string;
}

/** An instance, whether or not anything runs in it. */
export interface SavedSlot {
  readonly name: string;
  readonly index: number;
  readonly state: InstanceState;
  /** Number of its latest start. */
  readonly epoch: number;
  readonly causes: Readonly<Partial<Record<ExitCause, number>>>;
  readonly lastExit?: ExitStatus;
  /** Failures in a row, and when those within the period were, in milliseconds since 1970. */
  readonly attempt: number;
  readonly failures: readonly number[];
  readonly healing: boolean;
  /** What it listens on. */
  readonly ports: readonly { readonly address: string; readonly port: number }[];
}

/** A definition of the application, without its plugins. */
export interface SavedVersion {
  readonly version: number;
  readonly app: AppDefinition;
  readonly good: boolean;
  readonly at: number;
}

/** The application as its master has last written it down. */
export interface SavedState {
  readonly format: typeof STATE_FORMAT;
  readonly app: string;
  readonly master: SavedProcess;
  readonly survive: boolean;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** The number in force, and the one that the next definition gets. */
  readonly version: number;
  readonly nextVersion: number;
  readonly versions: readonly SavedVersion[];
  readonly slots: readonly SavedSlot[];
  readonly units: readonly SavedUnit[];
}

/** Reads what a state file says; undefined: it is damaged, or not one of ours. */
export function parseState(text: string): SavedState | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return isState(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

type Raw = Readonly<Record<string, unknown>>;

function isState(value: unknown): value is SavedState {
  if (!isObject(value)) return false;
  const { format, app, master, versions, slots, units, version } = value;
  return (
    format === STATE_FORMAT &&
    typeof app === "string" &&
    isProcess(master) &&
    isList(versions, isVersion) &&
    versions.some((one) => one.version === version) &&
    isList(slots, isPlace) &&
    isList(units, isUnit)
  );
}

function isObject(value: unknown): value is Raw {
  return typeof value === "object" && value !== null;
}

function isList(value: unknown, test: (item: unknown) => boolean): value is Raw[] {
  return Array.isArray(value) && value.every(test);
}

/** A number below 2 would mean everybody, or the first process of the system, when it is sent a signal. */
function isProcess(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { pid, startTime } = value;
  return Number.isSafeInteger(pid) && (pid as number) > 1 && isOptional(startTime, "string");
}

function isVersion(value: unknown): boolean {
  return (
    isObject(value) &&
    Number.isSafeInteger(value.version) &&
    isObject(value.app) &&
    Array.isArray(value.app.processes)
  );
}

function isPlace(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.name === "string" &&
    Number.isSafeInteger(value.index) &&
    Number.isSafeInteger(value.epoch)
  );
}

function isUnit(value: unknown): boolean {
  return isPlace(value) && isProcess(value) && isOptional((value as Raw).token, "string");
}

function isOptional(value: unknown, type: "string"): boolean {
  return value === undefined || typeof value === type;
}
