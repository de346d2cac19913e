import type { Collector, Sample } from "../collector.ts";
import { readText } from "../text.ts";

/** How much of the time something had to wait, where the kernel tells (`/proc/pressure`). */
export class Pressure implements Collector {
  async read(): Promise<readonly Sample[]> {
    const parts = ["cpu", "memory", "io"].map(async (of) => {
      const text = await readText(`/proc/pressure/${of}`);
      return text === undefined ? [] : parsePressure(of, text);
    });
    return (await Promise.all(parts)).flat();
  }
}

/** Reads a file such as `/proc/pressure/cpu`. */
export function parsePressure(of: string, text: string): readonly Sample[] {
  const samples: Sample[] = [];
  for (const [, kind, avg10, avg60] of text.matchAll(/^(some|full) avg10=(\S+) avg60=(\S+)/gm)) {
    samples.push([`system.pressure.${of}.${kind}.avg10`, Number(avg10)]);
    samples.push([`system.pressure.${of}.${kind}.avg60`, Number(avg60)]);
  }
  return samples;
}
