import type { Event, Request } from "@elpis/api";
import type { RunRecord, TaskOptions, TaskStatus } from "./contract.ts";
import type { ScheduleCode } from "./errors.ts";

/** The master tells whoever listens that a run has begun or ended. */
export const TASK_TOPIC = "elpis.task";
/** The master gives a run to a process; answered when the process is done with it. */
export const EXECUTE_TOPIC = "elpis.tasks.execute";

/** Who asks, for the audit trail. */
export interface AskedTask {
  readonly task: string;
  /** @default the peer's location */
  readonly by?: string;
}

/** What came of a run that was asked for. */
export interface Asked {
  /** One for each process that is to run it. */
  readonly ids: readonly string[];
  /** With `wait`: how each of them ended in the end. */
  readonly records: readonly RunRecord[];
}

/** A run has begun or ended. */
export type TaskChange =
  | ({ readonly type: "started" } & Omit<RunRecord, "outcome" | "endedAt">)
  | ({ readonly type: "ended" } & RunRecord);

/** What the coordinator of tasks, in the master, answers and tells. */
export interface TaskTopics {
  readonly "elpis.tasks.list": Request<
    Record<string, never>,
    { readonly tasks: readonly TaskStatus[] }
  >;
  /** The newest first. */
  readonly "elpis.tasks.history": Request<
    { readonly task: string; readonly limit?: number },
    { readonly task: string; readonly runs: readonly RunRecord[] }
  >;
  /** No times from now on; what runs goes on. */
  readonly "elpis.tasks.pause": Request<AskedTask, TaskStatus>;
  readonly "elpis.tasks.resume": Request<AskedTask, TaskStatus>;
  /** One run now, also of a task that is paused. */
  readonly "elpis.tasks.run": Request<AskedTask & { readonly wait?: boolean }, Asked>;
  readonly "elpis.task": Event<TaskChange>;
}

/** What a process offers to run. */
export interface Registration {
  /** When the process was started, in milliseconds since 1970. */
  readonly since: number;
  readonly tasks: ReadonlyArray<{ readonly name: string; readonly options?: TaskOptions }>;
}

/** What a process is to run. */
export interface RunOrder {
  readonly task: string;
  readonly id: string;
  readonly scheduledAt: number;
  readonly attempt: number;
  readonly token: number;
  readonly leaseMs: number;
  readonly by?: string;
}

/** An attempt, as its process names it. */
export interface Held {
  readonly task: string;
  readonly token: number;
}

/** Values for the store as JSON; undefined removes one. */
export type Puts = Readonly<Record<string, string | undefined>>;

/** How an attempt ended, as its process says. */
export type RunResult =
  | {
      readonly ok: true;
      /** JSON. */
      readonly value?: string;
      readonly put?: Puts;
    }
  | { readonly ok: false; readonly error: string; readonly code?: string };

/** Yes, or why not. Errors with codes of ours do not cross the hub as such. */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: ScheduleCode; readonly message?: string };

/** What processes and the coordinator say to one another. */
export interface RunTopics {
  readonly "elpis.tasks.register": Request<
    Registration,
    { readonly problems: ReadonlyArray<{ readonly task: string; readonly message: string }> }
  >;
  readonly "elpis.tasks.execute": Request<RunOrder, { readonly started: boolean }>;
  readonly "elpis.tasks.renew": Request<Held, Verdict>;
  readonly "elpis.tasks.finish": Request<Held & { readonly result: RunResult }, Verdict>;
  readonly "elpis.tasks.put": Request<Held & { readonly put: Puts }, Verdict>;
  readonly "elpis.tasks.get": Request<
    { readonly task: string; readonly key: string },
    { readonly json?: string }
  >;
}
