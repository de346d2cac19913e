import type { PeerInfo } from "@elpis/api";
import { describe, expect, it } from "vitest";
import type { TaskOptions } from "../src/contract.ts";
import { cronCalendar } from "../src/definition/calendar.ts";
import { readDefinition } from "../src/definition/read.ts";
import type { Effect } from "../src/machine/effect.ts";
import { Scheduler } from "../src/machine/scheduler.ts";
import type { Moment } from "../src/machine/timetable.ts";
import type { Holder } from "../src/machine/work.ts";

const START = Date.UTC(2026, 10, 27, 12);
const LEASE_MS = 1000;

/** A scheduler whose time is moved by hand. */
class Hand {
  readonly scheduler: Scheduler;
  ms = 0;
  #token = 0;

  constructor(configured: Readonly<Record<string, TaskOptions>> = {}) {
    this.scheduler = new Scheduler({
      leaseMs: LEASE_MS,
      historyPerTask: 10,
      calendarOf: cronCalendar,
      read: readDefinition,
      token: () => ++this.#token,
      random: () => 0.5,
    });
    this.scheduler.open(configured, [], this.now);
  }

  get now(): Moment {
    return { wallMs: START + this.ms, monoMs: this.ms };
  }

  join(
    id: number,
    name: string,
    tasks: Readonly<Record<string, TaskOptions | undefined>>,
    since = 0,
  ) {
    const peer = peerOf(id, name);
    this.scheduler.see({ type: "joined", peer }, this.now);
    const offered = Object.entries(tasks).map(([task, options]) =>
      options === undefined ? { name: task } : { name: task, options },
    );
    return this.scheduler.register(peer, { since, tasks: offered }, this.now);
  }

  leave(id: number, name: string): void {
    this.scheduler.see({ type: "left", peer: peerOf(id, name) }, this.now);
  }

  /** Lets time pass, and says what is to be done. */
  wait(ms: number): readonly Effect[] {
    this.ms += ms;
    this.scheduler.advance(this.now);
    return this.take();
  }

  take(): readonly Effect[] {
    return this.scheduler.take().effects;
  }

  get names(): readonly string[] {
    return this.scheduler.list(this.now).map(({ name }) => name);
  }
}

function peerOf(id: number, name: string): PeerInfo {
  return { id, app: "app", role: "worker", name, index: id, pid: 100 + id, epoch: 1, ready: true };
}

function holderOf(id: number, name = "web"): Holder {
  return { peerId: id, identity: { name, index: id, epoch: 1, pid: 100 + id } };
}

function executes(effects: readonly Effect[]) {
  return effects.flatMap((one) => (one.type === "execute" ? [one] : []));
}

describe("definitions of code", () => {
  it("that differ: the process counts that was started last, as long as it is there", () => {
    const hand = new Hand();
    const schedule = (): string | undefined => hand.scheduler.list(hand.now)[0]?.schedule;
    hand.join(1, "web", { a: { every: "1m" } }, 100);
    hand.join(2, "web", { a: { every: "2m" } }, 200);
    hand.join(3, "web", { a: { every: "3m" } }, 50);
    expect(schedule()).toBe("every 2m");
    hand.leave(2, "web");
    expect(schedule()).toBe("every 1m");
    hand.leave(1, "web");
    expect(schedule()).toBe("every 3m");
    hand.leave(3, "web");
    // While all of them are away, as during a restart, it is what it was.
    expect(schedule()).toBe("every 3m");
  });

  it("that nobody gives any more: the task goes, once processes that would are there", () => {
    const hand = new Hand();
    hand.join(1, "web", { old: { every: "1h" }, kept: { every: "1h" } });
    hand.leave(1, "web");
    hand.wait(600_000);
    expect(hand.names).toEqual(["kept", "old"]);
    hand.join(2, "web", { kept: { every: "1h" } });
    hand.wait(1);
    hand.wait(59_000);
    expect(hand.names).toEqual(["kept", "old"]);
    const effects = hand.wait(1001);
    expect(hand.names).toEqual(["kept"]);
    expect(effects).toContainEqual({ type: "forgotten", task: "old" });
    expect(hand.scheduler.saved("old")).toBeUndefined();
  });

  it("that make no sense, or are the configuration's, are told to who made them", () => {
    const hand = new Hand({ mine: { every: "1h" } });
    const problems = hand.join(1, "web", {
      mine: { every: "2h" },
      bad: { cron: "x" },
      good: { every: 500 },
    });
    expect(problems.map(({ task }) => task)).toEqual(["mine", "bad"]);
    expect(hand.names).toEqual(["good", "mine"]);
    expect(hand.scheduler.list(hand.now)[1]?.schedule).toBe("every 1h");
  });
});

describe("one process of each name", () => {
  it("waits for a name that is away for a moment, and not for one that is gone", () => {
    const hand = new Hand({ a: { every: "10s", on: "each" } });
    hand.join(1, "web", { a: undefined });
    hand.join(2, "api", { a: undefined });
    hand.leave(2, "api");
    const first = executes(hand.wait(10_000));
    expect(first.map(({ order }) => order.id.split("/")[1])).toEqual(["web"]);
    const states = (): unknown =>
      hand.scheduler.list(hand.now)[0]?.runs.map(({ id, state }) => [id.split("/")[1], state]);
    expect(states()).toEqual([
      ["web", "starting"],
      ["api", "waiting"],
    ]);
    hand.join(3, "api", { a: undefined });
    expect(executes(hand.take()).map(({ peerId }) => peerId)).toEqual([3]);
    hand.leave(3, "api");
    for (let n = 0; n < 8; n++) hand.wait(10_000);
    expect(JSON.stringify(states())).not.toContain("api");
    expect(hand.scheduler.history("a").some(({ outcome }) => outcome === "lost")).toBe(true);
  });
});

describe("an offer that nobody claims", () => {
  it("goes to another process, and counts as nothing; its own comes too late", () => {
    const hand = new Hand({ a: { in: 1000 } });
    hand.join(1, "web", { a: undefined });
    hand.join(2, "web", { a: undefined });
    const [first] = executes(hand.wait(1000));
    const [second] = executes(hand.wait(5000));
    expect(second?.order).toMatchObject({ id: first?.order.id, attempt: 1 });
    expect(second?.peerId).not.toBe(first?.peerId);
    const claim = (one: typeof first): boolean => {
      const { order, peerId = 0 } = one ?? {};
      const held = { task: "a", token: order?.token ?? 0 };
      return hand.scheduler.renew(held, holderOf(peerId), hand.now).ok;
    };
    expect([claim(first), claim(second), claim(second)]).toEqual([false, true, true]);
  });
});

describe("somebody else", () => {
  it("can neither renew, nor finish, nor write for an attempt", () => {
    const hand = new Hand({ a: { in: 0 } });
    hand.join(1, "web", { a: undefined });
    hand.join(2, "web", { a: undefined });
    const [given] = executes(hand.wait(1));
    const held = { task: "a", token: given?.order.token ?? 0 };
    const owner = given?.peerId ?? 0;
    const other = holderOf(3 - owner);
    const { scheduler, now } = hand;
    expect(scheduler.renew(held, other, now).ok).toBe(false);
    // Not even its own process, before it has claimed it.
    expect(scheduler.put(held, holderOf(owner), { k: "1" }).ok).toBe(false);
    expect(scheduler.renew(held, holderOf(owner), now).ok).toBe(true);
    expect(scheduler.renew(held, other, now).ok).toBe(false);
    expect(scheduler.put(held, other, { k: "1" }).ok).toBe(false);
    expect(scheduler.finish(held, other, { ok: true }, now).ok).toBe(false);
    expect(scheduler.put(held, holderOf(owner), { k: "1" }).ok).toBe(true);
    expect(scheduler.finish(held, holderOf(owner), { ok: true, put: { k: "2" } }, now).ok).toBe(
      true,
    );
    expect(scheduler.get("a", "k")).toBe("2");
    expect(scheduler.finish(held, holderOf(owner), { ok: true, put: { k: "3" } }, now).ok).toBe(
      false,
    );
    expect(scheduler.get("a", "k")).toBe("2");
  });
});

describe("a time that has passed before it is defined", () => {
  it("is missed, and nothing makes up for it", () => {
    const hand = new Hand({ a: { at: START - 1000, missed: "once" } });
    hand.join(1, "web", { a: undefined });
    expect(executes(hand.wait(1000))).toEqual([]);
    expect(hand.scheduler.list(hand.now)[0]).toMatchObject({
      state: "over",
      counts: { missed: 1 },
      last: { error: "its time had passed before it was defined" },
    });
  });
});

describe("the history", () => {
  it("is bounded, and holds what did not begin as one", () => {
    const hand = new Hand({ a: { every: "1s" } });
    hand.join(1, "web", { a: undefined });
    const [given] = executes(hand.wait(1000));
    const held = { task: "a", token: given?.order.token ?? 0 };
    for (let n = 0; n < 60; n++) {
      hand.scheduler.renew(held, holderOf(1), hand.now);
      hand.wait(500);
    }
    const runs = hand.scheduler.history("a");
    expect(runs).toMatchObject([{ outcome: "skipped", count: 30 }]);
    hand.scheduler.finish(held, holderOf(1), { ok: true }, hand.now);
    expect(hand.scheduler.history("a", 1)).toMatchObject([{ outcome: "done" }]);
    expect(hand.scheduler.list(hand.now)[0]?.counts).toMatchObject({ done: 1, skipped: 30 });
  });
});

describe("what was missed", () => {
  it.each(["skip", "once"] as const)(
    "%s: at most one run makes up for it, in its turn",
    (missed) => {
      const hand = new Hand({ a: { cron: "0 * * * * *", missed } });
      hand.join(1, "web", { a: undefined });
      const [given] = executes(hand.wait(60_000));
      const held = { task: "a", token: given?.order.token ?? 0 };
      hand.scheduler.renew(held, holderOf(1), hand.now);
      // The clock is set forward by an hour, in the middle of a run.
      const later = { wallMs: hand.now.wallMs + 3_600_000, monoMs: hand.now.monoMs + 100 };
      hand.scheduler.advance(later);
      expect(hand.scheduler.list(later)[0]).toMatchObject({
        counts: { missed: 60, skipped: 0 },
        runs:
          missed === "once" ? [{ state: "running" }, { state: "queued" }] : [{ state: "running" }],
      });
      hand.take();
      hand.scheduler.finish(held, holderOf(1), { ok: true }, later);
      const next = executes(hand.take());
      expect(next.map(({ order }) => order.scheduledAt - START)).toEqual(
        missed === "once" ? [61 * 60_000] : [],
      );
    },
  );
});

describe("when somebody has to look again", () => {
  it("is not forgotten when somebody asks for something else at that very moment", () => {
    const retries = { attempts: 1, backoff: { min: 100, max: 100 } };
    const hand = new Hand({ a: { in: 1000, retries } });
    hand.join(1, "web", { a: undefined });
    const [given] = executes(hand.wait(1000));
    const held = { task: "a", token: given?.order.token ?? 0 };
    hand.scheduler.renew(held, holderOf(1), hand.now);
    hand.scheduler.finish(held, holderOf(1), { ok: false, error: "bad" }, hand.now);
    expect(hand.scheduler.delayMs(hand.now)).toBe(75);
    hand.ms += 76;
    hand.scheduler.list(hand.now);
    expect(hand.scheduler.delayMs(hand.now)).toBe(0);
    expect(executes(hand.wait(0))).toHaveLength(1);
    // One for whom nobody is there is no reason to look.
    hand.leave(1, "web");
    hand.wait(0);
    expect(hand.scheduler.delayMs(hand.now)).toBeGreaterThan(1000);
  });
});

describe("a process that was started for a run", () => {
  const start = (): { hand: Hand; held: { task: string; token: number } } => {
    const hand = new Hand({ a: { in: 0, entry: "./a.mjs", timeout: 10_000 } });
    const [spawn] = hand.wait(1).filter(({ type }) => type === "spawn");
    const held = { task: "a", token: spawn?.type === "spawn" ? spawn.order.token : 0 };
    hand.scheduler.spawned(held, holderOf(7, "task-a"));
    hand.join(7, "task-a", { a: undefined });
    expect(executes(hand.take()).map(({ peerId }) => peerId)).toEqual([7]);
    expect(hand.scheduler.renew(held, holderOf(7, "task-a"), hand.now).ok).toBe(true);
    return { hand, held };
  };

  it("keeps its run while it blocks, and while its link is gone, until its time is up", () => {
    const { hand, held } = start();
    hand.leave(7, "task-a");
    expect(hand.take().filter(({ type }) => type !== "tell")).toEqual([]);
    expect(hand.wait(9000)).toEqual([]);
    expect(hand.wait(1001)).toContainEqual({ type: "revoke", token: held.token });
    expect(hand.scheduler.list(hand.now)[0]?.runs).toMatchObject([{ state: "ending" }]);
    hand.scheduler.processEnded(held, { outcome: "lost" }, hand.now);
    expect(hand.scheduler.history("a")).toMatchObject([{ outcome: "timeout" }]);
  });

  it("has failed, or was lost, as whoever has started it says", () => {
    for (const outcome of ["failed", "lost"] as const) {
      const { hand, held } = start();
      hand.leave(7, "task-a");
      hand.scheduler.processEnded(held, { outcome, error: "why" }, hand.now);
      expect(hand.scheduler.history("a")).toMatchObject([{ outcome, error: "why" }]);
    }
  });
});
