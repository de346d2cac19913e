import { readFileSync } from "node:fs";

/** Resident memory of a process in bytes; undefined where the system does not tell. */
export function residentBytes(pid: number): number | undefined {
  try {
    if (pid === process.pid) return process.memoryUsage.rss();
    if (process.platform !== "linux") return undefined;
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return found === null ? undefined : Number(found[1]) * 1024;
  } catch {
    // It ended while we looked, or this process may open no more files.
    return undefined;
  }
}
