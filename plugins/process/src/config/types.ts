import type { PluginUse } from "@elpis/api";

/** A time span: milliseconds as a number, or `"500ms"`, `"10s"`, `"2m"`, `"1h"`. */
export type Duration = number | string;

/**
 * When a process counts as ready: `listen` its first server listens; `module` its entry has been evaluated, top-level
 * await included; `message` it says so with `hub.setReady(true)` or `process.send("ready")`.
 */
export type ReadyMode = "listen" | "module" | "message";

/** When and how fast a process is started again. */
export interface RestartConfig {
  /** How many restarts within `period` are put up with; one more and the process has `failed`. @default 5 */
  intensity?: number;
  /** @default "10s" */
  period?: Duration;
  /** Pause before the first restart; it doubles with each further one. @default "100ms" */
  minDelay?: Duration;
  /** Longest pause between restarts. @default "30s" */
  maxDelay?: Duration;
  /** How long a process must have been ready for the pauses to begin anew. @default the period */
  stableAfter?: Duration;
}

/** What one process of the application is. Exactly one of `entry` and `command` is given. */
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
  /** Only with `entry`; a command is ready once it runs. @default "module" */
  ready?: ReadyMode;
  /** How long it may take to get ready. @default "30s" */
  readyTimeout?: Duration;
  /** How long it may take to finish what it has when it is asked to stop. @default "10s" */
  stopTimeout?: Duration;
  /** `false`: it is never started again. */
  restart?: RestartConfig | false;
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
}

/** {@link RestartConfig} with every value filled in. */
export interface RestartPolicy {
  readonly intensity: number;
  readonly periodMs: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly stableAfterMs: number;
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
  /** `spawn` for a command. */
  readonly ready: ReadyMode | "spawn";
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly restart: RestartPolicy | false;
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
  readonly plugins: readonly PluginUse[];
}
