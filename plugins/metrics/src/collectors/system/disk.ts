import { statfs } from "node:fs/promises";
import type { Collector, Now, Sample } from "../collector.ts";
import { Rates } from "../rates.ts";
import { readText } from "../text.ts";
import { parseDiskStats } from "./disk-stats.ts";
import { parseMounts } from "./mounts.ts";

/** How long one file system may take to answer, in milliseconds: one that hangs must not hold up the others. */
const PATIENCE_MS = 500;

/** Space of file systems, and what goes to and from disks. */
export class Disk implements Collector {
  readonly #rates: Rates;
  /** Those that have not answered yet are not asked again. */
  readonly #pending = new Set<string>();

  constructor(now: Now) {
    this.#rates = new Rates(now);
  }

  async read(): Promise<readonly Sample[]> {
    const mounts = await readText("/proc/mounts");
    const paths = mounts === undefined ? [process.cwd()] : parseMounts(mounts);
    const spaces = await Promise.all(paths.map((path) => this.#space(path)));
    return [...spaces.flat(), ...(await this.#traffic())];
  }

  async #space(path: string): Promise<readonly Sample[]> {
    if (this.#pending.has(path)) return [];
    this.#pending.add(path);
    const asked = statfs(path).finally(() => this.#pending.delete(path));
    const found = await Promise.race([asked.catch(() => undefined), pause(PATIENCE_MS)]);
    return found === undefined ? [] : partitionSamples(path, found);
  }

  async #traffic(): Promise<readonly Sample[]> {
    const text = await readText("/proc/diskstats");
    if (text === undefined) return [];
    this.#rates.begin();
    return Object.entries(parseDiskStats(text)).flatMap(([name, value]): Sample[] => {
      const rate = this.#rates.rate(name, value);
      const samples: Sample[] = [[`system.disk.io.${name}`, value]];
      if (rate !== undefined) samples.push([`system.disk.io.${name}.rate`, rate]);
      return samples;
    });
  }
}

/** What `statfs` says, in blocks. */
export interface Space {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** As `df` reckons: the share that is used is one of what somebody who is not root can use. */
export function partitionSamples(partition: string, space: Space): readonly Sample[] {
  const { bsize, blocks, bfree, bavail, files, ffree } = space;
  if (blocks === 0) return [];
  const tags = { partition };
  const used = blocks - bfree;
  return [
    ["system.disk.partition.total", blocks * bsize, tags],
    ["system.disk.partition.free", bavail * bsize, tags],
    ["system.disk.partition.used", used * bsize, tags],
    ["system.disk.partition.used_ratio", used + bavail === 0 ? 0 : used / (used + bavail), tags],
    ["system.disk.partition.files.total", files, tags],
    ["system.disk.partition.files.free", ffree, tags],
  ];
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined).unref());
}
