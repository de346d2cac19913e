import type { Logger } from "@elpis/api";
import type { GroupDefinition } from "../config/types.ts";
import type { InstanceState } from "../status.ts";
import type { Pool } from "./pool.ts";
import type { Slot } from "./slot.ts";

/** Names of the processes that are started again when `dead` has died, in start order. */
export function sharersOf(group: GroupDefinition, dead: string): readonly string[] {
  const { processes, strategy } = group;
  if (strategy === "one-for-one" || !processes.includes(dead)) return [];
  const after = processes.slice(processes.indexOf(dead) + 1);
  return strategy === "rest-for-one" ? after : processes.filter((name) => name !== dead);
}

/** What a keeper needs of the master. */
export interface FateHost {
  readonly log: Logger;
  readonly stopping: AbortSignal;
  pool(name: string): Pool | undefined;
}

/**
 * Processes of one group that share a fate: when one dies, the others are stopped, and then all of them are started in
 * order. The one that died keeps to its own pauses and its own budget, and those behind it wait for it.
 */
export class FateKeeper {
  readonly #group: GroupDefinition;
  readonly #host: FateHost;
  /** Those that are to be stopped, and those that are stopped and not yet back. */
  readonly #doomed = new Set<string>();
  readonly #down = new Set<string>();
  /** The one whose turn it is. */
  #starting: string | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(group: GroupDefinition, host: FateHost) {
    this.#group = group;
    this.#host = host;
  }

  /** The state of an instance has changed. */
  notice(slot: Slot, previous: InstanceState): void {
    const { name } = slot.current.definition;
    const { state } = slot;
    if (state === previous || this.#host.stopping.aborted) return;
    const isDown = this.#down.has(name) || this.#doomed.has(name);
    if ((state === "backoff" || state === "failed") && !isDown) this.#mourn(name);
    // It has died together with another one: it waits for its turn too.
    else if (state === "backoff" && name !== this.#starting) this.#host.pool(name)?.hold();
    // One that had failed for good is there again all the same.
    else if (state === "ready" && this.#down.has(name)) this.#goOn();
  }

  #mourn(name: string): void {
    const sharers = sharersOf(this.#group, name);
    if (sharers.length === 0) return;
    for (const one of [name, ...sharers]) this.#doomed.add(one);
    this.#host.pool(name)?.hold();
    this.#goOn();
  }

  #goOn(): void {
    this.#work = this.#work
      .then(() => this.#settle())
      .catch((error: unknown) => {
        const { log } = this.#host;
        log.error(`the group ${this.#group.name} is not whole`, { error: String(error) });
      });
  }

  async #settle(): Promise<void> {
    await this.#stopDoomed();
    if (await this.#restWithFailed()) return;
    for (const name of this.#group.processes) {
      if (!this.#down.has(name)) continue;
      // Somebody has died meanwhile: from the beginning.
      if (this.#host.stopping.aborted || this.#doomed.size > 0) return;
      const pool = this.#host.pool(name);
      this.#starting = name;
      await pool?.startAgain("group");
      this.#starting = undefined;
      if (await this.#restWithFailed()) return;
      this.#down.delete(name);
    }
  }

  /** Whom one that has failed takes along waits until it is back. True: there is such a one. */
  async #restWithFailed(): Promise<boolean> {
    const failed = this.#group.processes.find(
      (name) => this.#down.has(name) && this.#host.pool(name)?.states.includes("failed") === true,
    );
    if (failed === undefined) return false;
    for (const name of sharersOf(this.#group, failed)) {
      if (!this.#down.has(name)) this.#doomed.add(name);
    }
    await this.#stopDoomed();
    return true;
  }

  async #stopDoomed(): Promise<void> {
    const { stopping } = this.#host;
    const doomed = this.#group.processes.filter((name) => this.#doomed.has(name));
    for (const name of doomed.reverse()) {
      await this.#host.pool(name)?.stopUnheld(() => stopping.aborted);
      this.#doomed.delete(name);
      this.#down.add(name);
    }
  }
}
