import { availableParallelism, cpus } from "node:os";
import type { Collector, Now, Sample } from "../collector.ts";
import { Rates } from "../rates.ts";
import { readText } from "../text.ts";
import { type CpuTimes, cpuShares, MODES, type ProcStat, parseProcStat } from "./proc-stat.ts";

/** The processors between two reads, and what the kernel counts beside. */
export class Cpu implements Collector {
  readonly #rates: Rates;
  #before: CpuTimes | undefined;

  constructor(now: Now) {
    this.#rates = new Rates(now);
  }

  async read(): Promise<readonly Sample[]> {
    const text = await readText("/proc/stat");
    const stat = text === undefined ? undefined : parseProcStat(text);
    const samples: Sample[] = [["system.cpu.count", availableParallelism()]];
    const times = stat?.times ?? timesOfNode();
    const shares = this.#before && cpuShares(this.#before, times);
    this.#before = times;
    if (shares !== undefined) {
      for (const mode of MODES) samples.push([`system.cpu.${mode}`, shares.percent[mode]]);
      samples.push(["system.cpu.usage", shares.usage]);
    }
    if (stat !== undefined) samples.push(...this.#kernel(stat));
    return samples;
  }

  *#kernel(stat: ProcStat): Iterable<Sample> {
    this.#rates.begin();
    const sums = { interrupts: stat.interrupts, "context.switches": stat.switches };
    for (const [name, value] of Object.entries(sums)) {
      yield [`system.${name}`, value];
      const rate = this.#rates.rate(name, value);
      if (rate !== undefined) yield [`system.${name}.rate`, rate];
    }
    yield ["system.process.created", stat.created];
    yield ["system.process.running", stat.running];
    yield ["system.process.blocked", stat.blocked];
  }
}

/** Where there is no `/proc`: what Node knows of all processors together, in milliseconds. */
function timesOfNode(): CpuTimes {
  const sums = { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 };
  for (const { times } of cpus()) {
    for (const mode of Object.keys(sums) as (keyof typeof sums)[]) sums[mode] += times[mode];
  }
  const { sys: system, ...others } = sums;
  return { iowait: 0, softirq: 0, steal: 0, guest: 0, system, ...others };
}
