import { type CatalogEntry, type CatalogGroup, counter, gauge, histogram } from "./entry.ts";

const same = (name: string): { semantic: string } => ({ semantic: name });

const process: readonly CatalogEntry[] = [
  counter("process.cpu.time", "s", "Processor time of the process, by `cpu.mode`", {
    tags: ["cpu.mode"],
    ...same("process.cpu.time"),
  }),
  gauge("process.cpu.utilization", "1", "Processors it has used of late; 1 is one of them", {
    merge: "sum",
    ...same("process.cpu.utilization × processors"),
  }),
  gauge("process.memory.usage", "By", "Memory of the process (resident)", {
    merge: "sum",
    ...same("process.memory.usage"),
  }),
  gauge("process.memory.peak", "By", "The most it ever had", { merge: "max" }),
  gauge(
    "process.memory.external",
    "By",
    "Memory of objects of C++ that belong to objects of JavaScript",
    {
      merge: "sum",
    },
  ),
  gauge("process.memory.array_buffers", "By", "Memory of buffers, part of the external", {
    merge: "sum",
  }),
  gauge("process.open_file_descriptors", "{fd}", "Files, sockets and pipes that are open", {
    merge: "sum",
    ...same("process.unix.file_descriptor.count"),
  }),
  gauge("process.uptime", "s", "Since the process was started", {
    merge: "max",
    ...same("process.uptime"),
  }),
  gauge("process.pid", "1", "Number of the process", { merge: "last" }),
  counter(
    "process.context_switches",
    "{switch}",
    "Context switches, by `process.context_switch.type`",
    {
      tags: ["process.context_switch.type"],
      ...same("process.context_switches"),
    },
  ),
  counter("process.page_faults", "{fault}", "Page faults, by `system.paging.fault.type`", {
    tags: ["system.paging.fault.type"],
    ...same("process.paging.faults"),
  }),
  counter(
    "process.disk.operations",
    "{operation}",
    "Reads and writes of disks, by `disk.io.direction`",
    {
      tags: ["disk.io.direction"],
    },
  ),
  counter(
    "error.all",
    "{error}",
    "Errors that nobody caught, and what else the application counts here",
  ),
];

const loop: readonly CatalogEntry[] = [
  ...(["min", "p50", "p90", "p99", "max", "mean"] as const).map((what) =>
    gauge(
      `nodejs.eventloop.delay.${what}`,
      "s",
      `How late turns of the event loop were of late: ${what}`,
      {
        merge: what === "min" ? "min" : what === "mean" ? "avg" : "max",
        ...same(`nodejs.eventloop.delay.${what}`),
      },
    ),
  ),
  gauge(
    "nodejs.eventloop.utilization",
    "1",
    "Share of the time in which the event loop had work, 0 to 1",
    {
      ...same("nodejs.eventloop.utilization"),
    },
  ),
  counter("nodejs.eventloop.time", "s", "Time of the event loop, by `nodejs.eventloop.state`", {
    tags: ["nodejs.eventloop.state"],
    ...same("nodejs.eventloop.time"),
  }),
  gauge(
    "nodejs.active.handles",
    "{handle}",
    "Handles that keep the process alive: sockets, timers, …",
    {
      merge: "sum",
    },
  ),
  gauge("nodejs.active.requests", "{request}", "Requests to the system that are under way", {
    merge: "sum",
  }),
  gauge("nodejs.active.resources", "{resource}", "Both together, by `type`", {
    merge: "sum",
    tags: ["type"],
  }),
  histogram(
    "v8js.gc.duration",
    "s",
    "How long garbage collections stopped the process, by `v8js.gc.type`",
    {
      tags: ["v8js.gc.type"],
      ...same("v8js.gc.duration"),
    },
  ),
];

const SPACES: readonly (readonly [key: string, what: string, semantic?: string])[] = [
  [
    "space_size",
    "Size of a space of V8's heap",
    "v8js.memory.heap.limit{v8js.heap.space.name=<space>}",
  ],
  ["space_used_size", "What is used of it", "v8js.memory.heap.used{v8js.heap.space.name=<space>}"],
  [
    "space_available_size",
    "What is free of it",
    "v8js.memory.heap.space.available_size{v8js.heap.space.name=<space>}",
  ],
  [
    "physical_space_size",
    "What it takes of the machine's memory",
    "v8js.memory.heap.space.physical_size{v8js.heap.space.name=<space>}",
  ],
];

/** Keys of `v8.getHeapStatistics()`, and what they are. */
export const HEAP: Readonly<Record<string, readonly [unit: string, what: string]>> = {
  total_heap_size: ["By", "Size of the heap"],
  total_heap_size_executable: ["By", "Part of it that is code"],
  total_physical_size: ["By", "What the heap takes of the machine's memory"],
  total_available_size: ["By", "What the heap may grow by"],
  used_heap_size: ["By", "What is used of the heap"],
  heap_size_limit: ["By", "How large the heap may become"],
  malloced_memory: ["By", "Memory that V8 has taken beside the heap"],
  peak_malloced_memory: ["By", "The most that it ever was"],
  does_zap_garbage: ["1", "Whether garbage is overwritten (1)"],
  number_of_native_contexts: ["{context}", "Contexts"],
  number_of_detached_contexts: [
    "{context}",
    "Contexts that are no longer used, and were not collected",
  ],
  total_global_handles_size: ["By", "Size of the table of global handles"],
  used_global_handles_size: ["By", "What is used of it"],
  external_memory: ["By", "Memory of objects of C++ that belong to objects of JavaScript"],
  total_allocated_bytes: ["By", "What was ever allocated in the heap"],
};

const v8: readonly CatalogEntry[] = [
  ...SPACES.map(([key, what, semantic]) =>
    gauge(`node.v8.<space>.${key}`, "By", what, {
      merge: "sum",
      ...(semantic !== undefined && { semantic }),
    }),
  ),
  ...Object.entries(HEAP).map(([key, [unit, what]]) =>
    gauge(`node.v8.${key}`, unit, what, { merge: "sum" }),
  ),
];

/** What is measured in every process. */
export const NODE: readonly CatalogGroup[] = [
  { group: "process", title: "The process", entries: process },
  { group: "node", title: "Event loop and garbage collection", entries: loop },
  { group: "node", title: "V8", entries: v8 },
];
