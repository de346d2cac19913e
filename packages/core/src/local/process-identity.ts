import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** `/proc/<pid>/stat`, counted behind the name, which may hold anything. */
const STATE = 3 - 3;
const START_TIME = 22 - 3;

/**
 * When the process with this number was started, as a text that only says something when compared. Together with the
 * number it names one process: numbers are used again. Undefined when there is no such process, or the system
 * does not tell.
 */
export function processStartTime(pid: number): string | undefined {
  if (process.platform === "win32") return undefined;
  if (process.platform === "linux") return statFields(pid)?.[START_TIME];
  try {
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return started.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is a process with this number that was started then (at any time when that is not known). */
export function isAlive(pid: number, startTime: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive too.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (hasEnded(pid)) return false;
  const now = processStartTime(pid);
  return startTime === undefined || now === undefined || now === startTime;
}

/** Whether it only waits for its parent to ask how it ended: in a container without an init that is for ever. */
function hasEnded(pid: number): boolean {
  return process.platform === "linux" && /^[ZX]$/.test(statFields(pid)?.[STATE] ?? "");
}

function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
