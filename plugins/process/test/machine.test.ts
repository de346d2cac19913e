import { describe, expect, it } from "vitest";
import type { RestartPolicy } from "../src/config/types.ts";
import {
  charge,
  NEW_INSTANCE,
  step,
  successorOf,
  TERM_GRACE_MS,
} from "../src/supervise/machine.ts";
import type {
  Circumstances,
  InstanceEffect,
  InstanceEvent,
  InstanceRecord,
  SupervisePolicy,
  TimerName,
} from "../src/supervise/types.ts";

const RESTART: RestartPolicy = {
  intensity: 2,
  periodMs: 10_000,
  minDelayMs: 100,
  maxDelayMs: 30_000,
  stableAfterMs: 5000,
  stopCodes: [],
};
const POLICY: SupervisePolicy = {
  restart: RESTART,
  readyTimeoutMs: 30_000,
  stopTimeoutMs: 7000,
  readyAtSpawn: false,
};
const START: InstanceEvent = { type: "start", prove: true };
const SPAWNED: InstanceEvent = { type: "spawned", pid: 7 };
const READY: InstanceEvent = { type: "ready" };
const EXIT: InstanceEvent = { type: "exited", facts: { code: 1, signal: null } };
const STOP: InstanceEvent = { type: "stop" };
const KILL: InstanceEvent = { type: "kill" };
const timeout = (timer: TimerName): InstanceEvent => ({
  type: "timeout",
  timer,
});

class Run {
  record: InstanceRecord = NEW_INSTANCE;
  effects: readonly InstanceEffect[] = [];
  now = 0;
  readonly #policy: SupervisePolicy;

  constructor(policy: Partial<SupervisePolicy> = {}) {
    this.#policy = { ...POLICY, ...policy };
  }

  get given(): Circumstances {
    const nextEpoch = this.record.epoch + 1;
    return { policy: this.#policy, now: this.now, random: 0.5, nextEpoch };
  }

  /** Gives the events and returns what the last one led to, without the reports. */
  give(...events: InstanceEvent[]): InstanceEffect[] {
    for (const event of events) {
      const given = this.given;
      const outcome = step(this.record, event, given);
      this.record = outcome.record;
      this.effects = outcome.effects;
    }
    return this.effects.filter((effect) => effect.type !== "report");
  }
}

describe("an instance", () => {
  it("is spawned, gets ready, and says so", () => {
    const run = new Run();
    expect(run.give(START)).toEqual([
      { type: "setTimer", timer: "ready", delayMs: 30_000 },
      { type: "spawn", epoch: 1 },
    ]);
    expect(run.give(SPAWNED)).toEqual([]);
    expect(run.give(READY)).toEqual([{ type: "clearTimer" }]);
    expect(run.effects).toContainEqual({ type: "report", from: "starting", to: "ready" });
    expect(run.record).toMatchObject({ state: "ready", pid: 7, epoch: 1 });
  });

  it("is ready at once when nobody will say so", () => {
    const run = new Run({ readyAtSpawn: true });
    run.give(START, SPAWNED);
    expect(run.record.state).toBe("ready");
  });

  it("fails, and is not started again, when it ends before it is ready for the first time", () => {
    const run = new Run();
    expect(run.give(START, SPAWNED, EXIT)).toEqual([{ type: "clearTimer" }]);
    expect(run.record).toMatchObject({ state: "failed", lastExit: { cause: "exit", code: 1 } });
    expect(run.record.pid).toBeUndefined();
  });

  it("is ended and fails when it takes too long for the first time", () => {
    const run = new Run();
    expect(run.give(START, SPAWNED, timeout("ready"))).toEqual([
      { type: "signal", signal: "SIGTERM" },
      { type: "setTimer", timer: "kill", delayMs: TERM_GRACE_MS },
    ]);
    expect(run.give(timeout("kill"))).toEqual([{ type: "signal", signal: "SIGKILL" }]);
    run.give(EXIT);
    expect(run.record).toMatchObject({ state: "failed", lastExit: { cause: "not-ready" } });
  });

  it("is started again after a pause that doubles, and from the beginning when it was stable", () => {
    const run = new Run({ restart: { ...RESTART, intensity: 100 } });
    run.give(START, SPAWNED, READY);
    const pauses = [0, 1, 2].map(() => {
      const [effect] = run.give(EXIT);
      run.give(timeout("backoff"), SPAWNED);
      return effect;
    });
    expect(pauses).toEqual([
      { type: "setTimer", timer: "backoff", delayMs: 0 },
      { type: "clearTimer" },
      { type: "clearTimer" },
    ]);
    expect(run.record).toMatchObject({ epoch: 4, attempt: 3, state: "starting" });
    expect(run.give(READY)).toEqual([{ type: "setTimer", timer: "stable", delayMs: 5000 }]);
    expect(run.give(EXIT)).toContainEqual({ type: "setTimer", timer: "backoff", delayMs: 600 });
    run.give(timeout("backoff"), SPAWNED, READY, timeout("stable"));
    expect(run.give(EXIT)).toContainEqual({ type: "setTimer", timer: "backoff", delayMs: 0 });
  });

  it("fails beyond its budget, and not when the failures are further apart", () => {
    const often = new Run();
    often.give(START, SPAWNED, READY);
    for (let time = 0; time < 3; time += 1) often.give(EXIT, timeout("backoff"), SPAWNED);
    expect(often.record.state).toBe("failed");
    expect(often.record.epoch).toBe(3);

    const seldom = new Run();
    seldom.give(START, SPAWNED, READY);
    for (let time = 0; time < 20; time += 1) {
      seldom.now += 4000;
      seldom.give(EXIT, timeout("backoff"), SPAWNED, READY);
    }
    expect(seldom.record).toMatchObject({ state: "failed" });
    const rare = new Run();
    rare.give(START, SPAWNED, READY);
    for (let time = 0; time < 20; time += 1) {
      rare.now += 5000;
      rare.give(EXIT, timeout("backoff"), SPAWNED, READY);
    }
    expect(rare.record).toMatchObject({ state: "ready", epoch: 21 });
  });

  it("is not started again when that is not wanted", () => {
    const failed = new Run({ restart: false });
    failed.give(START, SPAWNED, READY, EXIT);
    expect(failed.record.state).toBe("failed");
    const done = new Run({ restart: false });
    done.give(START, SPAWNED, READY, { type: "exited", facts: { code: 0, signal: null } });
    expect(done.record.state).toBe("stopped");
  });

  it("is drained, then told, then killed", () => {
    const run = new Run();
    expect(run.give(START, SPAWNED, READY, STOP)).toEqual([
      { type: "setTimer", timer: "stop", delayMs: 7000 },
      { type: "drain" },
    ]);
    expect(run.give(STOP)).toEqual([]);
    expect(run.give(timeout("stop"))).toEqual([
      { type: "signal", signal: "SIGTERM" },
      { type: "setTimer", timer: "kill", delayMs: TERM_GRACE_MS },
    ]);
    expect(run.give(timeout("kill"))).toEqual([{ type: "signal", signal: "SIGKILL" }]);
    run.give(EXIT);
    expect(run.record).toMatchObject({ state: "stopped", lastExit: { cause: "asked" } });
  });

  it("is killed at once, also while it is being stopped", () => {
    const run = new Run();
    run.give(START, SPAWNED, READY, STOP);
    expect(run.give(KILL)).toEqual([{ type: "clearTimer" }, { type: "signal", signal: "SIGKILL" }]);
  });

  it("hears a stop that came before it had a pid", () => {
    const drained = new Run();
    expect(drained.give(START, STOP)).not.toContainEqual({ type: "drain" });
    expect(drained.give(SPAWNED)).toEqual([{ type: "drain" }]);
    const killed = new Run();
    killed.give(START, KILL);
    expect(killed.give(SPAWNED)).toEqual([{ type: "signal", signal: "SIGKILL" }]);
  });

  it("is not started again when a stop comes during the pause", () => {
    const run = new Run();
    run.give(START, SPAWNED, READY, EXIT);
    expect(run.give(STOP)).toEqual([{ type: "clearTimer" }]);
    expect(run.give(timeout("backoff"))).toEqual([]);
    expect(run.record.state).toBe("stopped");
  });

  it("goes on when it is retired, and is not started again when it ends", () => {
    const run = new Run();
    expect(run.give(START, SPAWNED, READY, { type: "retire" })).toEqual([]);
    expect(run.record.state).toBe("ready");
    run.give(EXIT);
    expect(run.record).toMatchObject({ state: "stopped", lastExit: { cause: "exit" } });
    run.give(START, SPAWNED, READY, EXIT);
    expect(run.record.state).toBe("backoff");
    expect(run.give({ type: "retire" })).toEqual([{ type: "clearTimer" }]);
    expect(run.record.state).toBe("stopped");
  });

  it("can be started again after it has failed, with a new budget", () => {
    const run = new Run();
    run.give(START, SPAWNED, EXIT, START, SPAWNED, READY, EXIT);
    expect(run.record).toMatchObject({ state: "backoff", epoch: 2, attempt: 1 });
  });

  it("is tried again a good while after it has failed, and then fails at once", () => {
    const run = new Run({ restart: { ...RESTART, intensity: 0, retryAfterMs: 60_000 } });
    expect(run.give(START, SPAWNED, READY, EXIT)).toEqual([
      { type: "setTimer", timer: "heal", delayMs: 60_000 },
    ]);
    expect(run.record).toMatchObject({ state: "failed", healing: true });
    run.now = 100_000;
    expect(run.give(timeout("heal"))).toContainEqual({ type: "spawn", epoch: 2 });
    run.give(SPAWNED, READY);
    expect(run.give(EXIT)).toContainEqual({ type: "setTimer", timer: "heal", delayMs: 60_000 });
    run.now = 200_000;
    run.give(timeout("heal"), SPAWNED);
    expect(run.give(READY)).toEqual([{ type: "setTimer", timer: "stable", delayMs: 5000 }]);
    run.give(timeout("stable"));
    expect(run.record).toMatchObject({ state: "ready", healing: false });
  });

  it("is not tried again when its first start has failed, or when it was told to stop", () => {
    const restart = { ...RESTART, intensity: 0, retryAfterMs: 60_000 };
    const first = new Run({ restart });
    expect(first.give(START, SPAWNED, EXIT)).toEqual([{ type: "clearTimer" }]);
    expect(first.record.timer).toBeUndefined();
    for (const type of ["stop", "retire", "kill"] as const) {
      const run = new Run({ restart });
      run.give(START, SPAWNED, READY, EXIT);
      expect(run.give({ type })).toEqual([{ type: "clearTimer" }]);
      expect(run.give(timeout("heal"))).toEqual([]);
    }
  });

  it("is done when it ends with a code that says so", () => {
    const run = new Run({ restart: { ...RESTART, stopCodes: [0, 3] } });
    run.give(START, SPAWNED, READY, { type: "exited", facts: { code: 3, signal: null } });
    expect(run.record).toMatchObject({ state: "stopped", lastExit: { cause: "exit", code: 3 } });
    run.give(START, SPAWNED, READY, EXIT);
    expect(run.record.state).toBe("backoff");
  });

  it("is killed and started again when it is condemned, with the cause that was given", () => {
    const run = new Run();
    expect(run.give(START, SPAWNED, READY, { type: "condemn", cause: "hung" })).toEqual([
      { type: "signal", signal: "SIGKILL" },
    ]);
    run.give({ type: "exited", facts: { code: null, signal: "SIGKILL" } });
    expect(run.record).toMatchObject({ state: "backoff", lastExit: { cause: "hung" } });
    run.give(timeout("backoff"), SPAWNED, READY, EXIT);
    expect(run.record.lastExit?.cause).toBe("exit");
  });

  it("is renewed at once as planned, or at its own cost", () => {
    const planned = new Run();
    expect(
      planned.give(START, SPAWNED, READY, { type: "renew", cause: "group", planned: true }),
    ).toEqual([{ type: "setTimer", timer: "stop", delayMs: 7000 }, { type: "drain" }]);
    expect(planned.give(EXIT)).toContainEqual({ type: "spawn", epoch: 2 });
    expect(planned.record).toMatchObject({ failures: [], lastExit: { cause: "group" } });
    const costly = new Run();
    costly.give(START, SPAWNED, READY, { type: "renew", cause: "uncaught", planned: false }, EXIT);
    expect(costly.record).toMatchObject({ state: "backoff", failures: [0] });
    const late = new Run();
    late.give(START, SPAWNED, READY, { type: "renew", cause: "group", planned: true }, STOP, EXIT);
    expect(late.record).toMatchObject({ state: "stopped", lastExit: { cause: "asked" } });
  });

  it("is not started again while it is held, and at once when it is released after its pause", () => {
    const run = new Run();
    run.give(START, SPAWNED, READY, EXIT, { type: "hold" });
    expect(run.give(timeout("backoff"))).toEqual([]);
    expect(run.record.state).toBe("backoff");
    expect(run.give({ type: "release" })).toContainEqual({ type: "spawn", epoch: 2 });
    const early = new Run();
    early.give(START, SPAWNED, READY, EXIT, { type: "hold" });
    expect(early.give({ type: "release" })).toEqual([]);
    expect(early.give(timeout("backoff"))).toContainEqual({ type: "spawn", epoch: 2 });
    const stopped = new Run();
    stopped.give(START, SPAWNED, READY, EXIT, { type: "hold" }, timeout("backoff"), STOP);
    expect(stopped.give({ type: "release" })).toEqual([]);
    expect(stopped.record.state).toBe("stopped");
  });

  it("costs its heir what it has cost itself", () => {
    const run = new Run();
    run.give(START, SPAWNED, READY);
    const delays = [0, 1, 2].map((at) => {
      run.now = at;
      const { record, delayMs } = charge(run.record, run.given);
      const heir = successorOf(record);
      run.record = NEW_INSTANCE;
      run.record = { ...heir };
      run.give(START, SPAWNED, READY);
      expect(run.record.failures).toHaveLength(at + 1);
      return delayMs;
    });
    expect(delays).toEqual([0, 150, undefined]);
  });

  it("tells causes apart", () => {
    const cause = (facts: object): string | undefined => {
      const run = new Run();
      run.give(START, SPAWNED, READY, {
        type: "exited",
        facts: { code: null, signal: null, ...facts },
      });
      return run.record.lastExit?.cause;
    };
    expect(cause({ code: 0 })).toBe("exit");
    expect(cause({ signal: "SIGKILL" })).toBe("signal");
    expect(cause({ spawnError: "ENOENT" })).toBe("spawn-error");
    expect(cause({ signal: "SIGABRT", heapExhausted: true })).toBe("out-of-memory");
    expect(cause({ code: 134, heapExhausted: true })).toBe("out-of-memory");
    expect(cause({ signal: "SIGABRT" })).toBe("signal");
    expect(cause({ code: 1, heapExhausted: true })).toBe("exit");
  });
});
