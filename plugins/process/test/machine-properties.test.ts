import { expect, it } from "vitest";
import { backoffDelayMs } from "../src/supervise/backoff.ts";
import { NEW_INSTANCE, step } from "../src/supervise/machine.ts";
import type {
  InstanceEffect,
  InstanceEvent,
  InstanceRecord,
  SupervisePolicy,
  TimerName,
} from "../src/supervise/types.ts";
import { seededRandom } from "./support.ts";

const RUNS = Number(process.env.ELPIS_PROPERTY_RUNS ?? 2000);

/** A world of one instance: its processes, its timer and its clock. Checks every promise at every step. */
class World {
  record: InstanceRecord = NEW_INSTANCE;
  now = 0;
  timer: { name: TimerName; at: number } | undefined;
  /** Pids that live; an ordered process is there before its pid is told. */
  readonly live = new Set<number>();
  spawning: number | undefined;
  stopped = false;
  failures: number[] = [];
  readonly #policy: SupervisePolicy;
  readonly #random: () => number;
  #nextPid = 1;
  #lastEpoch = 0;
  #isHealing = false;

  constructor(policy: SupervisePolicy, random: () => number) {
    this.#policy = policy;
    this.#random = random;
  }

  give(event: InstanceEvent): void {
    const before = this.record;
    if (["retire", "stop", "kill"].includes(event.type)) this.stopped = true;
    if (event.type === "start" && this.#isIdle) this.stopped = false;
    const given = {
      policy: this.#policy,
      now: this.now,
      random: this.#random(),
      nextEpoch: this.#lastEpoch + 1,
    };
    const outcome = step(before, event, given);
    this.record = outcome.record;
    this.#checkFailure(before, event);
    if (event.type === "exited" && this.stopped) expect(this.record.state).toBe("stopped");
    for (const effect of outcome.effects) this.#carryOut(effect);
    expect(this.timer?.name).toBe(this.record.timer);
  }

  get #isIdle(): boolean {
    return this.live.size === 0 && this.spawning === undefined;
  }

  #checkFailure(before: InstanceRecord, event: InstanceEvent): void {
    const { restart } = this.#policy;
    if (event.type === "start" && this.#isIdle) {
      this.failures = [];
      this.#isHealing = false;
    }
    if (event.type === "timeout" && before.timer === "stable" && event.timer === "stable") {
      this.#isHealing = false;
    }
    if (event.type !== "exited" || restart === false || before.proving || this.stopped) return;
    if (before.state === "stopping" && before.afterwards === "again") {
      expect(this.record.state).toBe("starting");
      return;
    }
    const { lastExit } = this.record;
    const isEnd = lastExit?.cause === "exit" || lastExit?.cause === "signal";
    if (isEnd && restart.stopCodes.includes(event.facts.code ?? -1)) {
      expect(this.record.state).toBe("stopped");
      return;
    }
    this.failures.push(this.now);
    const recent = this.failures.filter((at) => at > this.now - restart.periodMs);
    const isTooMuch = this.#isHealing || recent.length > restart.intensity;
    expect(this.record.state).toBe(isTooMuch ? "failed" : "backoff");
    const heals = isTooMuch && restart.retryAfterMs !== undefined;
    expect(this.record.timer).toBe(heals ? "heal" : isTooMuch ? undefined : "backoff");
    if (heals) this.#isHealing = true;
  }

  #carryOut(effect: InstanceEffect): void {
    const { restart } = this.#policy;
    if (effect.type === "spawn") {
      expect(this.live.size, "two live processes").toBe(0);
      expect(this.spawning, "two processes ordered").toBeUndefined();
      expect(this.stopped, "a start after the stop").toBe(false);
      expect(effect.epoch, "an epoch that was used before").toBe(this.#lastEpoch + 1);
      this.#lastEpoch = effect.epoch;
      this.spawning = this.#nextPid++;
    } else if (effect.type === "setTimer") {
      if (effect.timer === "backoff" && restart !== false) {
        const isFirst = this.record.attempt === 1 && this.record.wasReady;
        const least = isFirst ? 0 : Math.floor(restart.minDelayMs / 2);
        expect(effect.delayMs).toBeGreaterThanOrEqual(least);
        if (isFirst) expect(effect.delayMs).toBe(0);
        expect(effect.delayMs).toBeLessThanOrEqual(restart.maxDelayMs);
      }
      this.timer = { name: effect.timer, at: this.now + effect.delayMs };
    } else if (effect.type === "clearTimer") this.timer = undefined;
    else if (effect.type === "signal" || effect.type === "drain") {
      expect(this.live.size, "a signal to nobody").toBe(1);
    }
  }

  fire(): void {
    const { timer } = this;
    if (timer === undefined) return;
    this.timer = undefined;
    this.now = Math.max(this.now, timer.at);
    this.give({ type: "timeout", timer: timer.name });
  }

  settleSpawn(fails: boolean): void {
    const pid = this.spawning;
    if (pid === undefined) return;
    this.spawning = undefined;
    if (fails) {
      this.give({ type: "exited", facts: { code: null, signal: null, spawnError: "ENOENT" } });
    } else {
      this.live.add(pid);
      this.give({ type: "spawned", pid });
    }
  }

  die(signal: string | null): void {
    if (this.live.size === 0) return;
    this.live.clear();
    this.give({ type: "exited", facts: { code: signal === null ? 1 : null, signal } });
  }
}

function randomPolicy(random: () => number): SupervisePolicy {
  const minDelayMs = Math.floor(random() * 200);
  return {
    readyTimeoutMs: 1 + Math.floor(random() * 1000),
    stopTimeoutMs: Math.floor(random() * 1000),
    readyAtSpawn: random() < 0.2,
    restart:
      random() < 0.1
        ? false
        : {
            intensity: Math.floor(random() * 6),
            periodMs: 1 + Math.floor(random() * 10_000),
            minDelayMs,
            maxDelayMs: minDelayMs + Math.floor(random() * 5000),
            stableAfterMs: Math.floor(random() * 5000),
            stopCodes: random() < 0.2 ? [1] : [],
            ...(random() < 0.5 && { retryAfterMs: 1 + Math.floor(random() * 20_000) }),
          },
  };
}

function randomEvent(world: World, random: () => number): void {
  const chance = random();
  world.now += Math.floor(random() * 300);
  if (chance < 0.12) world.give({ type: "start", prove: random() < 0.3 });
  else if (chance < 0.32) world.settleSpawn(random() < 0.1);
  else if (chance < 0.52) world.give({ type: "ready" });
  else if (chance < 0.68) world.die(random() < 0.5 ? null : "SIGKILL");
  else if (chance < 0.88) world.fire();
  // A timer that was replaced while it was under way.
  else if (chance < 0.92)
    world.give({
      type: "timeout",
      timer:
        world.timer?.name === "stop" ? "ready" : "kill" === world.timer?.name ? "stop" : "kill",
    });
  else if (chance < 0.93) world.give({ type: "condemn", cause: "hung" });
  else if (chance < 0.94) world.give({ type: "renew", cause: "group", planned: random() < 0.5 });
  else if (chance < 0.945) world.give({ type: random() < 0.5 ? "hold" : "release" });
  else if (chance < 0.95) world.give({ type: "retire" });
  else if (chance < 0.97) world.give({ type: "stop" });
  else world.give({ type: "kill" });
}

/** Whatever happened, a stop ends it, and soon. */
function wrapUp(world: World, random: () => number): void {
  world.give({ type: "stop" });
  for (let turn = 0; turn < 10 && world.record.state !== "stopped"; turn += 1) {
    world.settleSpawn(false);
    const killed = world.timer === undefined || random() < 0.3;
    if (killed) world.die("SIGKILL");
    else world.fire();
  }
  world.die("SIGKILL");
}

it("keeps its promises in every order of events", { timeout: 600_000 }, () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const random = seededRandom(seed);
    const world = new World(randomPolicy(random), random);
    try {
      for (let at = 0; at < 60; at += 1) randomEvent(world, random);
      wrapUp(world, random);
      expect(world.record.state).toBe("stopped");
      expect(world.live.size).toBe(0);
      expect(world.timer, "a timer that outlives the stop").toBeUndefined();
      expect(world.record.pid).toBeUndefined();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});

it("keeps pauses within their bounds, and doubles them", () => {
  const bounds = { minDelayMs: 100, maxDelayMs: 30_000 };
  for (let seed = 1; seed <= 5000; seed += 1) {
    const random = seededRandom(seed);
    const attempt = Math.floor(random() * 2000);
    const delay = backoffDelayMs(bounds, attempt, random());
    const full = Math.min(30_000, 100 * 2 ** attempt);
    expect(delay).toBeGreaterThanOrEqual(full / 2);
    expect(delay).toBeLessThanOrEqual(full);
  }
  expect(backoffDelayMs({ minDelayMs: 0, maxDelayMs: 0 }, 5000, 0.9)).toBe(0);
});
