import { readdirSync, readFileSync } from "node:fs";

/** What the system tells of a process. What it does not tell is absent. */
export interface ProcFacts {
  /** In words, such as `T (stopped)`. */
  readonly state?: string;
  /** Function of the kernel in which it waits. */
  readonly waitsIn?: string;
  /** Number and arguments of the system call that it is in, or `running`. */
  readonly syscall?: string;
  readonly threads?: number;
  readonly openFiles?: number;
  readonly rssBytes?: number;
  readonly peakRssBytes?: number;
  readonly swapBytes?: number;
  readonly voluntarySwitches?: number;
  readonly involuntarySwitches?: number;
}

/** Reads what `/proc` tells; nothing elsewhere than on Linux. */
export function readProcFacts(pid: number): ProcFacts {
  if (process.platform !== "linux") return {};
  const status = new Map(
    (read(pid, "status") ?? "").split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
  const number = (key: string): number | undefined => toNumber(status.get(key));
  const bytes = (key: string): number | undefined => {
    const kilobytes = number(key);
    return kilobytes === undefined ? undefined : kilobytes * 1024;
  };
  const wchan = read(pid, "wchan");
  return present({
    state: status.get("State"),
    waitsIn: wchan === "0" ? undefined : wchan,
    syscall: read(pid, "syscall"),
    threads: number("Threads"),
    openFiles: countFiles(pid),
    rssBytes: bytes("VmRSS"),
    peakRssBytes: bytes("VmHWM"),
    swapBytes: bytes("VmSwap"),
    voluntarySwitches: number("voluntary_ctxt_switches"),
    involuntarySwitches: number("nonvoluntary_ctxt_switches"),
  });
}

function read(pid: number, name: string): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/${name}`, "latin1").trim();
    return text === "" ? undefined : text;
  } catch {
    // Gone, or not for us to see.
    return undefined;
  }
}

function countFiles(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

function toNumber(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? "", 10);
  return Number.isNaN(value) ? undefined : value;
}

function present(facts: { [Key in keyof ProcFacts]: ProcFacts[Key] | undefined }): ProcFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
