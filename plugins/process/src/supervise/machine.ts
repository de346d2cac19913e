import type { RestartPolicy } from "../config/types.ts";
import { backoffDelayMs } from "./backoff.ts";
import { causeOf, type ExitCause, type ExitFacts } from "./exit.ts";
import type {
  Circumstances,
  InstanceEffect,
  InstanceEvent,
  InstanceRecord,
  InstanceState,
  TimerName,
} from "./types.ts";

/** How long SIGTERM has before SIGKILL follows, in milliseconds. */
export const TERM_GRACE_MS = 1000;

/** An instance that was never started. */
export const NEW_INSTANCE: InstanceRecord = {
  state: "waiting",
  spawning: false,
  epoch: 0,
  restarts: 0,
  attempt: 0,
  failures: [],
  proving: false,
  retired: false,
  afterwards: "stop",
};

/** What an event leads to. */
export interface Outcome {
  readonly record: InstanceRecord;
  /** To be carried out in this order. */
  readonly effects: readonly InstanceEffect[];
}

/** Decides what an event means for an instance. Pure: the same arguments give the same outcome. */
export function step(record: InstanceRecord, event: InstanceEvent, given: Circumstances): Outcome {
  const decision = new Decision(record, given);
  decision.take(event);
  return { record: decision.record, effects: decision.effects };
}

/** Whether a process lives, or is about to. */
export function isAlive(record: InstanceRecord): boolean {
  return record.spawning || record.pid !== undefined;
}

class Decision {
  record: InstanceRecord;
  readonly effects: InstanceEffect[] = [];
  readonly #given: Circumstances;

  constructor(record: InstanceRecord, given: Circumstances) {
    this.record = record;
    this.#given = given;
  }

  take(event: InstanceEvent): void {
    switch (event.type) {
      case "start":
        this.#start(event.prove);
        break;
      case "spawned":
        this.#spawned(event.pid);
        break;
      case "ready":
        this.#ready();
        break;
      case "exited":
        this.#exited(event.facts);
        break;
      case "timeout":
        this.#timeout(event.timer);
        break;
      case "retire":
        this.#retire();
        break;
      case "stop":
        this.#stop();
        break;
      case "kill":
        this.#kill();
        break;
    }
  }

  #start(prove: boolean): void {
    if (isAlive(this.record)) return;
    this.#set({ attempt: 0, failures: [], retired: false });
    this.#spawn(prove);
  }

  #spawn(proving: boolean): void {
    const { epoch, restarts } = this.record;
    this.#set({
      spawning: true,
      epoch: epoch + 1,
      restarts: epoch === 0 ? 0 : restarts + 1,
      proving,
    });
    this.#go("starting");
    this.#setTimer("ready", this.#given.policy.readyTimeoutMs);
    this.effects.push({ type: "spawn", epoch: epoch + 1 });
  }

  #spawned(pid: number): void {
    if (!this.record.spawning) return;
    this.#set({ spawning: false, pid });
    if (this.record.state === "stopping") this.#orderAgain();
    else if (this.#given.policy.readyAtSpawn) this.#ready();
  }

  /** It was told to stop before there was a process that could hear it. */
  #orderAgain(): void {
    const { timer } = this.record;
    if (timer === "stop") this.effects.push({ type: "drain" });
    else this.#signal(timer === "kill" ? "SIGTERM" : "SIGKILL");
  }

  #ready(): void {
    const { state, attempt, pid } = this.record;
    if (state !== "starting" || pid === undefined) return;
    const { restart } = this.#given.policy;
    this.#set({ proving: false });
    if (attempt > 0 && restart !== false) this.#setTimer("stable", restart.stableAfterMs);
    else this.#clearTimer();
    this.#go("ready");
  }

  #exited(facts: ExitFacts): void {
    if (!isAlive(this.record)) return;
    const { pid: _, ...rest } = this.record;
    this.record = { ...rest, spawning: false };
    const stopping = this.record.state === "stopping";
    const asked = stopping && this.record.afterwards === "stop";
    const cause = asked ? "asked" : stopping ? "not-ready" : causeOf(facts);
    this.#set({ lastExit: { ...facts, cause } });
    this.#clearTimer();
    if (asked || this.record.retired) this.#go("stopped");
    else this.#afterFailure(facts, cause);
  }

  #afterFailure(facts: ExitFacts, cause: ExitCause): void {
    const { policy, now } = this.#given;
    const { proving, failures } = this.record;
    if (proving) this.#go("failed");
    else if (policy.restart === false) {
      this.#go(cause === "exit" && facts.code === 0 ? "stopped" : "failed");
    } else {
      const { periodMs, intensity } = policy.restart;
      const recent = [...failures.filter((at) => at > now - periodMs), now];
      this.#set({ failures: recent });
      if (recent.length > intensity) this.#go("failed");
      else this.#backOff(policy.restart);
    }
  }

  #backOff(restart: RestartPolicy): void {
    const { attempt } = this.record;
    this.#set({ attempt: attempt + 1 });
    this.#go("backoff");
    this.#setTimer("backoff", backoffDelayMs(restart, attempt, this.#given.random));
  }

  #timeout(timer: TimerName): void {
    // A timer that was replaced may still have been under way.
    if (this.record.timer !== timer) return;
    const { timer: _, ...rest } = this.record;
    this.record = rest;
    if (timer === "ready") this.#giveUp();
    else if (timer === "stable") this.#set({ attempt: 0 });
    else if (timer === "backoff") this.#spawn(false);
    else if (timer === "stop") this.#terminate();
    else this.#signal("SIGKILL");
  }

  #giveUp(): void {
    this.#set({ afterwards: this.record.proving ? "fail" : "retry" });
    this.#go("stopping");
    this.#terminate();
  }

  #terminate(): void {
    this.#signal("SIGTERM");
    this.#setTimer("kill", TERM_GRACE_MS);
  }

  #retire(): void {
    this.#set({ retired: true });
    if (this.record.state === "backoff") this.#rest();
  }

  #stop(): void {
    this.#set({ afterwards: "stop" });
    if (!isAlive(this.record)) this.#rest();
    else if (this.record.state !== "stopping") {
      this.#setTimer("stop", this.#given.policy.stopTimeoutMs);
      this.#go("stopping");
      if (this.record.pid !== undefined) this.effects.push({ type: "drain" });
    }
  }

  #kill(): void {
    this.#set({ afterwards: "stop" });
    if (!isAlive(this.record)) this.#rest();
    else {
      this.#clearTimer();
      this.#go("stopping");
      this.#signal("SIGKILL");
    }
  }

  #rest(): void {
    this.#clearTimer();
    this.#go("stopped");
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.record.pid !== undefined) this.effects.push({ type: "signal", signal });
  }

  #go(to: InstanceState): void {
    const from = this.record.state;
    if (from === to) return;
    this.#set({ state: to });
    this.effects.push({ type: "report", from, to });
  }

  #setTimer(timer: TimerName, delayMs: number): void {
    this.#set({ timer });
    this.effects.push({ type: "setTimer", timer, delayMs });
  }

  #clearTimer(): void {
    if (this.record.timer === undefined) return;
    const { timer: _, ...rest } = this.record;
    this.record = rest;
    this.effects.push({ type: "clearTimer" });
  }

  #set(change: Partial<InstanceRecord>): void {
    this.record = { ...this.record, ...change };
  }
}
