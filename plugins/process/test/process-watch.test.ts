import { expect, it } from "vitest";
import { resolveConfig } from "../src/config/resolve.ts";
import type { ProcessConfig, ProcessDefinition } from "../src/config/types.ts";
import type { Vitals } from "../src/status.ts";
import type { WatchClock } from "../src/watch/clock.ts";
import { MemorySampler } from "../src/watch/memory-sampler.ts";
import {
  ProcessWatch,
  type ProcessWatchOptions,
  type WatchVerdict,
} from "../src/watch/process-watch.ts";
import { makeDir } from "./support.ts";

const LOG = { debug() {}, info() {}, warn() {}, error() {}, child: () => LOG };
const VITALS: Vitals = {
  loopDelayMs: { p99: 0, max: 0 },
  utilization: 0,
  heapUsedBytes: 1,
  heapLimitBytes: 2,
  requests: 0,
  errors: 0,
  openRequests: 0,
  uncaught: 0,
};

/** Time that passes when it is told to. */
class HandClock implements WatchClock {
  #now = 0;
  readonly #tasks = new Map<object, { intervalMs: number; next: number; task: () => void }>();

  now(): number {
    return this.#now;
  }

  every(intervalMs: number, task: () => void): () => void {
    const key = {};
    this.#tasks.set(key, { intervalMs, next: this.#now + intervalMs, task });
    return () => this.#tasks.delete(key);
  }

  get timers(): number {
    return this.#tasks.size;
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#tasks.values()].sort((a, b) => a.next - b.next)[0];
      if (due === undefined || due.next > end) break;
      this.#now = due.next;
      due.next += due.intervalMs;
      due.task();
    }
    this.#now = end;
  }
}

function define(config: ProcessConfig): ProcessDefinition {
  const dir = makeDir({ "a.js": "" });
  const app = resolveConfig({ name: "test", processes: { web: config } }, { file: dir, dir });
  return app.processes[0] as ProcessDefinition;
}

function watch(config: ProcessConfig, more: Partial<ProcessWatchOptions> = {}) {
  const clock = new HandClock();
  const verdicts: WatchVerdict[] = [];
  const one = new ProcessWatch({
    definition: define(config),
    pid: process.pid,
    probe: {
      client: { request: () => Promise.reject(new Error("unused")) } as never,
      peerId: undefined,
      env: {},
      cwd: "/",
    },
    memory: new MemorySampler(clock),
    log: LOG,
    onVerdict: (verdict) => verdicts.push(verdict),
    clock,
    random: 1,
    ...more,
  });
  return { one, clock, verdicts };
}

it("says nothing of a process that is not ready yet", () => {
  const { one, clock, verdicts } = watch({ entry: "a.js", maxRequests: 1, maxAge: "1s" });
  one.beat({ ...VITALS, requests: 5 });
  clock.pass(10_000);
  expect(verdicts).toEqual([]);
  expect(one.vitals?.requests).toBe(5);
});

it("tells that a process is silent, and that it is hung when it has been looked into", async () => {
  let tell = (_file: string): void => {};
  const examine = (): Promise<string> => new Promise((resolve) => (tell = resolve));
  const { one, clock, verdicts } = watch({ entry: "a.js" }, { examine });
  one.ready();
  clock.pass(1900);
  one.beat(VITALS);
  clock.pass(3000);
  await Promise.resolve();
  expect(verdicts).toEqual([{ type: "silent" }]);
  tell("report.json");
  await expect.poll(() => verdicts.at(-1)).toEqual({ type: "hung", report: "report.json" });
});

it("tells that a process is hung even when it cannot be looked into", async () => {
  const examine = (): Promise<never> => Promise.reject(new Error("disk full"));
  const { one, clock, verdicts } = watch({ entry: "a.js" }, { examine });
  one.ready();
  clock.pass(3000);
  await expect.poll(() => verdicts.at(-1)).toEqual({ type: "hung" });
});

it("does not expect heartbeats of a command, nor of whom nobody wants to watch", () => {
  for (const config of [
    { command: ["sleep", "9"], liveness: { probe: { tcp: 1, interval: "1h" } } },
    { entry: "a.js", liveness: false as const },
  ]) {
    const { one, clock, verdicts } = watch(config);
    one.ready();
    clock.pass(60_000);
    expect(verdicts).toEqual([]);
    one.close();
  }
});

it("asks once for a replacement, and again when it did not come about", () => {
  const { one, clock, verdicts } = watch({ entry: "a.js", liveness: false, maxAge: "10s" });
  one.ready();
  clock.pass(8900);
  expect(verdicts).toEqual([]);
  // Up to a tenth less, and here the whole of it.
  clock.pass(1000);
  const wanted = { type: "replace", cause: "max-age" };
  expect(verdicts).toEqual([wanted]);
  clock.pass(60_000);
  one.rearm();
  clock.pass(1000);
  expect(verdicts).toEqual([wanted, wanted]);
});

it("counts requests", () => {
  const { one, verdicts } = watch({ entry: "a.js", liveness: false, maxRequests: 100 });
  one.ready();
  one.beat({ ...VITALS, requests: 99 });
  expect(verdicts).toEqual([]);
  one.beat({ ...VITALS, requests: 100 });
  expect(verdicts).toEqual([{ type: "replace", cause: "max-requests" }]);
});

it("leaves no timer behind", async () => {
  const { one, clock, verdicts } = watch({ entry: "a.js", memoryLimit: 1, maxAge: "10s" });
  one.ready();
  expect(clock.timers).toBe(3);
  one.close();
  one.close();
  expect(clock.timers).toBe(0);
  one.beat({ ...VITALS, requests: 1e9 });
  one.ready();
  expect(clock.timers).toBe(0);
  expect(verdicts).toEqual([]);
});
