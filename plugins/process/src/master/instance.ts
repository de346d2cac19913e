import type { Client, Location } from "@elpis/api";
import type { ProcessDefinition } from "../config/types.ts";
import { DRAIN_TOPIC, type WorkerTopics } from "../control.ts";
import type { ProcessStatus } from "../status.ts";
import { describeExit, type ExitFacts } from "../supervise/exit.ts";
import { isAlive, NEW_INSTANCE, step } from "../supervise/machine.ts";
import type { InstanceEffect, InstanceEvent, InstanceRecord } from "../supervise/types.ts";
import { Child } from "./child-process.ts";
import type { Family } from "./family.ts";
import { residentBytes } from "./memory.ts";
import { OutputReader } from "./output.ts";
import { hubFdOf, spawnChild } from "./spawn.ts";

/** How much longer than the worker's own bound its answer is waited for. */
const ANSWER_SLACK_MS = 1000;

/** One instance of a process: carries out what the state machine decides, and tells it what happens. */
export class Instance {
  readonly definition: ProcessDefinition;
  readonly index: number;
  readonly #family: Family;
  readonly #output: OutputReader;
  readonly #waiting = new Set<() => void>();
  readonly #events: InstanceEvent[] = [];
  #record: InstanceRecord = NEW_INSTANCE;
  #child: Child | undefined;
  #peerId: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #spawnedAt = 0;
  #exitedAt = 0;
  #busy = false;

  constructor(definition: ProcessDefinition, index: number, family: Family) {
    this.definition = definition;
    this.index = index;
    this.#family = family;
    const { name } = definition;
    this.#output = new OutputReader((stream, text, pid) =>
      family.onOutput({ time: Date.now(), process: name, index, pid, stream, text }),
    );
  }

  get state(): InstanceRecord["state"] {
    return this.#record.state;
  }

  /** Its number on the hub. */
  get peerId(): number | undefined {
    return this.#peerId;
  }

  /** Whether a process runs, or is about to. */
  get alive(): boolean {
    return isAlive(this.#record);
  }

  get lastLines(): readonly string[] {
    return this.#output.lastLines;
  }

  /** Why the last process ended, for a person. */
  get lastWords(): string {
    const { lastExit } = this.#record;
    if (lastExit === undefined) return "it was not started";
    if (lastExit.cause === "not-ready") {
      const { ready, readyTimeoutMs } = this.definition;
      return `it was not ready (${ready}) within ${readyTimeoutMs} ms`;
    }
    const how = describeExit(lastExit, lastExit.cause);
    return lastExit.cause === "spawn-error" ? `it ${how}` : `it ended first (${how})`;
  }

  status(): ProcessStatus {
    const { state, restarts, epoch, pid, lastExit } = this.#record;
    const rssBytes = pid === undefined ? undefined : residentBytes(pid);
    return {
      name: this.definition.name,
      role: this.definition.role,
      index: this.index,
      ...(pid !== undefined && { pid }),
      state,
      restarts,
      epoch,
      uptimeMs: pid === undefined ? 0 : Math.round(performance.now() - this.#spawnedAt),
      ...(rssBytes !== undefined && { rssBytes }),
      ...(lastExit !== undefined && {
        lastExit: {
          code: lastExit.code,
          signal: lastExit.signal,
          cause: lastExit.cause,
          at: this.#exitedAt,
        },
      }),
    };
  }

  /** Tells the state machine what happened. */
  feed(event: InstanceEvent): void {
    this.#events.push(event);
    // What an effect leads to waits until the effects before it are carried out.
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        this.#take(next);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Resolves as soon as `test` holds. */
  until(test: (instance: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!test(this)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  #take(event: InstanceEvent): void {
    const { restart, readyTimeoutMs, stopTimeoutMs, ready } = this.definition;
    const outcome = step(this.#record, event, {
      policy: { restart, readyTimeoutMs, stopTimeoutMs, readyAtSpawn: ready === "spawn" },
      now: performance.now(),
      random: Math.random(),
    });
    this.#record = outcome.record;
    for (const effect of outcome.effects) this.#carryOut(effect);
    for (const check of [...this.#waiting]) check();
  }

  #carryOut(effect: InstanceEffect): void {
    switch (effect.type) {
      case "spawn":
        this.#spawn(effect.epoch);
        break;
      case "drain":
        void this.#drain();
        break;
      case "signal":
        this.#child?.signalGroup(effect.signal);
        break;
      case "setTimer":
        clearTimeout(this.#timer);
        this.#timer = setTimeout(
          () => this.feed({ type: "timeout", timer: effect.timer }),
          effect.delayMs,
        );
        break;
      case "clearTimer":
        clearTimeout(this.#timer);
        break;
      case "report":
        this.#family.onChange(this, effect.from);
        break;
    }
  }

  #spawn(epoch: number): void {
    const { app, ports, log } = this.#family;
    const owner = {
      name: this.definition.name,
      ports,
      output: this.#output,
      log,
      onExit: (facts: ExitFacts) => this.#onExit(facts),
    };
    try {
      const child = spawnChild({ app, process: this.definition, index: this.index });
      this.#child = new Child(child, owner);
    } catch (error) {
      this.#onExit({ code: null, signal: null, spawnError: String(error) });
      return;
    }
    if (this.#child.pid !== undefined) this.#joined(this.#child, this.#child.pid, epoch);
  }

  #joined(child: Child, pid: number, epoch: number): void {
    const { app, guardian, hub } = this.#family;
    const { name, role } = this.definition;
    this.#spawnedAt = performance.now();
    guardian.watch(pid);
    const location: Omit<Location, "id"> = {
      app: app.name,
      role,
      name,
      index: this.index,
      pid,
      epoch,
    };
    this.#peerId = hub.adopt(child.hubSocket(hubFdOf(this.definition)), location);
    this.feed({ type: "spawned", pid });
  }

  #onExit(facts: ExitFacts): void {
    const pid = this.#child?.pid;
    if (pid !== undefined) this.#family.guardian.forget(pid);
    this.#child = undefined;
    this.#peerId = undefined;
    this.#exitedAt = Date.now();
    this.feed({ type: "exited", facts });
  }

  /** Asks the process to finish what it has. One that cannot be asked gets SIGTERM, and the machine's timers do the rest. */
  async #drain(): Promise<void> {
    const child = this.#child;
    if (this.definition.command !== undefined || this.#peerId === undefined) {
      child?.signalGroup("SIGTERM");
      return;
    }
    const client = this.#family.hub.client as unknown as Client<WorkerTopics>;
    const { stopTimeoutMs: boundMs } = this.definition;
    const options = { to: { id: this.#peerId }, timeoutMs: boundMs + ANSWER_SLACK_MS };
    try {
      await client.request(DRAIN_TOPIC, { boundMs }, options);
    } catch (error) {
      // Not yet on the hub, or no longer: the signal reaches it all the same. One that is gone hears nothing.
      this.#family.log.debug("a process could not be asked to drain", { error: String(error) });
      child?.terminate();
    }
  }
}
