/** What is measured without being asked, by name; see the guide for what each one is. */
export const COLLECTOR_NAMES = [
  ...["cpu", "load", "memory", "pressure", "disk", "network", "tcp", "cgroup"],
  ...["process", "loop", "gc", "resources", "v8", "errors", "http", "httpClient"],
  ...["hub", "supervision"],
] as readonly CollectorName[];

/** Of the machine; measured by one process. */
export type SystemCollector =
  | "cpu"
  | "load"
  | "memory"
  | "pressure"
  | "disk"
  | "network"
  | "tcp"
  | "cgroup";
/** Of each process. */
export type ProcessCollector =
  | "process"
  | "loop"
  | "gc"
  | "resources"
  | "v8"
  | "errors"
  | "http"
  | "httpClient";
/** Of the master. */
export type MasterCollector = "hub" | "supervision";
export type CollectorName = SystemCollector | ProcessCollector | MasterCollector;
