import type { RestartPolicy } from "../config/types.ts";
import type { ExitCause, ExitFacts } from "./exit.ts";

/** Where an instance of a process stands. */
export type InstanceState =
  | "waiting"
  | "starting"
  | "ready"
  | "stopping"
  | "backoff"
  | "failed"
  | "stopped";

/** The one timer that an instance can have: each is for one state. */
export type TimerName = "ready" | "stable" | "backoff" | "stop" | "kill" | "heal";

/** What the decisions depend on and never changes. */
export interface SupervisePolicy {
  readonly restart: RestartPolicy | false;
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  /** Nobody says when it is ready: it is once it runs. */
  readonly readyAtSpawn: boolean;
}

/** What happens to an instance. */
export type InstanceEvent =
  /** `prove`: an end before it is ready is final, so that a start or restart that was asked for fails visibly. */
  | { readonly type: "start"; readonly prove: boolean }
  | { readonly type: "spawned"; readonly pid: number }
  | { readonly type: "ready" }
  | { readonly type: "exited"; readonly facts: ExitFacts }
  | { readonly type: "timeout"; readonly timer: TimerName }
  /** Its stop will come in its turn; until then it may go on, but an end is final. */
  | { readonly type: "retire" }
  | { readonly type: "stop" }
  | { readonly type: "kill" }
  /** It is of no use any more: it is killed, and started again as after any other failure. */
  | { readonly type: "condemn"; readonly cause: ExitCause }
  /** When it is to be started again after a pause, it is not before a `release`. */
  | { readonly type: "hold" }
  | { readonly type: "release" }
  /** It finishes what it has and leaves; then it is started again, at once when `planned`, else as after a failure. */
  | { readonly type: "renew"; readonly cause: ExitCause; readonly planned: boolean };

/** What is to be done about it. */
export type InstanceEffect =
  | { readonly type: "spawn"; readonly epoch: number }
  | { readonly type: "drain" }
  | { readonly type: "signal"; readonly signal: "SIGTERM" | "SIGKILL" }
  | { readonly type: "setTimer"; readonly timer: TimerName; readonly delayMs: number }
  | { readonly type: "clearTimer" }
  | { readonly type: "report"; readonly from: InstanceState; readonly to: InstanceState };

/** How the last process of an instance ended. */
interface LastExit extends ExitFacts {
  readonly cause: ExitCause;
}

/** All that is known of an instance. */
export interface InstanceRecord {
  readonly state: InstanceState;
  /** Of the process that lives. */
  readonly pid?: number;
  /** A process was ordered and has not said its pid, nor failed. */
  readonly spawning: boolean;
  /** Number of the latest start; 0 before the first. */
  readonly epoch: number;
  readonly timer?: TimerName;
  /** Failures in a row; what the pause grows with. */
  readonly attempt: number;
  /** When the failures within the period were. */
  readonly failures: readonly number[];
  /** Its present start is a proof: see the `start` event. */
  readonly proving: boolean;
  /** The latest process got ready. */
  readonly wasReady: boolean;
  /** It is not to be started again unless by a `start` event. */
  readonly retired: boolean;
  /** What follows when the process has ended that is being stopped. */
  readonly afterwards: "stop" | "retry" | "again";
  /** Why the master ends its process; undefined: it took too long to get ready. */
  readonly verdict?: ExitCause;
  /** See the `hold` event. */
  readonly held: boolean;
  /** It had failed and is tried once more; another failure before it is stable is final until the next time. */
  readonly healing: boolean;
  readonly lastExit?: LastExit;
}

/** What a decision may look at besides the record. */
export interface Circumstances {
  readonly policy: SupervisePolicy;
  /** Monotonic, in milliseconds. */
  readonly now: number;
  /** From 0 up to, not including, 1. */
  readonly random: number;
  /** The number that the next start gets. */
  readonly nextEpoch: number;
}
