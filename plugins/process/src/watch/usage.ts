import { execFile } from "node:child_process";
import { readPageBytes, readProcStat } from "./proc-stat.ts";

/** What a process uses. */
export interface Usage {
  readonly rssBytes: number;
  /** Processors it has used since it was sampled before; absent the first time. 1 is one of them. */
  readonly cpu?: number;
}

interface Sample {
  readonly rssBytes: number;
  readonly cpuMs: number;
}

interface Kept {
  readonly cpuMs: number;
  readonly atMs: number;
}

/** Processor time is counted in steps; over less than this a share would be a guess. */
const SHORTEST_SPAN_MS = 200;
const PS_BOUND_MS = 2000;

/** Samples what processes use, all together: from `/proc` on Linux, with one `ps` elsewhere, not at all on Windows. */
export class UsageSampler {
  readonly #pageBytes = readPageBytes();
  readonly #kept = new Map<number, Kept>();
  readonly #shares = new Map<number, number>();

  /** By pid; whoever is gone, or cannot be seen, is not in it. */
  async sample(pids: readonly number[]): Promise<ReadonlyMap<number, Usage>> {
    const samples =
      process.platform === "linux" ? fromProc(pids, this.#pageBytes) : await fromPs(pids);
    return this.#usages(pids, samples);
  }

  /** As `sample`, at once; nobody is in it elsewhere than on Linux. */
  sampleNow(pids: readonly number[]): ReadonlyMap<number, Usage> {
    if (process.platform !== "linux") return new Map();
    return this.#usages(pids, fromProc(pids, this.#pageBytes));
  }

  #usages(
    pids: readonly number[],
    samples: ReadonlyMap<number, Sample>,
  ): ReadonlyMap<number, Usage> {
    const nowMs = performance.now();
    const present = new Set(pids);
    for (const pid of this.#kept.keys()) if (!present.has(pid)) this.forget(pid);
    const usages = new Map<number, Usage>();
    for (const [pid, { rssBytes, cpuMs }] of samples) {
      const cpu = this.#share(pid, cpuMs, nowMs);
      usages.set(pid, { rssBytes, ...(cpu !== undefined && { cpu }) });
    }
    return usages;
  }

  /** Forgets a process that is gone: another may get its pid. */
  forget(pid: number): void {
    this.#kept.delete(pid);
    this.#shares.delete(pid);
  }

  #share(pid: number, cpuMs: number, atMs: number): number | undefined {
    const before = this.#kept.get(pid);
    if (before === undefined || cpuMs < before.cpuMs) {
      this.forget(pid);
      this.#kept.set(pid, { cpuMs, atMs });
    } else if (atMs - before.atMs >= SHORTEST_SPAN_MS) {
      const share = (cpuMs - before.cpuMs) / (atMs - before.atMs);
      this.#shares.set(pid, Math.round(share * 1000) / 1000);
      this.#kept.set(pid, { cpuMs, atMs });
    }
    return this.#shares.get(pid);
  }
}

function fromProc(pids: readonly number[], pageBytes: number): Map<number, Sample> {
  const samples = new Map<number, Sample>();
  for (const pid of pids) {
    const stat = readProcStat(pid, pageBytes);
    if (stat !== undefined) samples.set(pid, stat);
  }
  return samples;
}

function fromPs(pids: readonly number[]): Promise<Map<number, Sample>> {
  if (process.platform === "win32" || pids.length === 0) return Promise.resolve(new Map());
  const args = ["-o", "pid=,rss=,time=", "-p", pids.join(",")];
  return new Promise((resolve) => {
    // Its exit code tells that somebody was gone; the lines of the others are there all the same.
    execFile("ps", args, { timeout: PS_BOUND_MS }, (_error, stdout) => resolve(parsePs(stdout)));
  });
}

/** Reads lines such as `  4711  20480  1-02:03:04.50`: pid, resident kilobytes, processor time. */
export function parsePs(text: string): Map<number, Sample> {
  const samples = new Map<number, Sample>();
  for (const line of text.split("\n")) {
    const [pid, rss, time] = line.trim().split(/\s+/);
    if (time === undefined) continue;
    const [clock = "", days = "0"] = time.split("-").reverse();
    const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    const cpuMs = (Number(days) * 86_400 + seconds) * 1000;
    samples.set(Number(pid), { rssBytes: Number(rss) * 1024, cpuMs });
  }
  return samples;
}
