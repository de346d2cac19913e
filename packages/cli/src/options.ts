import type { OutputStream } from "@elpis/api";
import type { Level } from "./preset.ts";

/** What every command takes. */
export interface CommonOptions {
  /** Print data for programs instead of text for people. */
  readonly json?: boolean | undefined;
  /** Name of the app. */
  readonly app?: string | undefined;
  /** The config file. */
  readonly config?: string | undefined;
  /** How long the command may take, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Say more, and print where errors come from. */
  readonly verbose?: boolean | undefined;
}

/** Options of `run` and `dev`. */
export interface RunOptions extends CommonOptions {
  /** A directory, a config file or a script. @default the current directory */
  readonly path?: string | undefined;
}

/** Processes that a command means: `web`, or `web.1` for one instance. */
export interface ProcessesOptions extends CommonOptions {
  readonly process?: readonly string[] | undefined;
}

/** What every operation takes. */
export interface OperationOptions extends ProcessesOptions {
  /** Wait for the operation that is under way, instead of being refused. */
  readonly queue?: boolean | undefined;
}

/** Options of `start`. */
export interface StartOptions extends RunOptions, OperationOptions {
  /** How many processes a script gets. */
  readonly instances?: number | "auto" | undefined;
}

/** Options of `stop`. */
export interface StopOptions extends OperationOptions {
  /** Do not wait for what is under way. */
  readonly now?: boolean | undefined;
}

/** Options of `reload`. */
export interface ReloadOptions extends OperationOptions {
  /** How many new processes of each kind are tried first. */
  readonly canary?: number | undefined;
  /** How long they are watched, such as `30s`. */
  readonly for?: string | undefined;
  /** Share of their requests that may fail, such as `1%` or `0.01`. */
  readonly maxErrors?: string | undefined;
  /** False: the processes are replaced as they are defined now. */
  readonly reread?: boolean | undefined;
}

/** Options of `apply`. */
export interface ApplyOptions extends OperationOptions {
  /** Only tell what would be done. */
  readonly dryRun?: boolean | undefined;
}

/** Options of `logs`. */
export interface LogsOptions extends CommonOptions {
  /** How many of the last lines. @default 50 */
  readonly lines?: number | undefined;
  /** Go on printing what comes. */
  readonly follow?: boolean | undefined;
  /** Only this process: `web`, or `web.1`. */
  readonly process?: string | undefined;
  readonly stream?: OutputStream | undefined;
  /** Only lines that say to be at least so serious. */
  readonly level?: Level | undefined;
  /** Only lines whose text this regular expression finds. */
  readonly grep?: string | undefined;
  /** Only lines since then: `10m`, or a time in ISO 8601. All of them unless `lines` is given. */
  readonly since?: string | undefined;
  /** Ask the app to put its files aside, instead of printing. */
  readonly rotate?: boolean | undefined;
  /** Ask the app to open its files anew, instead of printing. */
  readonly reopen?: boolean | undefined;
}

/** Options of `errors`. */
export interface ErrorsOptions extends CommonOptions {
  /** How many of the newest. @default 20 */
  readonly lines?: number | undefined;
  /** Go on printing what comes. */
  readonly follow?: boolean | undefined;
  /** With their stacks. */
  readonly stack?: boolean | undefined;
}

/** Options of `traces`. */
export interface TracesOptions extends CommonOptions {
  /** Those that took longer than they should. */
  readonly slow?: boolean | undefined;
  /** Those with something that failed, ran out of time, or was never told to be over. */
  readonly errors?: boolean | undefined;
  /** Those of these statuses, by commas. */
  readonly status?: string | undefined;
  /** Part of the name, in any case. */
  readonly name?: string | undefined;
  /** The shortest and the longest duration, such as `100ms`. */
  readonly min?: string | undefined;
  readonly max?: string | undefined;
  /** Only what this process had a part in: `web`, or `web.1`. */
  readonly process?: string | undefined;
  /** What a span of it has, each as `key:value`. */
  readonly tag?: readonly string[] | undefined;
  /** Those that began since then: `10m`, or a time in ISO 8601. */
  readonly since?: string | undefined;
  /** How many of the newest. @default 20 */
  readonly lines?: number | undefined;
  /** Go on printing what comes. */
  readonly follow?: boolean | undefined;
  /** Say how many were kept, let go and lost, instead. */
  readonly stats?: boolean | undefined;
}

/** Options of `metrics`. */
export interface MetricsOptions extends CommonOptions {
  /** Print again and again, until a signal comes. */
  readonly watch?: boolean | undefined;
  /** Pause between two prints, such as `2s`. @default "2s" */
  readonly interval?: string | undefined;
  /** Show what the metrics plugin has in this group, instead of what the master knows of each process. */
  readonly group?: string | undefined;
  /** Show which groups there are. */
  readonly groups?: boolean | undefined;
}

/** Options of `diag`. */
export interface DiagOptions extends CommonOptions {
  /** How long a CPU profile measures, such as `5s`. */
  readonly for?: string | undefined;
  /** Folder for the file. */
  readonly out?: string | undefined;
}

/** Options of `tasks history`. */
export interface HistoryOptions extends CommonOptions {
  /** How many of the last runs. @default 20 */
  readonly limit?: number | undefined;
}

/** Options of `tasks run`. */
export interface RunTaskOptions extends CommonOptions {
  /** Wait until it is over. */
  readonly wait?: boolean | undefined;
}

/** Options of `startup`. */
export interface StartupOptions extends RunOptions {
  /** `systemd`, `launchd` or `openrc`. @default what this system has */
  readonly platform?: string | undefined;
  /** For the whole machine, or for this user. @default `system` for root, else `user` */
  readonly scope?: "system" | "user" | undefined;
  /** Whose processes they are, in a unit of the whole machine. @default who runs the command */
  readonly as?: string | undefined;
  /** Install it instead of printing it. */
  readonly write?: boolean | undefined;
  /** Take away what `write` installed. */
  readonly remove?: boolean | undefined;
  /** Replace a file that is there. */
  readonly force?: boolean | undefined;
}

/** Options of `save`. */
export interface SaveOptions extends CommonOptions {
  /** Forget what was saved when nothing runs. */
  readonly force?: boolean | undefined;
}

/** Options of `doctor`. */
export interface DoctorOptions extends CommonOptions {
  /** Repair what can be repaired without risk. */
  readonly fix?: boolean | undefined;
}

/** Options of `init`. */
export interface InitOptions extends CommonOptions {
  /** A Procfile, ecosystem file or other definition to begin with. */
  readonly from?: string | undefined;
  /** Replace a file that is there. */
  readonly force?: boolean | undefined;
  /** Write a procfile instead of a config. */
  readonly procfile?: boolean | undefined;
}
