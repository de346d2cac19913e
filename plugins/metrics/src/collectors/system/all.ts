import type { Collector, Now } from "../collector.ts";
import type { SystemCollector } from "../names.ts";
import { Cgroup } from "./cgroup.ts";
import { Cpu } from "./cpu.ts";
import { Disk } from "./disk.ts";
import { Load } from "./load.ts";
import { Memory } from "./memory.ts";
import { Network } from "./network.ts";
import { Pressure } from "./pressure.ts";
import { Tcp } from "./tcp.ts";

/** Everything that is measured once for a machine. */
export const SYSTEM_COLLECTORS: Readonly<Record<SystemCollector, (now: Now) => Collector>> = {
  cpu: (now) => new Cpu(now),
  load: () => new Load(),
  memory: () => new Memory(),
  pressure: () => new Pressure(),
  disk: (now) => new Disk(now),
  network: (now) => new Network(now),
  tcp: (now) => new Tcp(now),
  cgroup: (now) => new Cgroup(now),
};
