import { parseNumber, parseTable } from "../text.ts";

/** What the container may use, and uses. Parts that are not limited, or not told, are absent. */
export interface GroupState {
  readonly cpuLimit?: number;
  /** Processor time since its start, in seconds. */
  readonly cpuSeconds?: number;
  readonly throttled?: number;
  readonly throttledSeconds?: number;
  readonly memoryLimit?: number;
  readonly memoryUsed?: number;
  /** Cache of files that can be dropped at any time. */
  readonly inactiveFile?: number;
  readonly oomKills?: number;
  readonly pidsLimit?: number;
  readonly pids?: number;
}

/** Gives the text of a file of the group. */
export type ReadGroupFile = (controller: string, file: string) => Promise<string | undefined>;

/** Version 1 says "no limit" with the largest multiple of a page. */
const NO_LIMIT = 2 ** 62;

/** Reads a group of version 2. */
export async function readVersion2(read: ReadGroupFile): Promise<GroupState> {
  const one = (file: string): Promise<string | undefined> => read("", file);
  const [cpuMax, cpuStat, max, current, stat, events, pidsMax, pids] = await Promise.all([
    ...[one("cpu.max"), one("cpu.stat"), one("memory.max"), one("memory.current")],
    ...[one("memory.stat"), one("memory.events"), one("pids.max"), one("pids.current")],
  ]);
  const cpu = tableOf(cpuStat);
  const [quota = "max", period = "100000"] = cpuMax?.trim().split(" ") ?? [];
  return known({
    cpuLimit: quota === "max" ? undefined : Number(quota) / Number(period),
    cpuSeconds: scaled(cpu?.get("usage_usec"), 1e6),
    throttled: cpu?.get("nr_throttled"),
    throttledSeconds: scaled(cpu?.get("throttled_usec"), 1e6),
    memoryLimit: parseNumber(max),
    memoryUsed: parseNumber(current),
    inactiveFile: tableOf(stat)?.get("inactive_file"),
    oomKills: tableOf(events)?.get("oom_kill"),
    pidsLimit: parseNumber(pidsMax),
    pids: parseNumber(pids),
  });
}

/** Reads groups of version 1: a folder for each controller. */
export async function readVersion1(read: ReadGroupFile): Promise<GroupState> {
  const [quota, period, usage, cpuStat, limit, used, stat, oom, pidsMax, pids] = await Promise.all([
    read("cpu", "cpu.cfs_quota_us"),
    read("cpu", "cpu.cfs_period_us"),
    read("cpuacct", "cpuacct.usage"),
    read("cpu", "cpu.stat"),
    read("memory", "memory.limit_in_bytes"),
    read("memory", "memory.usage_in_bytes"),
    read("memory", "memory.stat"),
    read("memory", "memory.oom_control"),
    read("pids", "pids.max"),
    read("pids", "pids.current"),
  ]);
  const cpu = tableOf(cpuStat);
  const memoryLimit = parseNumber(limit);
  const cpuQuota = parseNumber(quota) ?? -1;
  return known({
    cpuLimit: cpuQuota < 0 ? undefined : cpuQuota / (parseNumber(period) ?? 100_000),
    cpuSeconds: scaled(parseNumber(usage), 1e9),
    throttled: cpu?.get("nr_throttled"),
    throttledSeconds: scaled(cpu?.get("throttled_time"), 1e9),
    memoryLimit: memoryLimit === undefined || memoryLimit > NO_LIMIT ? undefined : memoryLimit,
    memoryUsed: parseNumber(used),
    inactiveFile: tableOf(stat)?.get("total_inactive_file"),
    oomKills: tableOf(oom)?.get("oom_kill"),
    pidsLimit: parseNumber(pidsMax),
    pids: parseNumber(pids),
  });
}

/** Which group a process is in, by controller; that of version 2 has an empty name. From `/proc/self/cgroup`. */
export function parseGroups(text: string): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    for (const controller of (controllers ?? "").split(",")) groups.set(controller, path);
  }
  return groups;
}

function tableOf(text: string | undefined): ReadonlyMap<string, number> | undefined {
  return text === undefined ? undefined : parseTable(text);
}

function scaled(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by;
}

function known(state: { readonly [Key in keyof GroupState]: number | undefined }): GroupState {
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined));
}
