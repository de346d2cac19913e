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
