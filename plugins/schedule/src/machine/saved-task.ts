import type { TaskOptions } from "../contract.ts";
import type { SavedHistory } from "./history.ts";
import type { SavedTimetable } from "./timetable.ts";
import type { SavedWork } from "./work.ts";

/** The version of what is written down. */
export const FORMAT = 1;

/** Who has paused a task, and when. */
export interface Pause {
  readonly by: string;
  readonly at: number;
}

/** All that is written down of one task. */
export interface SavedTask {
  readonly format: number;
  readonly name: string;
  readonly source: "config" | "code";
  /** As they were given. */
  readonly options: TaskOptions;
  /** Names of processes that define it, or did last. */
  readonly definedBy: readonly string[];
  /** Names of processes that have run it. */
  readonly names: readonly string[];
  readonly timetable: SavedTimetable;
  /** The latest time that has named a run. */
  readonly newestMs: number;
  readonly pause?: Pause;
  readonly works: readonly SavedWork[];
  readonly history: SavedHistory;
  readonly store: Readonly<Record<string, string>>;
}
