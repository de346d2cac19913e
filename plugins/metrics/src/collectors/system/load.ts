import { loadavg, platform, uptime } from "node:os";
import type { Collector, Sample } from "../collector.ts";
import { readText } from "../text.ts";

/** How many want to run, how long the machine is up, and how many files are open. */
export class Load implements Collector {
  async read(): Promise<readonly Sample[]> {
    const samples: Sample[] = [["system.uptime", uptime()]];
    // Windows has no such thing; Node then says 0.
    if (platform() !== "win32") {
      const spans = ["1min", "5min", "15min"];
      for (const [at, load] of loadavg().entries())
        samples.push([`system.load.${spans[at]}`, load]);
    }
    const files = await readText("/proc/sys/fs/file-nr");
    if (files !== undefined) samples.push(...parseFileNr(files));
    return samples;
  }
}

/** Reads `/proc/sys/fs/file-nr`: files that are open, free and possible. */
export function parseFileNr(text: string): readonly Sample[] {
  const [open = 0, free = 0, limit = 0] = text.trim().split(/\s+/).map(Number);
  const samples: Sample[] = [["system.fd.open", open - free]];
  // A limit that no double can hold is none.
  if (limit < Number.MAX_SAFE_INTEGER) samples.push(["system.fd.limit", limit]);
  return samples;
}
