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
  attempt: 0,
  failures: [],
  proving: false,
  wasReady: false,
  retired: false,
  afterwards: "stop",
  held: false,
  healing: false,
};

/** What an event leads to. */
export interface Outcome {
  readonly record: InstanceRecord;
  /** To be carried out in this order. */
  readonly effects: readonly InstanceEffect[];
}

/**
 * The record of a process that is to take the place of a failing one: what the failing one has used up of its budget
 * counts on.
 */
export function successorOf(record: InstanceRecord): InstanceRecord {
  const { attempt, failures, healing } = record;
  return { ...NEW_INSTANCE, attempt, failures, healing };
}

/** What a failure that did not end the process costs: how long to wait, or that the budget is used up. */
export interface Cost {
  readonly record: InstanceRecord;
  /** undefined: the budget is used up. */
  readonly delayMs: number | undefined;
}

/** Counts a failure of a process that goes on, such as an error that nobody caught. */
export function charge(record: InstanceRecord, given: Circumstances): Cost {
  const { restart } = given.policy;
  if (restart === false) return { record, delayMs: undefined };
  const failures = [
    ...record.failures.filter((at) => at > given.now - restart.periodMs),
    given.now,
  ];
  const { attempt } = record;
  const charged = { ...record, failures, attempt: attempt + 1 };
  if (failures.length > restart.intensity || record.healing) {
    return { record: charged, delayMs: undefined };
  }
  const delayMs = attempt === 0 ? 0 : backoffDelayMs(restart, attempt, given.random);
  return { record: charged, delayMs };
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

/** Of a process that the master has ended, or was ending. */
function causeOfStop(
  afterwards: InstanceRecord["afterwards"],
  verdict: ExitCause | undefined,
): ExitCause {
  return afterwards === "stop" ? "asked" : (verdict ?? "not-ready");
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
      case "hold":
        if (this.record.state === "backoff") this.#set({ held: true });
        break;
      case "release":
        this.#release();
        break;
      case "condemn":
        this.#condemn(event.cause);
        break;
      case "renew":
        this.#renew(event.cause, event.planned);
        break;
    }
  }

  #start(prove: boolean): void {
    if (isAlive(this.record)) return;
    const { epoch, attempt, failures } = this.record;
    // A process that takes the place of another one begins with what that one had used up.
    const used = epoch === 0 ? { attempt, failures } : { attempt: 0, failures: [], healing: false };
    this.#set({ ...used, retired: false });
    this.#spawn(prove);
  }

  #spawn(proving: boolean): void {
    const epoch = this.#given.nextEpoch;
    this.#set({ spawning: true, epoch, proving, wasReady: false, held: false });
    this.#go("starting");
    this.#setTimer("ready", this.#given.policy.readyTimeoutMs);
    this.effects.push({ type: "spawn", epoch });
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
    const { state, attempt, pid, healing } = this.record;
    if (state !== "starting" || pid === undefined) return;
    const { restart } = this.#given.policy;
    this.#set({ proving: false, wasReady: true });
    if ((attempt > 0 || healing) && restart !== false)
      this.#setTimer("stable", restart.stableAfterMs);
    else this.#clearTimer();
    this.#go("ready");
  }

  #exited(facts: ExitFacts): void {
    if (!isAlive(this.record)) return;
    const { pid: _, verdict, ...rest } = this.record;
    this.record = { ...rest, spawning: false };
    const { state, afterwards, retired } = this.record;
    const isStopping = state === "stopping";
    const cause = isStopping ? causeOfStop(afterwards, verdict) : causeOf(facts);
    this.#set({ lastExit: { ...facts, cause } });
    this.#clearTimer();
    if (retired || (isStopping && afterwards === "stop")) this.#go("stopped");
    else if (isStopping && afterwards === "again") this.#spawn(false);
    else this.#afterFailure(facts, cause);
  }

  #afterFailure(facts: ExitFacts, cause: ExitCause): void {
    const { policy } = this.#given;
    const { restart } = policy;
    const isEnd = cause === "exit" || cause === "signal";
    if (this.record.proving) this.#fail(false);
    else if (restart === false) this.#go(isEnd && facts.code === 0 ? "stopped" : "failed");
    else if (isEnd && facts.code !== null && restart.stopCodes.includes(facts.code)) {
      this.#go("stopped");
    } else this.#useBudget(restart);
  }

  #useBudget(restart: RestartPolicy): void {
    const { now } = this.#given;
    const { failures, healing } = this.record;
    const recent = [...failures.filter((at) => at > now - restart.periodMs), now];
    this.#set({ failures: recent });
    if (healing || recent.length > restart.intensity) this.#fail(true);
    else this.#backOff(restart);
  }

  /** `heals`: it is tried again after a while, as what had made it fail may have gone. */
  #fail(heals: boolean): void {
    const { restart } = this.#given.policy;
    this.#go("failed");
    if (!heals || restart === false || restart.retryAfterMs === undefined) return;
    this.#set({ healing: true });
    this.#setTimer("heal", restart.retryAfterMs);
  }

  #backOff(restart: RestartPolicy): void {
    const { attempt, wasReady } = this.record;
    this.#set({ attempt: attempt + 1 });
    this.#go("backoff");
    // The first failure in a row of one that had worked: nothing is gained by waiting.
    const delayMs =
      attempt === 0 && wasReady ? 0 : backoffDelayMs(restart, attempt, this.#given.random);
    this.#setTimer("backoff", delayMs);
  }

  #timeout(timer: TimerName): void {
    // A timer that was replaced may still have been under way.
    if (this.record.timer !== timer) return;
    const { timer: _, ...rest } = this.record;
    this.record = rest;
    if (timer === "ready") this.#giveUp();
    else if (timer === "stable") this.#set({ attempt: 0, healing: false });
    else if (timer === "heal") this.#spawn(false);
    else if (timer === "backoff") this.#pauseIsOver();
    else if (timer === "stop") this.#terminate();
    else this.#signal("SIGKILL");
  }

  #pauseIsOver(): void {
    if (!this.record.held) this.#spawn(false);
  }

  #release(): void {
    this.#set({ held: false });
    if (this.record.state === "backoff" && this.record.timer === undefined) this.#spawn(false);
  }

  #giveUp(): void {
    this.#set({ afterwards: "retry" });
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
    else if (this.record.state === "failed") this.#clearTimer();
  }

  #condemn(cause: ExitCause): void {
    const { state, pid } = this.record;
    if (pid === undefined || (state !== "starting" && state !== "ready")) return;
    this.#set({ afterwards: "retry", verdict: cause });
    this.#clearTimer();
    this.#go("stopping");
    this.#signal("SIGKILL");
  }

  #renew(cause: ExitCause, planned: boolean): void {
    const { state, pid } = this.record;
    if (pid === undefined || state !== "ready") return;
    this.#set({ afterwards: planned ? "again" : "retry", verdict: cause });
    this.#leave();
  }

  #leave(): void {
    this.#setTimer("stop", this.#given.policy.stopTimeoutMs);
    this.#go("stopping");
    if (this.record.pid !== undefined) this.effects.push({ type: "drain" });
  }

  #stop(): void {
    this.#set({ afterwards: "stop" });
    if (!isAlive(this.record)) this.#rest();
    else if (this.record.state !== "stopping") this.#leave();
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
