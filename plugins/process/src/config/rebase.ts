import { resolve } from "node:path";
import { isRecord } from "./fields.ts";

/**
 * A configuration whose relative paths are made absolute, so that it means the same below another one. Names of packages
 * stay as they are.
 */
export function rebase(config: unknown, dir: string): unknown {
  if (!isRecord(config)) return config;
  const { processes, services, agent, hub } = config;
  return {
    ...config,
    ...(processes !== undefined && {
      processes: each(processes, (one) => paths(one, dir, resolve)),
    }),
    ...(services !== undefined && {
      services: each(services, (one) => paths(one, dir, modulePath)),
    }),
    ...(agent !== undefined && { agent: paths(agent, dir, resolve) }),
    ...(isRecord(hub) && { hub: at(hub, "jobsDir", (path) => resolve(dir, path)) }),
  };
}

type Resolve = (dir: string, path: string) => string;

function paths(value: unknown, dir: string, entry: Resolve): unknown {
  if (typeof value === "string") return entry(dir, value);
  if (!isRecord(value)) return value;
  const own = (path: string): string => resolve(dir, path);
  const withPaths = at(
    at(value, "entry", (path) => entry(dir, path)),
    "cwd",
    own,
  );
  const { envFile } = withPaths;
  if (Array.isArray(envFile)) {
    const files = envFile.map((file: unknown) => (typeof file === "string" ? own(file) : file));
    return { ...withPaths, envFile: files };
  }
  return at(withPaths, "envFile", own);
}

function modulePath(dir: string, path: string): string {
  return /^\.{1,2}([\\/]|$)/.test(path) ? resolve(dir, path) : path;
}

function at(
  record: Readonly<Record<string, unknown>>,
  key: string,
  change: (path: string) => string,
): Record<string, unknown> {
  const value = record[key];
  return typeof value === "string" && value !== "" ? { ...record, [key]: change(value) } : record;
}

function each(value: unknown, change: (one: unknown) => unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)]));
}
