import { join } from "node:path";
import type { Collector, Now, Sample } from "../collector.ts";
import { Rates } from "../rates.ts";
import { readText } from "../text.ts";
import {
  type GroupState,
  parseGroups,
  type ReadGroupFile,
  readVersion1,
  readVersion2,
} from "./cgroup-files.ts";

const ROOT = "/sys/fs/cgroup";

/** Limits and use of the container that this process runs in, where the system has control groups. */
export class Cgroup implements Collector {
  readonly #rates: Rates;

  constructor(now: Now) {
    this.#rates = new Rates(now);
  }

  async read(): Promise<readonly Sample[]> {
    const own = await readText("/proc/self/cgroup");
    if (own === undefined) return [];
    const groups = parseGroups(own);
    const isOnlyVersion2 = (await readText(join(ROOT, "cgroup.controllers"))) !== undefined;
    const state = isOnlyVersion2
      ? await readVersion2(readerOf(groups, () => ROOT))
      : await readVersion1(readerOf(groups, (controller) => join(ROOT, controller)));
    this.#rates.begin();
    return groupSamples(state, this.#rates.rate("cpu", state.cpuSeconds ?? 0));
  }
}

/** In a container the own group is mostly what is mounted, whatever the path says of the machine outside. */
function readerOf(
  groups: ReadonlyMap<string, string>,
  rootOf: (controller: string) => string,
): ReadGroupFile {
  return async (controller, file) => {
    const root = rootOf(controller);
    const own = await readText(join(root, groups.get(controller) ?? "/", file));
    return own ?? readText(join(root, file));
  };
}

/** @param cpuUsage processors that were used since the last read */
export function groupSamples(state: GroupState, cpuUsage: number | undefined): readonly Sample[] {
  const { memoryLimit, memoryUsed, inactiveFile = 0 } = state;
  const working = memoryUsed === undefined ? undefined : Math.max(0, memoryUsed - inactiveFile);
  const hasShare = working !== undefined && memoryLimit !== undefined && memoryLimit > 0;
  const values: Readonly<Record<string, number | undefined>> = {
    "cpu.limit": state.cpuLimit,
    "cpu.usage": state.cpuSeconds === undefined ? undefined : cpuUsage,
    "cpu.throttled": state.throttled,
    "cpu.throttled.time": state.throttledSeconds,
    "mem.limit": memoryLimit,
    "mem.used": memoryUsed,
    "mem.working": working,
    "mem.usage": hasShare ? working / memoryLimit : undefined,
    "mem.oom.kills": state.oomKills,
    "pids.limit": state.pidsLimit,
    "pids.used": state.pids,
  };
  return Object.entries(values).flatMap(([name, value]): Sample[] =>
    value === undefined ? [] : [[`system.cgroup.${name}`, value]],
  );
}
