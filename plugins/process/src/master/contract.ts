import type { EventEmitter } from "node:events";
import type { Logger } from "@elpis/api";
import type { Hub } from "@elpis/core";
import type { AppConfig, AppDefinition } from "../config/types.ts";
import type { MasterStatus, ProcessChange } from "../status.ts";
import type { OutputLine } from "./output.ts";

/** What a master is made from. */
export interface MasterOptions {
  /** What `loadConfig` or `resolveConfig` gave, or a configuration whose paths are relative to the working directory. */
  readonly config: AppDefinition | AppConfig;
  /** Private runtime directory of the application. @default `runtimeDir(name)` of `@elpis/core` */
  readonly dir?: string;
  /**
   * Called for each line that a process writes. While a promise that it returned is pending, that stream of that
   * process is not read: a slow sink slows down who writes, and loses nothing. What is left of a process that has
   * ended is handed over all the same. @default dropped
   */
  readonly output?: (line: OutputLine) => unknown;
  /** @default text on stderr */
  readonly log?: Logger;
}

/** What {@link Master.events} tells, by name. */
export interface MasterEvents {
  /** The state of an instance has changed. */
  process: [change: ProcessChange];
}

/** Runs and supervises the processes of one application. */
export interface Master {
  /** The application's hub. @throws ELPIS_PROCESS_MASTER_STATE before `start()` has opened it */
  readonly hub: Hub;
  readonly events: EventEmitter<MasterEvents>;
  /** Resolves when every process is gone and the hub is closed. */
  readonly closed: Promise<void>;
  /**
   * Starts every process in order, each when the one before is ready; resolves when all are. When one does not get
   * ready, those that had started are stopped.
   *
   * @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_STOPPED, ELPIS_PROCESS_MASTER_STATE, and what the hub could not do
   */
  start(): Promise<void>;
  /**
   * Stops every process in reverse order, each within its `stopTimeout`, and closes the hub. With `now` all are killed
   * at once, also when a stop is under way.
   */
  stop(options?: { readonly now?: boolean }): Promise<void>;
  /**
   * Stops and starts a process, or all of them one after another. One that does not get ready stays `failed`; the
   * others are restarted all the same.
   *
   * @throws ELPIS_PROCESS_NOT_READY, ELPIS_PROCESS_UNKNOWN, ELPIS_PROCESS_STOPPED, ELPIS_PROCESS_MASTER_STATE
   */
  restart(name?: string): Promise<void>;
  status(): MasterStatus;
}
