import { type CatalogEntry, type CatalogGroup, gauge } from "./entry.ts";

const CPU_MODES: readonly (readonly [mode: string, description: string])[] = [
  ["user", "programs, guests included"],
  ["nice", "programs of low priority"],
  ["system", "the kernel"],
  ["idle", "nothing"],
  ["iowait", "nothing, while something waited for a disk"],
  ["irq", "interrupts"],
  ["softirq", "what interrupts have left for later"],
  ["steal", "other machines on the same hardware"],
  ["guest", "machines that run on this one"],
];

const cpu: readonly CatalogEntry[] = [
  ...CPU_MODES.map(([mode, description]) =>
    gauge(`system.cpu.${mode}`, "%", `Share of the processors' time that went to ${description}`, {
      semantic: `system.cpu.utilization{cpu.mode=${mode}} × 100`,
    }),
  ),
  gauge("system.cpu.usage", "1", "Share of the processors' time in which they had work, 0 to 1", {
    semantic: "system.cpu.utilization",
  }),
  gauge("system.cpu.count", "{cpu}", "Processors", { semantic: "system.cpu.logical.count" }),
  gauge("system.interrupts", "{interrupt}", "Interrupts since the machine was started"),
  gauge("system.interrupts.rate", "{interrupt}/s", "Interrupts in a second"),
  gauge("system.context.switches", "{switch}", "Context switches since the machine was started"),
  gauge("system.context.switches.rate", "{switch}/s", "Context switches in a second"),
  gauge("system.process.created", "{process}", "Processes and threads that were made since then", {
    semantic: "system.process.created",
  }),
  gauge("system.process.running", "{process}", "Threads that run, or could", {
    semantic: "system.process.count{process.state=running}",
  }),
  gauge("system.process.blocked", "{process}", "Threads that wait for a disk", {
    semantic: "system.process.count{process.state=blocked}",
  }),
  gauge("system.load.1min", "1", "Threads that run or wait to, on average over 1 minute"),
  gauge("system.load.5min", "1", "The same over 5 minutes"),
  gauge("system.load.15min", "1", "The same over 15 minutes"),
  gauge("system.uptime", "s", "Since the machine was started", { semantic: "system.uptime" }),
  gauge("system.fd.open", "{fd}", "Files that are open on the machine"),
  gauge("system.fd.limit", "{fd}", "Files that may be open on the machine"),
];

const state = (name: string, value: string): { semantic: string } => ({
  semantic: `system.${name}.usage{system.${name}.state=${value}}`,
});

const memory: readonly CatalogEntry[] = [
  gauge("system.mem.total", "By", "Memory of the machine", { semantic: "system.memory.limit" }),
  gauge(
    "system.mem.used",
    "By",
    "Without what is free, and buffers and cache",
    state("memory", "used"),
  ),
  gauge("system.mem.free", "By", "Memory that nobody uses", state("memory", "free")),
  gauge("system.mem.available", "By", "What programs could have without swapping", {
    semantic: "system.linux.memory.available",
  }),
  gauge("system.mem.buffers", "By", "Buffers of devices", state("memory", "buffers")),
  gauge("system.mem.cached", "By", "Cache of files", state("memory", "cached")),
  gauge("system.mem.swap.total", "By", "Swap space"),
  gauge("system.mem.swap.used", "By", "Swap space that is used", state("paging", "used")),
  gauge("system.mem.swap.free", "By", "Swap space that is free", state("paging", "free")),
  gauge("system.mem.usage", "1", "Share of the memory that is used, 0 to 1", {
    semantic: "system.memory.utilization{system.memory.state=used}",
  }),
  gauge("system.mem.shared", "By", "Shared memory and files in memory", {
    semantic: "system.memory.linux.shared",
  }),
  gauge("system.mem.slab", "By", "Memory of the kernel's objects", {
    semantic: "system.linux.memory.slab.usage",
  }),
  gauge("system.mem.dirty", "By", "Pages that have to be written to a disk"),
  gauge("system.vm.page.faults", "{fault}", "Page faults since the machine was started", {
    semantic: "system.paging.faults",
  }),
  gauge("system.vm.page.faults.major", "{fault}", "Those that had to wait for a disk", {
    semantic: "system.paging.faults{system.paging.fault.type=major}",
  }),
  gauge("system.vm.swap.in", "{page}", "Pages that were read from swap since then", {
    semantic: "system.paging.operations{system.paging.direction=in}",
  }),
  gauge("system.vm.swap.out", "{page}", "Pages that were written to swap since then", {
    semantic: "system.paging.operations{system.paging.direction=out}",
  }),
  gauge("system.vm.oom.kills", "{process}", "Processes that were killed for want of memory"),
  ...["cpu", "memory", "io"].flatMap((of) =>
    ["some", "full"].flatMap((kind) =>
      ["10", "60"].map((span) =>
        gauge(
          `system.pressure.${of}.${kind}.avg${span}`,
          "%",
          `Share of ${span} seconds in which ${kind === "some" ? "something" : "everything"} waited for ${of}`,
        ),
      ),
    ),
  ),
];

const disk: readonly CatalogEntry[] = [
  ["total", "By", "Size of a file system", "system.filesystem.limit"],
  [
    "free",
    "By",
    "Free space of it, for everybody",
    "system.filesystem.usage{system.filesystem.state=free}",
  ],
  ["used", "By", "Used space of it", "system.filesystem.usage{system.filesystem.state=used}"],
  ["used_ratio", "1", "Share of it that is used, 0 to 1", "system.filesystem.utilization"],
  ["files.total", "{file}", "Files that it can have", undefined],
  ["files.free", "{file}", "Files that it can have on top", undefined],
].map(([name, unit, description, semantic]) =>
  gauge(`system.disk.partition.${name}`, unit as string, description as string, {
    tags: ["partition"],
    ...(semantic !== undefined && { semantic }),
  }),
);

const diskIo: readonly CatalogEntry[] = [
  ["reads", "{operation}", "Reads of all disks", "system.disk.operations{disk.io.direction=read}"],
  ["read.bytes", "By", "What was read from all disks", "system.disk.io{disk.io.direction=read}"],
  [
    "writes",
    "{operation}",
    "Writes of all disks",
    "system.disk.operations{disk.io.direction=write}",
  ],
  [
    "written.bytes",
    "By",
    "What was written to all disks",
    "system.disk.io{disk.io.direction=write}",
  ],
].flatMap(([name, unit, description, semantic]) => [
  gauge(`system.disk.io.${name}`, unit as string, `${description} since the start of the machine`, {
    semantic: semantic as string,
  }),
  gauge(`system.disk.io.${name}.rate`, `${unit}/s`, `${description} in a second`),
]);

/** Names in `/proc/net/dev`, in its order, and what OpenTelemetry calls them. */
export const NET_IN: readonly string[] = [
  ...["bytes", "packets", "errs", "dropped", "fifo.errs", "frame.errs", "compressed", "multicast"],
];
export const NET_OUT: readonly string[] = [
  ...[
    "bytes",
    "packets",
    "errs",
    "dropped",
    "fifo.errs",
    "collisions",
    "carrier.errs",
    "compressed",
  ],
];
const NET_SEMANTIC: Readonly<Record<string, string>> = {
  bytes: "system.network.io",
  packets: "system.network.packet.count",
  errs: "system.network.errors",
  dropped: "system.network.packet.dropped",
};

const network: readonly CatalogEntry[] = (["in", "out"] as const).flatMap((direction) =>
  (direction === "in" ? NET_IN : NET_OUT).flatMap((what) => {
    const name = `system.nettraffic.<if>.net.${direction}.${what}`;
    const unit = what === "bytes" ? "By" : "{packet}";
    const way = direction === "in" ? "receive" : "transmit";
    const base = NET_SEMANTIC[what];
    const attributes = `{network.interface.name=<if>,network.io.direction=${way}}`;
    const semantic = base === undefined ? {} : { semantic: base + attributes };
    return [
      gauge(name, unit, `${what} that went ${direction} since the start of the machine`, semantic),
      gauge(`${name}.rate`, `${unit}/s`, `The same in a second`),
    ];
  }),
);

const tcp: readonly CatalogEntry[] = [
  gauge("system.tcp.active.opens", "{connection}", "Connections that this machine has opened"),
  gauge("system.tcp.passive.opens", "{connection}", "Connections that others have opened"),
  gauge("system.tcp.attempt.fails", "{connection}", "Connections that could not be opened"),
  gauge("system.tcp.estab.resets", "{connection}", "Connections that were broken off"),
  gauge("system.tcp.curr.resets", "{connection}", "Connections that are established now", {
    semantic: "system.network.connection.count{network.connection.state=established}",
  }),
  gauge("system.tcp.in.segs", "{segment}", "Segments that came"),
  gauge("system.tcp.out.segs", "{segment}", "Segments that were sent"),
  gauge("system.tcp.retran.segs", "{segment}", "Segments that had to be sent again"),
  gauge("system.tcp.in.errs", "{segment}", "Segments that came damaged"),
  gauge("system.tcp.out.rsts", "{segment}", "Resets that were sent"),
  gauge("system.tcp.retry.rate", "1", "Share of the segments of late that were sent again, 0 to 1"),
  gauge("system.tcp.sockets", "{socket}", "Sockets of TCP that are in use"),
  gauge("system.tcp.sockets.time_wait", "{socket}", "Sockets of TCP that wait for stragglers"),
  gauge("system.udp.sockets", "{socket}", "Sockets of UDP that are in use"),
];

const cgroup: readonly CatalogEntry[] = [
  gauge("system.cgroup.cpu.limit", "{cpu}", "Processors that the container may use", {
    semantic: "container.cpu.limit",
  }),
  gauge("system.cgroup.cpu.usage", "{cpu}", "Processors that it has used of late", {
    semantic: "container.cpu.usage",
  }),
  gauge("system.cgroup.cpu.throttled", "{period}", "Periods in which it was held back"),
  gauge("system.cgroup.cpu.throttled.time", "s", "How long it was held back"),
  gauge("system.cgroup.mem.limit", "By", "Memory that the container may use", {
    semantic: "container.memory.limit",
  }),
  gauge("system.cgroup.mem.used", "By", "Memory that it uses, its cache included", {
    semantic: "container.memory.usage",
  }),
  gauge("system.cgroup.mem.working", "By", "The same without cache that can be dropped", {
    semantic: "container.memory.working_set",
  }),
  gauge("system.cgroup.mem.usage", "1", "Share of the limit that is working memory, 0 to 1"),
  gauge("system.cgroup.mem.oom.kills", "{process}", "Processes that were killed at the limit"),
  gauge("system.cgroup.pids.limit", "{process}", "Threads that the container may have"),
  gauge("system.cgroup.pids.used", "{process}", "Threads that it has"),
];

/** What is measured once for a machine. */
export const SYSTEM: readonly CatalogGroup[] = [
  { group: "system", title: "Processors and load", entries: cpu },
  { group: "system", title: "Memory", entries: memory },
  { group: "system", title: "Disks", entries: [...disk, ...diskIo] },
  { group: "system", title: "Network", entries: [...network, ...tcp] },
  { group: "system", title: "The container", entries: cgroup },
];
