import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ControlGroups, FoundPackage, Space } from "./system.ts";

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/** The highest number of open files; undefined where the system does not tell. */
export function openFilesLimit(): number | undefined {
  if (process.platform === "win32") return undefined;
  try {
    const line = /^Max open files +(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return toLimit(line);
  } catch {
    return toLimit(execFileSync("/bin/sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim());
  }
}

function toLimit(text: string | undefined): number | undefined {
  if (text === "unlimited") return Number.MAX_SAFE_INTEGER;
  const limit = Number(text);
  return Number.isFinite(limit) ? limit : undefined;
}

/** What is known of the file system of a folder, or of the next one above it that is there. */
export function spaceOf(dir: string): Space | undefined {
  try {
    let at = dir;
    while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
    const { bavail, bsize, ffree, type } = statfsSync(at);
    const isMemory = process.platform === "linux" && [TMPFS, RAMFS].includes(type >>> 0);
    return { freeBytes: bavail * bsize, freeFiles: ffree, isMemory };
  } catch {
    return undefined;
  }
}

/** What is known of control groups; undefined on other systems than Linux. */
export function controlGroups(): ControlGroups | undefined {
  if (process.platform !== "linux") return undefined;
  const root = "/sys/fs/cgroup";
  if (!existsSync(join(root, "cgroup.controllers")))
    return { hasVersion2: false, mayCreate: false };
  try {
    const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
    accessSync(join(root, own), constants.W_OK);
    return { hasVersion2: true, mayCreate: true };
  } catch {
    return { hasVersion2: true, mayCreate: false };
  }
}

const PACKAGES = ["@elpis/api", "@elpis/core", "@elpis/process"];

/** The packages of this program, and those that the project in `cwd` has. */
export function foundPackages(bin: string, cwd: string): FoundPackage[] {
  const own = [packageAt(dirname(dirname(bin)), "this program")];
  const here = PACKAGES.map((name) => resolved(name, bin, "this program"));
  const theirs = ["elpis", ...PACKAGES].map((name) =>
    resolved(name, join(cwd, "package.json"), "the project"),
  );
  return [...own, ...here, ...theirs].flatMap((one) => one ?? []);
}

function resolved(name: string, from: string, where: string): FoundPackage | undefined {
  try {
    const file = createRequire(from).resolve(`${name}/package.json`);
    return packageAt(dirname(file), where);
  } catch {
    return undefined;
  }
}

function packageAt(dir: string, where: string): FoundPackage | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as {
      name?: unknown;
      version?: unknown;
    };
    return { name: String(name), version: String(version), where };
  } catch {
    return undefined;
  }
}

/** When a file was put where it is, in milliseconds since 1970. */
export function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0;
}
