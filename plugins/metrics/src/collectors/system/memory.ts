import { freemem, totalmem } from "node:os";
import type { Collector, Sample } from "../collector.ts";
import { parseTable, readText } from "../text.ts";

/** Memory and swap space. */
export class Memory implements Collector {
  async read(): Promise<readonly Sample[]> {
    const [info, vm] = await Promise.all([readText("/proc/meminfo"), readText("/proc/vmstat")]);
    return [
      ...(info === undefined ? memoryOfNode() : memorySamples(parseTable(info))),
      ...(vm === undefined ? [] : vmSamples(parseTable(vm))),
    ];
  }
}

/** From `/proc/meminfo`, which counts in KiB. */
export function memorySamples(info: ReadonlyMap<string, number>): readonly Sample[] {
  const bytes = (name: string): number => (info.get(name) ?? 0) * 1024;
  const [total, free, buffers] = [bytes("MemTotal"), bytes("MemFree"), bytes("Buffers")];
  const cached = bytes("Cached") + bytes("SReclaimable");
  const used = Math.max(0, total - free - buffers - cached);
  const [swapTotal, swapFree] = [bytes("SwapTotal"), bytes("SwapFree")];
  return [
    ["system.mem.total", total],
    ["system.mem.used", used],
    ["system.mem.free", free],
    ["system.mem.available", info.has("MemAvailable") ? bytes("MemAvailable") : free + cached],
    ["system.mem.buffers", buffers],
    ["system.mem.cached", cached],
    ["system.mem.swap.total", swapTotal],
    ["system.mem.swap.used", swapTotal - swapFree],
    ["system.mem.swap.free", swapFree],
    ["system.mem.usage", total === 0 ? 0 : used / total],
    ["system.mem.shared", bytes("Shmem")],
    ["system.mem.slab", bytes("Slab")],
    ["system.mem.dirty", bytes("Dirty")],
  ];
}

function memoryOfNode(): readonly Sample[] {
  const [total, free] = [totalmem(), freemem()];
  return [
    ["system.mem.total", total],
    ["system.mem.used", total - free],
    ["system.mem.free", free],
    ["system.mem.usage", (total - free) / total],
  ];
}

const VM: Readonly<Record<string, string>> = {
  pgfault: "page.faults",
  pgmajfault: "page.faults.major",
  pswpin: "swap.in",
  pswpout: "swap.out",
  oom_kill: "oom.kills",
};

/** From `/proc/vmstat`. */
export function vmSamples(vm: ReadonlyMap<string, number>): readonly Sample[] {
  return Object.entries(VM).flatMap(([key, name]): Sample[] => {
    const value = vm.get(key);
    return value === undefined ? [] : [[`system.vm.${name}`, value]];
  });
}
