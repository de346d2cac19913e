import type { RunRecord } from "../contract.ts";
import type { RunOrder, TaskChange } from "../topics.ts";
import type { Identity } from "./work.ts";

/** What is to be done outside, in order; before it, whatever has changed is on disk. */
export type Effect =
  /** Give a run to that peer. */
  | { readonly type: "execute"; readonly order: RunOrder; readonly peerId: number }
  /** Start a process for a run. */
  | { readonly type: "spawn"; readonly order: RunOrder }
  /** An attempt is to stop: it takes too long, or its place is taken. */
  | { readonly type: "revoke"; readonly token: number }
  /** Find out when that process is gone: its link is. */
  | { readonly type: "probe"; readonly identity: Identity }
  | { readonly type: "tell"; readonly change: TaskChange }
  /** Nothing follows any more for the run that was asked for. */
  | { readonly type: "over"; readonly record: RunRecord }
  | { readonly type: "forgotten"; readonly task: string };
