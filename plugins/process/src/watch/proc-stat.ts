import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** What Linux tells of a process in one line. */
export interface ProcStat {
  /** `R` runs, `S` sleeps, `D` waits for a device, `T` is stopped, `t` is held by a debugger, `Z` has ended. */
  readonly state: string;
  /** Processor time it has used, in milliseconds. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly threads: number;
}

/** Linux counts in hundredths of a second here, on every machine. */
const TICK_MS = 10;
const AT_PAGESZ = 6n;
const USUAL_PAGE_BYTES = 4096;
/** Longer than the line ever gets. */
const LINE_BYTES = 2048;

/** Reads `/proc/<pid>/stat`; undefined when the process is gone, or elsewhere than on Linux. */
export function readProcStat(pid: number, pageSizeBytes: number): ProcStat | undefined {
  if (process.platform !== "linux") return undefined;
  let fd: number | undefined;
  try {
    // Half of what readFileSync() costs, which counts when all processes are looked at each second.
    fd = openSync(`/proc/${pid}/stat`, "r");
    const line = Buffer.allocUnsafe(LINE_BYTES);
    const length = readSync(fd, line, 0, LINE_BYTES, 0);
    return parseProcStat(line.toString("latin1", 0, length), pageSizeBytes);
  } catch {
    // It ended while we looked, or this process may open no more files.
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Reads the line of `/proc/<pid>/stat`. */
export function parseProcStat(line: string, pageSizeBytes: number): ProcStat | undefined {
  // The name before it may have blanks and brackets.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state = ""] = fields;
  const [user, system, threads, pages] = [11, 12, 17, 21].map((at) => Number(fields[at]));
  if (![user, system, threads, pages].every(Number.isFinite)) return undefined;
  return {
    state,
    cpuMs: ((user as number) + (system as number)) * TICK_MS,
    rssBytes: (pages as number) * pageSizeBytes,
    threads: threads as number,
  };
}

/**
 * Size of a page of memory, in which the kernel counts. It hands it to every program at its start, and Node does not hand
 * it on.
 */
export function readPageBytes(): number {
  if (process.platform !== "linux") return USUAL_PAGE_BYTES;
  const pairs = readFileSync("/proc/self/auxv");
  for (let at = 0; at + 16 <= pairs.length; at += 16) {
    if (pairs.readBigUInt64LE(at) === AT_PAGESZ) return Number(pairs.readBigUInt64LE(at + 8));
  }
  return USUAL_PAGE_BYTES;
}
