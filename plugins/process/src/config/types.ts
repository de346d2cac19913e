import type { Duration, PluginUse, Role, Size } from "@elpis/api";
import type { HubLimits } from "@elpis/core";
import type { Environment, EnvironmentClass } from "../procfile/environment.ts";
import type { ConfigFunction, ServiceClass, ServiceLoader } from "../services/types.ts";

/**
 * When a process counts as ready: `listen` its first server listens; `module` its entry has been evaluated, top-level
 * await included; `message` it says so with `hub.setReady(true)` or `process.send("ready")`.
 */
export type ReadyMode = "listen" | "module" | "message";

/** Asks a process from outside whether it is well. Exactly one of `http`, `tcp`, `exec` and `hub` is given. */
export interface ProbeConfig {
  /** A URL of this machine; an answer below 400 means that all is well. */
  http?: string;
  /** A port of this machine, or `"host:port"`; that it can be connected to means that all is well. */
  tcp?: number | string;
  /** A program with its arguments, run with the variables of the process; exit code 0 means that all is well. */
  exec?: string[];
  /** A topic that the process answers on the hub; any answer but an error or `false` means that all is well. */
  hub?: string;
  /** Pause between two questions. @default "5s"; for readiness "200ms" */
  interval?: Duration;
  /** How long an answer may take. @default "1s" */
  timeout?: Duration;
  /** How many failures in a row count. @default 3 */
  failures?: number;
}

/** How it is noticed that a process does not get on with its work. */
export interface LivenessConfig {
  /**
   * How often the process says that its event loop turns. After 2 intervals of silence it gets no more work, before the
   * third has passed it is replaced; a report of what it was doing is written first. @default "1s"
   */
  interval?: Duration;
  /** Another question that must be answered; it may be all there is for a command. */
  probe?: ProbeConfig;
}

/** How much memory a process may hold before it is replaced, without loss. */
export interface MemoryLimitConfig {
  /** Resident memory of the process. */
  limit: Size;
  /** How long it must have been above it. @default "5s" */
  for?: Duration;
}

/** What the system itself holds a process to. */
export interface SystemLimitsConfig {
  /** Beyond it the kernel ends the process. */
  memory?: Size;
  /** Processors, such as `1.5`. */
  cpu?: number;
}

/**
 * Who gets a connection. `kernel`: whoever accepts it first; `round-robin`: one after another; `least-connections`:
 * whoever has the fewest; `sticky`: the same client address the same instance; `{ weights }`: by share, instance by
 * instance, the last weight for all others; `reuse-port`: each instance binds the port for itself (Node 22.12 or later on
 * Linux; a reload may reset a connection that waits to be accepted).
 */
export type BalanceConfig =
  | "kernel"
  | "round-robin"
  | "least-connections"
  | "sticky"
  | "reuse-port"
  | { weights: number[] };

/** How the instances of a process are replaced. */
export interface ReloadConfig {
  /** How many at a time. @default 1 */
  batch?: number;
  /**
   * Whether a new process starts beside the one that it replaces. With `false` the old one is stopped first: for programs
   * that cannot share what they hold, such as a port. @default true, for a command false
   */
  overlap?: boolean;
}

/** Processes that share a fate. */
export interface GroupConfig {
  /** Names of processes, each in one group at most. */
  processes: string[];
  /**
   * What else is started again when one of them has died: `one-for-one` nothing; `rest-for-one` those after it in start
   * order; `one-for-all` all of them. @default "one-for-one"
   */
  strategy?: GroupStrategy;
}

/** See {@link GroupConfig}. */
export type GroupStrategy = "one-for-one" | "rest-for-one" | "one-for-all";

/** A class that is started and stopped inside a process. */
export interface ServiceConfig {
  /**
   * Module with the class as its default (or only) export, relative to the configuration file, or the name of a package;
   * or the class itself, or a function that gives it.
   */
  entry: string | ServiceClass | ServiceLoader;
  /**
   * Name of the process that it runs in. `all`: in every process of Node, each of which is started for it; `weak-all`: in
   * every one that is started anyway. `agent`, `worker` and `background` are there without being declared.
   * @default "worker"
   */
  process?: string;
  /** What the service finds as `context.config`; a function is called in the process, with the context. */
  config?: ConfigFunction | unknown;
  /** Names of services that must have started, in this process or another; `all`: every other one of the process. */
  dependsOn?: string[];
  /** Whether others may call it over the hub, by its name. @default false */
  publish?: boolean;
  /** How long `start()` and `stop()` may take, each. @default "30s", and what is left of the stop of the process */
  timeout?: Duration;
}

/** When and how fast a process is started again. */
export interface RestartConfig {
  /** How many restarts within `period` are put up with; one more and the process has `failed`. @default 5 */
  intensity?: number;
  /** @default "10s" */
  period?: Duration;
  /**
   * Pause between restarts, which doubles with each further one. There is none before the first restart of a process that
   * had been ready. @default "100ms"
   */
  minDelay?: Duration;
  /** Longest pause between restarts. @default "30s" */
  maxDelay?: Duration;
  /** How long a process must have been ready for the pauses to begin anew. @default the period */
  stableAfter?: Duration;
  /** Exit codes that mean that it is done: it is not started again. @default none */
  stopCodes?: number[];
  /** How long after it has `failed` it is tried once more, and again and again; `false`: never. @default "60s" */
  retryAfter?: Duration | false;
}

/** What one process of the application is. Of `entry` and `command` one is given, or none where a service runs. */
export interface ProcessConfig {
  /** The module it runs, relative to the configuration file. */
  entry?: string;
  /** Any program with its arguments, such as `["python3", "ocr.py"]`; found as a shell would, from `cwd`. */
  command?: string[];
  /** How many instances; `"auto"` is `os.availableParallelism()`. @default 1 */
  scale?: number | "auto";
  /** Processes with a lower number start earlier. @default that of the processes in `dependsOn`, else 0 */
  order?: number;
  /** Names of processes that must be ready before this one starts. */
  dependsOn?: string[];
  /** Environment variables beside those of the application and of the master. */
  env?: Record<string, string>;
  /** Arguments behind the entry or the command. */
  args?: string[];
  /** Options for Node itself, such as `["--max-old-space-size=512"]`; only with `entry`. */
  nodeArgs?: string[];
  /** Working directory, relative to the configuration file. @default its directory */
  cwd?: string;
  /** A mode goes with `entry` only; without a probe a command is ready once it runs. @default "module" */
  ready?: ReadyMode | ProbeConfig;
  /** How long it may take to get ready. @default "30s" */
  readyTimeout?: Duration;
  /** How long it may take to finish what it has when it is asked to stop. @default "10s" */
  stopTimeout?: Duration;
  /** `false`: it is never started again. */
  restart?: RestartConfig | false;
  /** Files with further variables (`NAME=value` in lines), read at each start; `env` goes before them. */
  envFile?: string | string[];
  /** `false`: nobody looks whether its event loop turns. A command is only looked at with a probe. */
  liveness?: LivenessConfig | false;
  /** A size alone is `{ limit }`. @default none */
  memoryLimit?: Size | MemoryLimitConfig;
  /** How old a process may get before it is replaced; up to a tenth less, so that not all go together. @default any */
  maxAge?: Duration;
  /** How many HTTP requests it may answer before it is replaced. @default any */
  maxRequests?: number;
  /** When all instances are replaced, as a cron pattern, seconds optional. @default never */
  cron?: string;
  /**
   * What follows an error that nobody caught, once the process is ready: `replace` it takes no more work, is replaced,
   * finishes what it has, and leaves; `exit` it ends at once, as without Elpis. @default "replace"
   */
  uncaught?: "replace" | "exit";
  /** @default "kernel" */
  balance?: BalanceConfig;
  reload?: ReloadConfig;
  /** Priority, from -20 (needs rights) to 19. @default that of the master */
  nice?: number;
  /** By a control group of its own, where the system has version 2 and lets us; otherwise told in the log. */
  limits?: SystemLimitsConfig;
  /** User to run as, by number or name; needs rights. */
  uid?: number | string;
  /** Group to run as, by number or name; needs rights. */
  gid?: number | string;
}

/** What the agent is: one instance, started before everything else. */
export type AgentConfig = Omit<ProcessConfig, "scale" | "order" | "dependsOn">;

/** What an application is made of. */
export interface AppConfig {
  /** Letters, digits, `.`, `_`, `-`; at most 64. @default the package name without its scope, else the directory name */
  name?: string;
  /** The one long-lived helper process; a string is its entry. */
  agent?: AgentConfig | string;
  /** The processes by name; a string is an entry. */
  processes: Record<string, ProcessConfig | string>;
  plugins?: PluginUse[];
  /** Environment variables of every process. */
  env?: Record<string, string>;
  /** Classes that are started inside processes, by name. */
  services?: Record<string, ServiceConfig | string>;
  /** Processes that share a fate, by name of the group. */
  groups?: Record<string, GroupConfig>;
  /** Whether the processes go on serving when the master dies, to be taken over by the next one. @default false */
  survive?: boolean;
  /** What the hub is given. */
  hub?: HubConfig;
  /** What services and the procfile see as the environment they run in. @default by NODE_ENV */
  environment?: Environment | EnvironmentClass;
}

/** Settings of the hub of an application. */
export interface HubConfig {
  /** Folder of durable jobs, relative to the configuration file. @default in the runtime folder, often in memory */
  jobsDir?: string;
  /** Bounds of the hub; see `HubLimits` of `@elpis/core`. */
  limits?: Partial<HubLimits>;
}

/** {@link RestartConfig} with every value filled in. */
export interface RestartPolicy {
  readonly intensity: number;
  readonly periodMs: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly stableAfterMs: number;
  readonly stopCodes: readonly number[];
  /** undefined: never. */
  readonly retryAfterMs?: number;
}

/** {@link ProbeConfig} checked, with every value filled in. */
export type ProbeDefinition = ProbeTarget & {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly failures: number;
};

/** What is asked. */
export type ProbeTarget =
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "exec"; readonly command: readonly string[] }
  | { readonly kind: "hub"; readonly topic: string };

/** {@link LivenessConfig} checked, with every value filled in. */
export interface LivenessPolicy {
  readonly intervalMs: number;
  readonly probe?: ProbeDefinition;
}

/** {@link BalanceConfig} checked. */
export type BalancePolicy =
  | { readonly kind: "kernel" | "round-robin" | "least-connections" | "sticky" | "reuse-port" }
  | { readonly kind: "weighted"; readonly weights: readonly number[] };

/** {@link GroupConfig} checked. */
export interface GroupDefinition {
  readonly name: string;
  /** In start order. */
  readonly processes: readonly string[];
  readonly strategy: GroupStrategy;
}

/** {@link ServiceConfig} checked. What it is configured with stays in the file: the process reads it there. */
export interface ServiceDefinition {
  readonly name: string;
  /** Absolute; absent when the class itself, or a function that gives it, stands in the file. */
  readonly entry?: string;
  /** Names of the processes that it runs in. */
  readonly processes: readonly string[];
  readonly dependsOn: readonly string[];
  readonly publish: boolean;
  readonly timeoutMs?: number;
}

/** {@link ProcessConfig} checked, with every value filled in. */
export interface ProcessDefinition {
  readonly name: string;
  readonly role: "agent" | "worker";
  /** Absolute; absent when `command` is there. */
  readonly entry?: string;
  readonly command?: readonly string[];
  readonly scale: number;
  readonly order: number;
  readonly dependsOn: readonly string[];
  /** Those of the application and of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** `spawn` for a command without a probe. */
  readonly ready: ReadyMode | "spawn" | "probe";
  /** Only when `ready` is `probe`. */
  readonly readyProbe?: ProbeDefinition;
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly restart: RestartPolicy | false;
  /** Absolute. */
  readonly envFiles: readonly string[];
  readonly liveness: LivenessPolicy | false;
  readonly memoryLimit?: { readonly bytes: number; readonly forMs: number };
  readonly maxAgeMs?: number;
  readonly maxRequests?: number;
  readonly cron?: string;
  readonly uncaught: "replace" | "exit";
  readonly balance: BalancePolicy;
  readonly reload: { readonly batch: number; readonly overlap: boolean };
  readonly nice?: number;
  readonly limits?: { readonly memoryBytes?: number; readonly cpu?: number };
  readonly uid?: number;
  readonly gid?: number;
  /** Names of the services that it runs. */
  readonly services: readonly string[];
}

/** How a configuration was read, so that a process that reads it as well sees the same. */
export interface ConfigReading {
  /** Whether it was read for development. */
  readonly dev: boolean;
  /** Absolute paths of the files below the one of the application, the first one lowest. */
  readonly sources: readonly string[];
  /** Roles for which it has plugins. */
  readonly pluginRoles: readonly Role[];
}

/** {@link AppConfig} checked, with every value filled in. */
export interface AppDefinition {
  readonly name: string;
  /** Directory that relative paths are relative to. */
  readonly dir: string;
  /** The file it comes from; of a configuration made in a program, `dir`. */
  readonly file: string;
  /** In start order, the agent first. */
  readonly processes: readonly ProcessDefinition[];
  /** Of a configuration that was evaluated in a child: only where some are for the master. */
  readonly plugins: readonly PluginUse[];
  readonly services: readonly ServiceDefinition[];
  readonly groups: readonly GroupDefinition[];
  readonly survive: boolean;
  /** Variables of every process, which those of `processes` hold already. */
  readonly env: Readonly<Record<string, string>>;
  readonly hub: { readonly jobsDir?: string; readonly limits?: Partial<HubLimits> };
  /** Absent when it does not come from a file. */
  readonly reading?: ConfigReading;
}
