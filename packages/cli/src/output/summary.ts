import { formatDuration } from "../duration.ts";
import type { MasterStatus, ProcessStatus } from "../preset.ts";

/** `shop is up: agent, web x2, background x1 (1.2 s)` */
export function upLine(status: MasterStatus, tookMs: number): string {
  const parts = groupByName(status.processes)
    .filter((group) => group.role !== "master")
    .map((group) => (group.role === "agent" ? group.name : `${group.name} x${group.all.length}`));
  const names = parts.length === 0 ? "no processes" : parts.join(", ");
  return `${status.app} is up: ${names} (${formatDuration(tookMs)})`;
}

/** The instances of one process. */
export interface ProcessGroup {
  readonly name: string;
  readonly role: ProcessStatus["role"];
  readonly all: readonly ProcessStatus[];
}

/** Gathers instances by name, in the order in which the names first come. */
export function groupByName(processes: readonly ProcessStatus[]): ProcessGroup[] {
  const groups = new Map<string, ProcessStatus[]>();
  for (const one of processes) {
    const key = `${one.role}/${one.name}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((all) => {
    const { name, role } = all[0] as ProcessStatus;
    return { name, role, all };
  });
}

/**
 * The processes of an app of which nothing runs and nothing can come up again by itself; `undefined` while there is
 * something to supervise, or when somebody is stopping the app.
 */
export function whatEnded(status: MasterStatus): readonly ProcessStatus[] | undefined {
  if (status.state === "stopping" || status.state === "stopped") return undefined;
  const own = status.processes.filter((one) => one.role !== "master");
  const isOver = own.every((one) => one.state === "failed" || one.state === "stopped");
  return own.length > 0 && isOver ? own : undefined;
}
