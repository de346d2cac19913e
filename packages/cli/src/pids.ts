import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { isAlive, processStartTime } from "@elpis/core/internal";

/** A process, told apart from a later one with the same pid. */
export interface ProcessRef {
  readonly pid: number;
  readonly startTime: string | undefined;
}

/** Takes hold of a process that is there now. */
export function processRef(pid: number): ProcessRef {
  return { pid, startTime: processStartTime(pid) };
}

/** Whether that very process is still there. */
export function isThere(ref: ProcessRef): boolean {
  return isAlive(ref.pid, ref.startTime);
}

/** Waits until the process is gone; resolves with false when the time is up. */
export async function waitGone(ref: ProcessRef, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (isThere(ref)) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return true;
}

/** Memory that each process holds, in bytes; a process that is gone or unknown is left out. */
export async function residentBytes(pids: readonly number[]): Promise<Map<number, number>> {
  if (process.platform === "win32" || pids.length === 0) return new Map();
  const found = process.platform === "linux" ? await fromProc(pids) : new Map<number, number>();
  return found.size > 0 ? found : fromPs(pids);
}

async function fromProc(pids: readonly number[]): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
    if (kilobytes !== undefined) found.set(pid, Number(kilobytes) * 1024);
  }
  return found;
}

async function fromPs(pids: readonly number[]): Promise<Map<number, number>> {
  const list = pids.join(",");
  // `ps` ends with 1 when one of the processes is gone, and prints the others all the same.
  const { stdout } = await promisify(execFile)("ps", ["-o", "pid=,rss=", "-p", list]).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }),
  );
  const rows = stdout.split("\n").map((row) => row.trim().split(/\s+/).map(Number));
  return new Map(
    rows.flatMap(([pid, kilobytes]) =>
      pid !== undefined && kilobytes !== undefined && kilobytes > 0
        ? [[pid, kilobytes * 1024] as const]
        : [],
    ),
  );
}
