import type { Logger } from "@elpis/api";
import { Cron } from "croner";
import type { Pool } from "../family/pool.ts";
import type { ReloadOptions } from "../operations/types.ts";
import type { OperationOptions } from "./contract.ts";

/** Replaces all instances of a process. */
export type Reload = (options: ReloadOptions & OperationOptions) => Promise<unknown>;

/** Reloads processes at the times that their definitions name. */
export class CronReloads {
  readonly #reloadProcesses: Reload;
  readonly #log: Logger;
  readonly #jobs = new Map<string, { readonly pattern: string; readonly job: Cron }>();

  constructor(reload: Reload, log: Logger) {
    this.#reloadProcesses = reload;
    this.#log = log;
  }

  /** Keeps to what the definitions say now. */
  follow(pools: readonly Pool[]): void {
    const wanted = new Map(pools.map(({ name, definition }) => [name, definition.cron]));
    for (const [name, { pattern, job }] of this.#jobs) {
      if (wanted.get(name) === pattern) continue;
      job.stop();
      this.#jobs.delete(name);
    }
    for (const [name, pattern] of wanted) {
      if (pattern === undefined || this.#jobs.has(name)) continue;
      // A process must not stay for the sake of a timetable.
      const job = new Cron(pattern, { unref: true }, () => this.#reload(name));
      this.#jobs.set(name, { pattern, job });
    }
  }

  close(): void {
    for (const { job } of this.#jobs.values()) job.stop();
    this.#jobs.clear();
  }

  async #reload(name: string): Promise<void> {
    try {
      await this.#reloadProcesses({ processes: [name], reread: false, by: "cron", queue: true });
    } catch (error) {
      this.#log.error(`${name} could not be replaced at its time`, { error: String(error) });
    }
  }
}
