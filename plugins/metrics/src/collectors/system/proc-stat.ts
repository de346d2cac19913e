/** Modes of a processor, in the order of `/proc/stat`. */
export const MODES = [
  "user",
  "nice",
  "system",
  "idle",
  "iowait",
  "irq",
  "softirq",
  "steal",
  "guest",
] as const;
type Mode = (typeof MODES)[number];
export type CpuTimes = Readonly<Record<Mode, number>>;

/** What `/proc/stat` says. Times in ticks, sums since the start of the machine. */
export interface ProcStat {
  readonly times: CpuTimes;
  readonly interrupts: number;
  readonly switches: number;
  readonly created: number;
  readonly running: number;
  readonly blocked: number;
}

/** Reads `/proc/stat`. */
export function parseProcStat(text: string): ProcStat {
  const rows = new Map(
    text.split("\n").map((line) => {
      const [name = "", ...numbers] = line.split(/\s+/);
      return [name, numbers.map(Number)];
    }),
  );
  const cpu = rows.get("cpu") ?? [];
  const times = Object.fromEntries(MODES.map((mode, at) => [mode, cpu[at] ?? 0])) as CpuTimes;
  const one = (name: string): number => rows.get(name)?.[0] ?? 0;
  return {
    times,
    interrupts: one("intr"),
    switches: one("ctxt"),
    created: one("processes"),
    running: one("procs_running"),
    blocked: one("procs_blocked"),
  };
}

/** Shares of the time between two reads: of each mode in percent, and of all work from 0 to 1. */
export interface CpuShares {
  readonly percent: CpuTimes;
  readonly usage: number;
}

/** Undefined when no time has passed between the two. */
export function cpuShares(before: CpuTimes, after: CpuTimes): CpuShares | undefined {
  const grown = (mode: Mode): number => Math.max(0, after[mode] - before[mode]);
  // Time of guests is part of `user` as well.
  const total = MODES.reduce((sum, mode) => sum + (mode === "guest" ? 0 : grown(mode)), 0);
  if (total === 0) return undefined;
  const percent = Object.fromEntries(
    MODES.map((mode) => [mode, (grown(mode) / total) * 100]),
  ) as CpuTimes;
  return { percent, usage: (total - grown("idle") - grown("iowait")) / total };
}
