import { readdirSync, readFileSync } from "node:fs";

/** A process as the kernel shows it. */
export interface SeenProcess {
  readonly pid: number;
  /** Command line, its parts joined by blanks. */
  readonly command: string;
  /** `Z` is one that has ended and waits for its parent. */
  readonly state: string;
}

/** Every living process whose environment has `ELPIS_HOME=<home>`: all that a test has started, however it was left. */
export function processesOf(home: string): SeenProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => look(Number(name), home));
}

/** Whether there is a process with that pid which has not ended. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== "Z" && state !== "X";
}

/** Ends every process of a test, so that a failed one leaves nothing behind. */
export function killAll(home: string): void {
  for (const { pid } of processesOf(home)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended in between, which is what was wanted.
    }
  }
}

function look(pid: number, home: string): SeenProcess[] {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    if (!environment.includes(`ELPIS_HOME=${home}`)) return [];
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    const state = stateOf(pid);
    return state === undefined || state === "Z" ? [] : [{ pid, command, state }];
  } catch {
    // Gone in between, or of another user.
    return [];
  }
}

function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}
