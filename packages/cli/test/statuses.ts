import type { MasterStatus, ProcessStatus } from "../src/preset.ts";

/** One instance as a master tells of it. */
export function worker(name: string, index = 0, more: Partial<ProcessStatus> = {}): ProcessStatus {
  const role = name === "master" || name === "agent" ? name : "worker";
  const base = {
    state: "ready",
    restarts: 0,
    causes: {},
    version: 1,
    epoch: 1,
    uptimeMs: 0,
  } as const;
  return { name, role, index, ...base, ...more };
}

/** An app that runs. */
export function status(...processes: ProcessStatus[]): MasterStatus {
  return {
    app: "shop",
    pid: 1,
    dir: "/shop",
    file: "/shop/elpis.config.ts",
    state: "running",
    version: 1,
    startedAt: 0,
    processes: [worker("master"), ...processes],
  };
}
