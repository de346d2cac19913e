import { createRequire } from "node:module";
import type { Server, Socket } from "node:net";
import { notInstalled } from "./errors.ts";

/** What is used of a server of node-ipc, which has no types. Its listeners are called synchronously. */
export interface RawServer {
  readonly server: Server;
  on(event: string, listener: (...values: never[]) => void): void;
  emit(socket: Socket, typeOrBytes: string | Buffer, data?: unknown): unknown;
  start(): void;
}

/** What is used of an instance of node-ipc. */
export interface RawIpc {
  readonly config: Record<string, unknown>;
  readonly server: RawServer;
  serve(path: string, onStart: () => void): void;
}

/** The module, in either version. */
export interface NodeIpcModule {
  readonly IPCModule: new () => RawIpc;
}

/** The versions that are known to be clean; 14 refuses to be installed below Node 22.13. */
export const VERSIONS = { old: "12.0.0", new: "14.0.0" } as const;

/** Which of the two this version of Node gets. */
export function versionFor(node: string = process.versions.node): "12.0.0" | "14.0.0" {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 13) ? VERSIONS.new : VERSIONS.old;
}

/**
 * Loads node-ipc. Of 12.0.0 the bundle is taken: it needs nothing but Node, where the module would load packages of
 * others, one of them from a path that depends on how npm laid it out.
 * @throws ELPIS_NODE_IPC_NOT_INSTALLED
 */
export async function loadNodeIpc(): Promise<NodeIpcModule> {
  const version = versionFor();
  try {
    if (version === VERSIONS.new) return await import("node-ipc-14");
    const require = createRequire(import.meta.url);
    return require("node-ipc-12") as NodeIpcModule;
  } catch (cause) {
    throw notInstalled(version, cause);
  }
}
