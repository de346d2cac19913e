import { readdir } from "node:fs/promises";
import type { Collector, Now, Sample } from "../collector.ts";
import { Rates } from "../rates.ts";

/** Where the files of this process are listed: on Linux, and on macOS. */
const FD_FOLDERS: readonly string[] = ["/proc/self/fd", "/dev/fd"];

/** Processor time, memory and files of this process. */
export class Usage implements Collector {
  readonly #rates: Rates;

  constructor(now: Now) {
    this.#rates = new Rates(now);
  }

  async read(): Promise<readonly Sample[]> {
    const usage = process.resourceUsage();
    const { rss, external, arrayBuffers } = process.memoryUsage();
    const [user, system] = [usage.userCPUTime / 1e6, usage.systemCPUTime / 1e6];
    this.#rates.begin();
    const cpu = this.#rates.rate("cpu", user + system);
    const files = await countFiles();
    return [
      ["process.cpu.time", user, { "cpu.mode": "user" }],
      ["process.cpu.time", system, { "cpu.mode": "system" }],
      ...(cpu === undefined ? [] : ([["process.cpu.utilization", cpu]] as const)),
      ["process.memory.usage", rss],
      ["process.memory.peak", usage.maxRSS * 1024],
      ["process.memory.external", external],
      ["process.memory.array_buffers", arrayBuffers],
      ...(files === undefined ? [] : ([["process.open_file_descriptors", files]] as const)),
      ["process.uptime", process.uptime()],
      ["process.pid", process.pid],
      ...switches(usage),
    ];
  }
}

function switches(usage: NodeJS.ResourceUsage): readonly Sample[] {
  const type = (name: string): Record<string, string> => ({ "process.context_switch.type": name });
  const fault = (name: string): Record<string, string> => ({ "system.paging.fault.type": name });
  const direction = (name: string): Record<string, string> => ({ "disk.io.direction": name });
  return [
    ["process.context_switches", usage.voluntaryContextSwitches, type("voluntary")],
    ["process.context_switches", usage.involuntaryContextSwitches, type("involuntary")],
    ["process.page_faults", usage.minorPageFault, fault("minor")],
    ["process.page_faults", usage.majorPageFault, fault("major")],
    ["process.disk.operations", usage.fsRead, direction("read")],
    ["process.disk.operations", usage.fsWrite, direction("write")],
  ];
}

async function countFiles(): Promise<number | undefined> {
  for (const folder of FD_FOLDERS) {
    try {
      // One of them is the folder that is being read.
      return (await readdir(folder)).length - 1;
    } catch {
      // Another system.
    }
  }
  return undefined;
}
