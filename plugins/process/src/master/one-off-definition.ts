import type { OneOff } from "@elpis/api";
import type { AppDefinition, ProcessDefinition } from "../config/types.ts";

/** A process that runs once, as if it had been defined: nobody restarts it, and nobody looks whether it is blocked. */
export function oneOffDefinition(
  { name, entry, args = [], nodeArgs = [], env = {}, cwd }: OneOff,
  app: AppDefinition,
  stopTimeoutMs: number,
): ProcessDefinition {
  return {
    ...{ name, entry, args, nodeArgs, stopTimeoutMs },
    role: "worker",
    scale: 1,
    order: 0,
    dependsOn: [],
    env: { ...app.env, ...env },
    cwd: cwd ?? app.dir,
    ready: "module",
    readyTimeoutMs: 0,
    restart: false,
    envFiles: [],
    liveness: false,
    uncaught: "exit",
    balance: { kind: "kernel" },
    reload: { batch: 1, overlap: false },
    services: [],
  };
}
