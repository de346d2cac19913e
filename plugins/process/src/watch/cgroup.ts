import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A control group of its own for one process. */
export interface ControlGroup {
  readonly dir: string;
  /** Removes it, and those above it that nobody uses any more. To be called when its process is gone. */
  remove(): void;
}

/** What a control group holds its process to. */
export interface GroupLimits {
  readonly memoryBytes?: number;
  /** Processors. */
  readonly cpu?: number;
}

/** Where the system keeps control groups, and which one this process is in. */
export interface GroupPlaces {
  /** @default "/sys/fs/cgroup" */
  readonly root?: string;
  /** @default "/proc/self/cgroup" */
  readonly ownFile?: string;
}

/** The kernel counts processor time in periods; this is its own default, in microseconds. */
const CPU_PERIOD_US = 100_000;

/**
 * Puts a process into a control group of its own. Only version 2 is understood; it throws where the system has another one,
 * or does not let us.
 */
export function limitByGroup(
  pid: number,
  path: readonly string[],
  limits: GroupLimits,
  places: GroupPlaces = {},
): ControlGroup {
  const { root = "/sys/fs/cgroup", ownFile = "/proc/self/cgroup" } = places;
  const wanted = [
    ...(limits.memoryBytes === undefined ? [] : ["memory"]),
    ...(limits.cpu === undefined ? [] : ["cpu"]),
  ];
  const base = findBase(root, ownFile, wanted);
  const dirs = path.map((_, at) => join(base, ...path.slice(0, at + 1)));
  const dir = dirs.at(-1) ?? base;
  const group = { dir, remove: () => removeEmpty(dirs) };
  try {
    for (const above of [base, ...dirs.slice(0, -1)]) {
      mkdirSync(above, { recursive: true });
      enable(above, wanted);
    }
    mkdirSync(dir, { recursive: true });
    for (const [name, value] of settingsOf(limits)) writeFileSync(join(dir, name), value);
    writeFileSync(join(dir, "cgroup.procs"), String(pid));
  } catch (error) {
    group.remove();
    throw error;
  }
  return group;
}

function settingsOf({ memoryBytes, cpu }: GroupLimits): [string, string][] {
  return [
    ...(memoryBytes === undefined ? [] : [["memory.max", String(memoryBytes)] as [string, string]]),
    ...(cpu === undefined
      ? []
      : [["cpu.max", `${Math.round(cpu * CPU_PERIOD_US)} ${CPU_PERIOD_US}`] as [string, string]]),
  ];
}

/** The highest group in which we may make others; the group of this process is one that may have been left to us. */
function findBase(root: string, ownFile: string, wanted: readonly string[]): string {
  const offered = read(join(root, "cgroup.controllers"));
  if (offered === undefined) throw new Error("the system has no control groups of version 2");
  const missing = wanted.filter((name) => !offered.split(/\s+/).includes(name));
  if (missing.length > 0) throw new Error(`the system does not offer ${missing.join(" and ")}`);
  const [, own = "/"] = /^0::(.*)$/m.exec(read(ownFile) ?? "") ?? [];
  const base = [root, join(root, own)].find((dir) => isWritable(dir));
  if (base === undefined) throw new Error("this user may not make control groups");
  return base;
}

/** Lets the groups below use the controllers that are wanted. */
function enable(dir: string, wanted: readonly string[]): void {
  const file = join(dir, "cgroup.subtree_control");
  const enabled = (read(file) ?? "").split(/\s+/);
  const missing = wanted.filter((name) => !enabled.includes(name));
  if (missing.length > 0) writeFileSync(file, missing.map((name) => `+${name}`).join(" "));
}

function removeEmpty(dirs: readonly string[]): void {
  for (const dir of [...dirs].reverse()) {
    try {
      rmdirSync(dir);
    } catch {
      // Somebody else is in it, or it never came to be.
      return;
    }
  }
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    accessSync(join(dir, "cgroup.subtree_control"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
