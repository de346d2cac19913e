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

/** Whether nothing of the app can come up again by itself. */
export function hasAllFailed(status: MasterStatus): boolean {
  const own = status.processes.filter((one) => one.role !== "master");
  return own.length > 0 && own.every((one) => one.state === "failed");
}
