import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unreachable } from "../errors.ts";
import { findLockOwner } from "./lock.ts";
import { checkPrivateDir, runtimeBase } from "./runtime-dir.ts";

const FILE = "hub.json";

/** How to reach a hub; kept in its private folder, readable by its user only. */
export interface Endpoint {
  readonly name: string;
  readonly pid: number;
  /** Path of the socket, or name of the pipe. */
  readonly path: string;
  readonly secret: string;
}

/** A hub that was started by this user. */
export interface FoundHub {
  readonly name: string;
  readonly dir: string;
  readonly pid: number;
  readonly alive: boolean;
}

export function endpointFile(dir: string): string {
  return join(dir, FILE);
}

/** Written aside and renamed, so that nobody reads half of it. */
export function writeEndpoint(dir: string, endpoint: Endpoint): void {
  const draft = join(dir, `${FILE}.${process.pid}`);
  writeFileSync(draft, JSON.stringify(endpoint), { mode: 0o600 });
  renameSync(draft, endpointFile(dir));
}

/** @throws ELPIS_HUB_UNREACHABLE, ELPIS_HUB_UNSAFE_DIR */
export function readEndpoint(dir: string): Endpoint {
  // Whoever could write there could send us to a hub of his own.
  if (existsSync(dir)) checkPrivateDir(dir);
  try {
    const { name, pid, path, secret } = JSON.parse(readFileSync(endpointFile(dir), "utf8"));
    if (typeof path === "string" && typeof secret === "string") return { name, pid, path, secret };
  } catch (cause) {
    throw unreachable(dir, "nothing says how to reach it", cause);
  }
  throw unreachable(dir, `${FILE} cannot be understood`);
}

/** The hubs that this user has started below `base`, those that were killed included. */
export async function findHubs(base: string = runtimeBase()): Promise<FoundHub[]> {
  return listFolders(base).flatMap((name) => {
    const dir = join(base, name);
    try {
      const { pid } = readEndpoint(dir);
      return [{ name, dir, pid, alive: findLockOwner(dir)?.pid === pid }];
    } catch {
      return [];
    }
  });
}

function listFolders(base: string): string[] {
  try {
    return readdirSync(base, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}
