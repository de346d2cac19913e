import type { Duration, Off, Selector } from "@elpis/api";

/** When a task runs, where, and what becomes of runs that overlap, fail or were missed. */
export interface TaskOptions {
  /** A cron pattern of five or six fields (seconds first), such as `"0 3 * * *"`. One of four ways to say when. */
  readonly cron?: string;
  /** Time zone of `cron`, such as `"Europe/Berlin"`. @default that of the master */
  readonly timeZone?: string;
  /** Again and again after this time, on a clock that nobody sets; at least 100 ms. */
  readonly every?: Duration;
  /** Once, at this time. */
  readonly at?: Date | number | string;
  /** Once, after this time has passed since the task was first defined. */
  readonly in?: Duration;
  /**
   * `one`: exactly one of the processes that have the function; `all`: each of them; `each`: one process of each name.
   * @default "one"
   */
  readonly on?: "one" | "all" | "each";
  /** Only these of the processes. @default all that have the function */
  readonly to?: Selector;
  /**
   * What becomes of a run whose time comes while one before it is not over: `skip` it is left out, `queue` it waits,
   * `allow` both run. @default "skip"
   */
  readonly overlap?: "skip" | "queue" | "allow";
  /** How many may wait with `queue`; more are left out. @default 1 */
  readonly queue?: number;
  /**
   * What becomes of times that fell into downtime, or that the clock jumped over: `once` one run makes up for all of
   * them, `skip` none. @default "skip"; of `at` and `in` "once"
   */
  readonly missed?: "once" | "skip";
  /** How long an attempt may take; `false`: without end. @default "1h" */
  readonly timeout?: Duration | false;
  readonly retries?: RetryOptions;
  /** Each run begins up to so much later, by chance. @default 0 */
  readonly jitter?: Duration;
  /** `false`: it has no times; it can still be asked for. @default true */
  readonly enabled?: boolean;
  /**
   * A module whose default export is the function; it gets a process of its own for each run. Relative to the
   * configuration file; in code an absolute path or a `file:` URL.
   */
  readonly entry?: string;
  /** More about that process. */
  readonly fork?: ForkOptions;
}

/** How often a run that came to nothing is tried again. */
export interface RetryOptions {
  /** After it has thrown, or taken too long. @default 0 */
  readonly attempts?: number;
  /** After the process that ran it has died or frozen. @default 3 */
  readonly lost?: number;
  /** Pause before each of them but the first that was lost; it doubles, and is shortened by up to a half by chance. */
  readonly backoff?: {
    /** @default "1s" */
    readonly min?: Duration;
    /** @default "5m" */
    readonly max?: Duration;
  };
}

/** The process of a task with an `entry`. */
export interface ForkOptions {
  readonly args?: readonly string[];
  /** Options for Node itself, such as `["--max-old-space-size=4096"]`. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** @default where the configuration file is */
  readonly cwd?: string;
}

/** What the function of a task gets. */
export interface TaskContext {
  readonly task: string;
  /** Names what is to be done, the same for all attempts of it: a key for effects that must happen once. */
  readonly id: string;
  /** The time for which it was planned. */
  readonly scheduledAt: Date;
  /** From 1. */
  readonly attempt: number;
  /** Larger than that of any attempt before, also before a restart. See `createFence`. */
  readonly token: number;
  /** Who asked for this run; undefined: it was its time. */
  readonly by: string | undefined;
  /** Aborted when this attempt has to stop: its lease has ended, or its time is up; its reason says which. */
  readonly signal: AbortSignal;
  /** A few values of this task, kept by the master. */
  readonly store: TaskStore;
  /**
   * Says that it is done, before the function returns. Resolves when that is on disk: no other attempt will be made.
   *
   * @throws ELPIS_SCHEDULE_FENCED when another attempt has taken its place; ELPIS_SCHEDULE_STORE
   */
  commit(value?: unknown, options?: CommitOptions): Promise<void>;
}

/** What goes with a commit. */
export interface CommitOptions {
  /** Written to the store together with the commit: both happen, or neither. */
  readonly put?: Readonly<Record<string, unknown>>;
}

/** A few values of a task, at most 64 KiB as JSON. */
export interface TaskStore {
  /** Undefined: there is none. */
  get(key: string): Promise<unknown>;
  /**
   * Keeps a value that JSON can hold; undefined removes it. Resolves when it is on disk.
   *
   * @throws ELPIS_SCHEDULE_FENCED when another attempt has taken the place of this one; ELPIS_SCHEDULE_STORE
   */
  put(key: string, value: unknown): Promise<void>;
}

/** The function of a task. What it returns is kept when it is small; what it throws is the reason of a failure. */
export type TaskFunction = (context: TaskContext) => unknown;

/** The tasks that this process takes part in. */
export interface Tasks {
  /**
   * Defines a task and offers to run it here. All processes that define it mean one task; where they differ, the one
   * that was started last counts. Without a function it has an `entry`.
   *
   * @returns what ends the offer
   * @throws ELPIS_SCHEDULE_DEFINITION, ELPIS_SCHEDULE_DUPLICATE
   */
  define(name: string, options: TaskOptions, run?: TaskFunction): Off;
  /** Offers to run a task that the configuration defines. @throws ELPIS_SCHEDULE_DUPLICATE */
  handle(name: string, run: TaskFunction): Off;
}

/** How a run, or one attempt of it, ended. */
export type Outcome =
  | "done"
  /** It threw, or its process ended by itself. */
  | "failed"
  | "timeout"
  /** The process that ran it died, froze, or was not heard of in time. */
  | "lost"
  /** It did not begin: one before it was not over. */
  | "skipped"
  /** It did not begin: its time fell into downtime, or the clock jumped over it. */
  | "missed";

/** One attempt of a run, or several times in a row that did not begin. Times are in milliseconds since 1970. */
export interface RunRecord {
  readonly task: string;
  readonly id: string;
  readonly scheduledAt: number;
  readonly startedAt?: number;
  readonly endedAt: number;
  /** `web.1`. */
  readonly where?: string;
  readonly pid?: number;
  readonly attempt?: number;
  readonly token?: number;
  readonly outcome: Outcome;
  /** The first lines of what went wrong. */
  readonly error?: string;
  /** Whether another attempt follows. */
  readonly again?: boolean;
  /** Who asked for it. */
  readonly by?: string;
  /** What the function gave, as JSON; absent when that is longer than 1024 characters or no JSON. */
  readonly value?: string;
  /** Of times that did not begin: how many, the last of them at `scheduledAt`. */
  readonly count?: number;
}

/** An attempt that is under way. */
export interface RunUnderWay {
  readonly id: string;
  readonly scheduledAt: number;
  readonly state: "queued" | "waiting" | "retrying" | "starting" | "running" | "ending";
  readonly attempt: number;
  readonly startedAt?: number;
  readonly where?: string;
  readonly pid?: number;
  readonly token?: number;
  readonly by?: string;
}

/**
 * `idle` until its next time; `waiting` for a process that can run it; `retrying` after a pause; `paused` by somebody;
 * `disabled` by its definition; `over`: there will be no next time.
 */
export type TaskState =
  | "idle"
  | "running"
  | "waiting"
  | "retrying"
  | "paused"
  | "disabled"
  | "over";

/** How a task is. */
export interface TaskStatus {
  readonly name: string;
  /** Where it is defined. */
  readonly source: "config" | "code";
  /** For a person: `0 3 * * * (Europe/Berlin)`, `every 10m`. */
  readonly schedule: string;
  readonly on: "one" | "all" | "each" | "fork";
  readonly state: TaskState;
  readonly overlap: "skip" | "queue" | "allow";
  readonly missed: "once" | "skip";
  /** Undefined: without end. */
  readonly timeoutMs?: number;
  /** In milliseconds since 1970. */
  readonly nextAt?: number;
  readonly last?: RunRecord;
  readonly runs: readonly RunUnderWay[];
  /** The processes that have its function now: `web.0`. */
  readonly runners: readonly string[];
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly pausedBy?: string;
  readonly pausedAt?: number;
}
