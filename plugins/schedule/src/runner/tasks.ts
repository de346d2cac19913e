import type { Client, Logger } from "@elpis/api";
import type { Tasks } from "../contract.ts";
import { OwnTasks } from "./own-tasks.ts";

/** Two copies of this package in one process, such as one that a configuration in TypeScript has loaded, share it. */
const KEY = Symbol.for("elpis.schedule.tasks");

/** How a process takes part in tasks. */
export interface TasksOptions {
  /** Where it is told what is wrong with a definition that others see. @default the console */
  readonly log?: Pick<Logger, "error">;
}

/**
 * The tasks of this process: always the same ones for the same connection to the hub.
 *
 * @example
 * import { hub } from "@elpis/core/process";
 * const own = tasks(hub);
 * own.define("cleanup", { cron: "0 3 * * *" }, async ({ signal }) => removeOldFiles(signal));
 */
export function tasks(hub: Client, options: TasksOptions = {}): Tasks {
  return ownTasks(hub, options);
}

/** As {@link tasks}, with what only this package may use. */
export function ownTasks(hub: Client, { log = CONSOLE }: TasksOptions = {}): OwnTasks {
  // The one thing of a client that is the same object for the client itself and for `hub` of `@elpis/core/process`.
  const { closed } = hub as { closed: object & { [KEY]?: OwnTasks } };
  closed[KEY] ??= new OwnTasks(hub, log);
  return closed[KEY];
}

const CONSOLE: Pick<Logger, "error"> = {
  error: (message, fields) => console.error(`elpis: ${message}`, fields ?? ""),
};
