import type { Selector } from "@elpis/api";

/** A process, apart from its connection to the hub, which may be another one later. */
export interface Identity {
  readonly name: string;
  readonly index: number;
  readonly epoch: number;
  readonly pid: number;
}

/** Who has an attempt. */
export interface Holder {
  /** Its number on the hub; undefined: its link is gone, and it may be alive. */
  readonly peerId: number | undefined;
  readonly identity: Identity;
}

/** Where a run is on its way. Times are of the clock that nobody sets, unless said otherwise. */
export type Phase =
  /** Behind another one that it must not overlap with. */
  | { readonly name: "queued" }
  /** From then on for somebody to run it; given up at `untilMs`. */
  | { readonly name: "waiting"; readonly fromMs: number; readonly untilMs?: number }
  /** A process is started for it. */
  | {
      readonly name: "starting";
      readonly token: number;
      readonly untilMs: number;
      readonly holder?: Holder;
    }
  /** Somebody was told; it does not run before that one has claimed it. */
  | {
      readonly name: "offered";
      readonly token: number;
      readonly holder: Holder;
      readonly untilMs: number;
    }
  /** It runs, or may. */
  | {
      readonly name: "running";
      readonly token: number;
      /** Undefined: another master has started a process for it, and did not live to say which. */
      readonly holder: Holder | undefined;
      /** Behind it, its holder has stopped by itself. */
      readonly leaseEndMs: number;
      readonly deadlineMs: number | undefined;
      /** On the clock on the wall. */
      readonly startedAt: number;
      /** Its time was up: the lease is not renewed any more. */
      readonly isOverdue?: boolean;
    };

/** One run: a time, or a wish, and for tasks that run in several places one of these. */
export interface Work {
  readonly id: string;
  /** What its overlapping is about: empty, the name of a process, or one instance. */
  readonly key: string;
  /** In milliseconds since 1970. */
  readonly scheduledAt: number;
  readonly by: string | undefined;
  /** The one process that it is for. */
  readonly target: Identity | undefined;
  failures: number;
  losses: number;
  phase: Phase;
}

/** {@link Work} as it is written down. */
export interface SavedWork {
  readonly id: string;
  readonly key: string;
  readonly scheduledAt: number;
  readonly by?: string;
  readonly target?: Identity;
  readonly failures: number;
  readonly losses: number;
  readonly isQueued?: boolean;
  /** Of an attempt that runs, or may. */
  readonly token?: number;
  readonly holder?: Identity;
  readonly startedAt?: number;
}

/** Which processes may have a run. */
export interface Wanted {
  readonly to: Selector | undefined;
  /** Only of this name. */
  readonly name: string | undefined;
  /** Only this one. */
  readonly target: Identity | undefined;
}

export function isSame(one: Identity, other: Identity): boolean {
  return (
    one.pid === other.pid &&
    one.name === other.name &&
    one.index === other.index &&
    one.epoch === other.epoch
  );
}

/** `web.1`. */
export function titleOf({ name, index }: Identity): string {
  return `${name}.${index}`;
}

/** The token of the attempt that is under way. */
export function tokenOf({ phase }: Work): number | undefined {
  return "token" in phase ? phase.token : undefined;
}

export function holderOf({ phase }: Work): Holder | undefined {
  return "holder" in phase ? phase.holder : undefined;
}

/** Which attempt it is, or will be, from 1. */
export function attemptOf({ failures, losses }: Work): number {
  return failures + losses + 1;
}

export function saveWork(work: Work): SavedWork {
  const { id, key, scheduledAt, by, target, failures, losses, phase } = work;
  const token = tokenOf(work);
  const holder = holderOf(work)?.identity;
  return {
    ...{ id, key, scheduledAt, failures, losses },
    ...(by !== undefined && { by }),
    ...(target !== undefined && { target }),
    ...(phase.name === "queued" && { isQueued: true }),
    ...(token !== undefined && { token }),
    ...(holder !== undefined && { holder }),
    ...(phase.name === "running" && { startedAt: phase.startedAt }),
  };
}
