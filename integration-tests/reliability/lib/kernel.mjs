// What the kernel knows about a process. Linux only, as these programs are.
import { readdirSync, readFileSync } from "node:fs";
import { pause } from "./numbers.mjs";

/** Of the kernel's clock for processes: a hundredth of a second on every Linux that Node runs on. */
const TICK_MS = 10;

/** Resident memory, in bytes. */
export function rssOf(pid) {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(kib?.[1] ?? 0) * 1024;
}

/** Time on a processor since the start, in milliseconds. */
export function cpuMsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Open descriptors. */
export const fdsOf = (pid) => readdirSync(`/proc/${pid}/fd`).length;

/** Follows the memory of a process until it is told to stop; then gives the most that was seen. */
export function watchRss(pid, everyMs = 50) {
  let peak = rssOf(pid);
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      peak = Math.max(peak, rssOf(pid));
      await pause(everyMs);
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return peak;
  };
}

/**
 * The living processes that were started with `ELPIS_HOME` in that folder, by pid, however they were left; with `app`
 * only those that belong to that application. One that was stopped has state `T`.
 */
export function familyOf(home, app) {
  const found = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const seen = look(name, home, app);
    if (seen !== undefined) found.set(Number(name), seen);
  }
  return found;
}

/** Kills them all. */
export function killFamily(home) {
  for (const pid of familyOf(home).keys()) signal(pid, "SIGKILL");
}

/** Sends a signal to a process that may be gone; false when it is. */
export function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Whether there is a process with that number which has not ended. */
export function isAlive(pid) {
  const state = stateOf(pid);
  return state !== undefined && state !== "Z" && state !== "X";
}

function look(pid, home, app) {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    const isOurs = environment.some((one) => one.startsWith(`ELPIS_HOME=${home}`));
    if (!isOurs || (app !== undefined && !environment.includes(`ELPIS_APP=${app}`))) return;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    const state = stateOf(pid);
    return state === undefined || state === "Z" ? undefined : { command, state };
  } catch {
    // Gone in between, or of another user.
  }
}

function stateOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}
