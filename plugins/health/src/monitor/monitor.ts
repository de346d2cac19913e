import { type Client, formatIssue, type Off, type Readiness } from "@elpis/api";
import { defineIndicator, indicators } from "@elpis/telemetry";
import { badCheck, duplicateCheck } from "../errors.ts";
import { indicatorIssues } from "../options.ts";
import type { HealthIndicator, HealthValue } from "../types.ts";
import { Watch } from "./watch.ts";

/** The group of all indicators of health. */
export const HEALTH_GROUP = "health";

/** The checks of one process. */
export interface Checks {
  /**
   * Looks at something from now on, in this process; for what only the program itself can reach, such as its pool.
   *
   * @throws ELPIS_HEALTH_BAD_CHECK, ELPIS_HEALTH_DUPLICATE_CHECK
   */
  add(name: string, indicator: HealthIndicator): Off;
}

/** Looks at everything that this process is to look at, and takes it out of rotation while that is not well. */
export class Monitor implements Checks {
  readonly #hub: Client;
  readonly #watches = new Map<string, Watch>();
  readonly #offs = new Map<string, Off>();
  #gate: Readiness | undefined;
  #isSuspended = false;
  #note: (isWell: boolean, why: readonly string[]) => void = () => {};

  constructor(hub: Client) {
    this.#hub = hub;
  }

  /** From now on this process takes no work while a critical indicator of readiness is not up. */
  guard(gate: Readiness, note: (isWell: boolean, why: readonly string[]) => void): void {
    this.#gate = gate;
    this.#note = note;
    this.#judge();
  }

  add(name: string, indicator: HealthIndicator): Off {
    const issues = [...indicatorIssues(indicator, [])];
    if (issues.length > 0) {
      throw badCheck(name, issues.map((issue) => formatIssue(issue, name)).join("; "));
    }
    if (this.#watches.has(name)) throw duplicateCheck(name);
    const { processes } = indicator;
    if (processes !== undefined && !processes.includes(this.#hub.location.name)) return () => {};
    const watch = new Watch(indicator, { hub: this.#hub, onLook: () => this.#judge() });
    const { scope } = watch;
    const collect = (): HealthValue => watch.value;
    const offered = indicators(this.#hub).add(
      defineIndicator({ group: HEALTH_GROUP, name, scope, collect }),
    );
    const off = (): void => {
      if (this.#watches.get(name) !== watch) return;
      watch.close();
      offered.remove();
      this.#watches.delete(name);
      this.#offs.delete(name);
      this.#judge();
    };
    this.#watches.set(name, watch);
    this.#offs.set(name, off);
    watch.start();
    return off;
  }

  close(): void {
    this.#gate = undefined;
    for (const off of [...this.#offs.values()]) off();
  }

  #judge(): void {
    const gate = this.#gate;
    if (gate === undefined) return;
    const ill = [...this.#watches].flatMap(([name, { critical, probes, value }]) => {
      // One that was not looked at yet is no reason to take out a process that has just got ready.
      const isNew = value.checkedAt === undefined;
      const counts = critical && probes.includes("readiness") && !isNew;
      return counts && value.status !== "up" ? [`${name}: ${value.message}`] : [];
    });
    const isSuspended = ill.length > 0;
    if (isSuspended === this.#isSuspended) return;
    this.#isSuspended = isSuspended;
    if (isSuspended) gate.suspend();
    else gate.resume();
    this.#note(!isSuspended, ill);
  }
}

const KEY = Symbol.for("elpis.health.checks");

/**
 * The checks of this process: always the same for the same connection to the hub.
 *
 * @example
 * import { hub } from "@elpis/core/process";
 * checks(hub).add("pool", { check: () => pool.query("select 1").then(() => true), interval: "5s" });
 */
export function checks(hub: Client): Checks {
  return monitorOf(hub);
}

/** The monitor of this process, whoever asks first: its plugin, or its program. */
export function monitorOf(hub: Client): Monitor {
  // The one thing of a client that is the same object for the client itself and for `hub` of `@elpis/core/process`.
  const holder = hub.closed as object as { [KEY]?: Monitor };
  holder[KEY] ??= new Monitor(hub);
  return holder[KEY];
}
