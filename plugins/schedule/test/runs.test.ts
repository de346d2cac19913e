import { type Client, hasCode } from "@elpis/api";
import { waitFor } from "@elpis/testing";
import { describe, expect, it, vi } from "vitest";
import { type TaskContext, tasks } from "../src/index.ts";
import { family, gate, SILENT } from "./support/application.ts";

describe("a task that the configuration defines", () => {
  it("runs each of its times in one process, in turn", async () => {
    const { join } = await family({ tasks: { beat: { every: 100 } } });
    const ran: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { hub, own } = await join();
      own.handle("beat", ({ id }) => void ran.push(`${hub.location.index} ${id}`));
    }
    const indexes = (): Set<string | undefined> => new Set(ran.map((one) => one.split(" ")[0]));
    await waitFor(() => indexes().size === 3, { what: "all three to have had a turn" });
    const ids = ran.map((one) => one.split(" ")[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("waits for somebody who can run it", async () => {
    const { join, ask, ended } = await family({ tasks: { late: { in: 0 } } });
    const state = async (): Promise<string | undefined> =>
      (await ask.request("elpis.tasks.list", {})).tasks[0]?.state;
    await waitFor(async () => (await state()) === "waiting", { what: "it to wait" });
    const { own, hub } = await join();
    hub.setReady(false);
    own.handle("late", () => "done");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await state()).toBe("waiting");
    hub.setReady(true);
    expect(await ended(() => true)).toMatchObject({ outcome: "done", value: '"done"', attempt: 1 });
    await waitFor(async () => (await state()) === "over", { what: "it to be over" });
  });
});

describe("a task that code defines", () => {
  it("is one task, however many processes define it", async () => {
    const { join, ask, ended } = await family();
    for (let n = 0; n < 3; n++) {
      const { own } = await join();
      own.define("once", { in: 20 }, () => n);
    }
    await ended(({ task }) => task === "once");
    await new Promise((resolve) => setTimeout(resolve, 60));
    const { tasks } = await ask.request("elpis.tasks.list", {});
    expect(tasks).toMatchObject([
      { name: "once", source: "code", counts: { done: 1 }, runners: ["web.0", "web.1", "web.2"] },
    ]);
  });

  it("is what the process says that was started last, and goes when it ends its offer", async () => {
    const { join, ask } = await family();
    const { own } = await join();
    const off = own.define("a", { cron: "0 3 * * *" }, () => {});
    const schedule = async (): Promise<string | undefined> =>
      (await ask.request("elpis.tasks.list", {})).tasks[0]?.schedule;
    await waitFor(async () => (await schedule()) === "0 3 * * *", { what: "the task" });
    off();
    own.define("a", { cron: "0 4 * * *", timeZone: "Europe/Berlin" }, () => {});
    await waitFor(async () => (await schedule()) === "0 4 * * * (Europe/Berlin)", { what: "it" });
  });

  it("is refused at once when it makes no sense, or there are two functions for it", async () => {
    const { join } = await family();
    const { own } = await join();
    const nothing = (): void => {};
    for (const options of [
      {},
      { cron: "0 3 * * *", every: "1s" },
      { cron: "99 * * * *" },
      { cron: "0 3 * * *", timeZone: "Mars/Base" },
      { every: "1s", timeZone: "Europe/Berlin" },
      { every: 10 },
      { at: "tomorrow" },
      { every: "1s", timeout: "never" },
      { every: "1s", retries: { attempts: -1 } },
      { every: "1s", retries: { backoff: { min: "2s", max: "1s" } } },
      { every: "1s", to: { pid: "x" } },
      { every: "1s", overlap: "sometimes" },
      { every: "1s", jiter: 5 },
      { every: "1s", fork: {} },
      { every: "1s", entry: "./x.js", on: "all" },
    ]) {
      expect(() => own.define("bad", options as never, nothing), JSON.stringify(options)).toThrow(
        expect.objectContaining({ code: "ELPIS_SCHEDULE_DEFINITION" }),
      );
    }
    expect(() => own.define("no name!", { every: "1s" }, nothing)).toThrow(/a name of/);
    expect(() => own.define("x", { every: "1s" })).toThrow(/either a function or an `entry`/);
    own.define("good", { every: "1s" }, nothing);
    expect(() => own.handle("good", nothing)).toThrow(
      expect.objectContaining({ code: "ELPIS_SCHEDULE_DUPLICATE" }),
    );
  });

  it("that the configuration defines already is complained about", async () => {
    const error = vi.fn();
    const { join } = await family({ tasks: { a: { every: "1h" } } }, { ...SILENT, error });
    const { own } = await join();
    own.define("a", { every: "2h" }, () => {});
    await waitFor(() => error.mock.calls.length > 0, { what: "the complaint" });
    expect(error.mock.calls[0]?.[0]).toMatch(/task a: .*the configuration defines it/);
  });
});

describe("tasks(hub)", () => {
  it("are the same for the same connection, through whatever it is reached", async () => {
    const { join } = await family();
    const [one, other] = [await join(), await join()];
    const through = new Proxy({} as Client, {
      get: (_, property) => Reflect.get(one.hub, property, one.hub),
    });
    expect(tasks(through)).toBe(one.own);
    expect(other.own).not.toBe(one.own);
  });
});

describe("where runs go", () => {
  it("on all: to each process that has it, and nowhere else when one of them dies", async () => {
    const { join, ended, ask } = await family({
      lease: 300,
      tasks: { all: { every: "1h", on: "all" } },
    });
    const { opened, open } = gate();
    const ran: number[] = [];
    const workers = [];
    for (let n = 0; n < 3; n++) {
      const worker = await join();
      worker.own.handle("all", async () => {
        ran.push(n);
        if (n === 2) await opened;
      });
      workers.push(worker);
    }
    await waitFor(async () => (await runners(ask)).length === 3, { what: "all to be there" });
    await ask.request("elpis.tasks.run", { task: "all" });
    await waitFor(() => ran.length === 3, { what: "all to run" });
    await workers[2]?.hub.close();
    // It was in this process, which lives: its lease has to end.
    const lost = await ended(({ outcome }) => outcome !== "done");
    expect(lost).toMatchObject({ outcome: "lost", where: "web.2" });
    expect(lost.again).toBeUndefined();
    open();
  });

  it("on each: to one process of each name; with `to` only where it says", async () => {
    const { join, ask } = await family({
      tasks: {
        each: { every: "1h", on: "each" },
        api: { every: "1h", to: { name: "api" } },
      },
    });
    const ran: string[] = [];
    for (const name of ["web", "web", "api", "api"]) {
      const { own, hub } = await join({ name });
      own.handle("each", () => void ran.push(`each ${hub.location.name}`));
      own.handle("api", () => void ran.push(`api ${hub.location.name}`));
    }
    await waitFor(async () => (await runners(ask)).length === 4, { what: "all to be there" });
    const { ids, records } = await ask.request("elpis.tasks.run", { task: "each", wait: true });
    expect(ids.map((id) => id.split("/")[1]).sort()).toEqual(["api", "web"]);
    expect(records.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
    for (let n = 0; n < 3; n++) await ask.request("elpis.tasks.run", { task: "api", wait: true });
    expect(ran.sort()).toEqual(["api api", "api api", "api api", "each api", "each web"]);
  });

  it("on one: to the one that has least to do", async () => {
    const { join, ask } = await family({ tasks: { slow: { every: "1h", overlap: "allow" } } });
    const { opened, open } = gate();
    const ran: number[] = [];
    for (let n = 0; n < 3; n++) {
      const { own } = await join();
      own.handle("slow", async () => {
        ran.push(n);
        await opened;
      });
    }
    await waitFor(async () => (await runners(ask)).length === 3, { what: "all to be there" });
    for (let n = 0; n < 6; n++) await ask.request("elpis.tasks.run", { task: "slow" });
    await waitFor(() => ran.length === 6, { what: "all to run" });
    expect(ran.slice().sort()).toEqual([0, 0, 1, 1, 2, 2]);
    open();
  });
});

describe("the process of the coordinator", () => {
  it("may have tasks too", async () => {
    const { test, ended } = await family({ tasks: { own: { in: 50 } } });
    tasks(test.hub.client, { log: SILENT }).handle("own", () => "here");
    expect(await ended(() => true)).toMatchObject({ outcome: "done", where: "master.0" });
  });
});

describe("overlap", () => {
  const start = async (overlap: "skip" | "queue" | "allow") => {
    const all = await family({ tasks: { slow: { every: "1h", overlap } } });
    const { own } = await all.join();
    const { opened, open } = gate();
    let running = 0;
    let most = 0;
    own.handle("slow", async () => {
      running += 1;
      most = Math.max(most, running);
      await opened;
      running -= 1;
    });
    await waitFor(async () => (await runners(all.ask)).length === 1, { what: "it to be there" });
    const run = (): Promise<unknown> => all.ask.request("elpis.tasks.run", { task: "slow" });
    return { ...all, run, open, most: () => most };
  };

  it("skip refuses, and leaves out what comes by itself", async () => {
    const { run, open, ended } = await start("skip");
    await run();
    await expect(run()).rejects.toSatisfy((error) => isRemote(error, "ELPIS_SCHEDULE_BUSY"));
    open();
    await ended(({ outcome }) => outcome === "done");
    await run();
  });

  it("queue lets one wait", async () => {
    const { run, open, told, most } = await start("queue");
    await run();
    await run();
    await expect(run()).rejects.toSatisfy((error) => isRemote(error, "ELPIS_SCHEDULE_BUSY"));
    open();
    await waitFor(() => told.filter(({ type }) => type === "ended").length === 2, { what: "both" });
    expect(most()).toBe(1);
  });

  it("allow runs both", async () => {
    const { run, open, most } = await start("allow");
    await run();
    await run();
    await waitFor(() => most() === 2, { what: "both at once" });
    open();
  });
});

describe("failures", () => {
  it("are tried again as often as was said, and told with what was thrown", async () => {
    const { join, told, ask } = await family({
      tasks: { bad: { every: "1h", retries: { attempts: 2, backoff: { min: 1, max: 2 } } } },
    });
    const { own } = await join();
    own.handle("bad", ({ attempt }) => {
      throw new Error(`no luck at ${attempt}`);
    });
    await waitFor(async () => (await runners(ask)).length === 1, { what: "it to be there" });
    const { records } = await ask.request("elpis.tasks.run", { task: "bad", wait: true });
    expect(records).toMatchObject([{ outcome: "failed", attempt: 3 }]);
    expect(records[0]?.error).toContain("no luck at 3");
    const ended = told.flatMap((one) => (one.type === "ended" ? [one] : []));
    expect(ended.map(({ attempt, again }) => [attempt, again])).toEqual([
      [1, true],
      [2, true],
      [3, undefined],
    ]);
    const { runs } = await ask.request("elpis.tasks.history", { task: "bad" });
    expect(runs.map(({ attempt }) => attempt)).toEqual([3, 2, 1]);
    expect(new Set(runs.map(({ token }) => token)).size).toBe(3);
  });

  it("a run that takes too long is told to stop, and says why it did", async () => {
    const { join, ask } = await family({ tasks: { slow: { every: "1h", timeout: 50 } } });
    const { own } = await join();
    const reasons: unknown[] = [];
    own.handle("slow", ({ signal }) => {
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reasons.push(signal.reason);
          reject(new Error("stopped"));
        });
      });
    });
    await waitFor(async () => (await runners(ask)).length === 1, { what: "it to be there" });
    const { records } = await ask.request("elpis.tasks.run", { task: "slow", wait: true });
    expect(records).toMatchObject([{ outcome: "timeout", attempt: 1 }]);
    expect(hasCode(reasons[0], "ELPIS_SCHEDULE_TIMEOUT")).toBe(true);
  });

  it("one that does not stop is given up when its lease has ended, and its word is refused", async () => {
    const { join, ask } = await family({
      lease: 200,
      tasks: { deaf: { every: "1h", timeout: 50 } },
    });
    const { own } = await join();
    const { opened, open } = gate();
    let context: TaskContext | undefined;
    own.handle("deaf", async (found) => {
      context = found;
      await opened;
    });
    await waitFor(async () => (await runners(ask)).length === 1, { what: "it to be there" });
    const { records } = await ask.request("elpis.tasks.run", { task: "deaf", wait: true });
    expect(records).toMatchObject([{ outcome: "timeout" }]);
    await expect(context?.commit()).rejects.toMatchObject({ code: "ELPIS_SCHEDULE_FENCED" });
    await expect(context?.store.put("a", 1)).rejects.toMatchObject({
      code: "ELPIS_SCHEDULE_FENCED",
    });
    open();
  });

  it("a peer whose link breaks, and that lives, keeps its run until its lease ends", async () => {
    const { join, ask, told } = await family({ lease: 300, tasks: { long: { every: "1h" } } });
    const [first, second] = [await join(), await join()];
    const { opened, open } = gate();
    const ran: Array<{ readonly at: number; readonly index: number }> = [];
    let endedAt = 0;
    for (const { own, hub } of [first, second]) {
      own.handle("long", async ({ signal }) => {
        ran.push({ at: performance.now(), index: hub.location.index });
        if (ran.length > 1) return;
        signal.addEventListener("abort", () => {
          endedAt = performance.now();
        });
        await opened;
      });
    }
    await waitFor(async () => (await runners(ask)).length === 2, { what: "both to be there" });
    await ask.request("elpis.tasks.run", { task: "long" });
    await waitFor(() => ran.length === 1, { what: "the first attempt" });
    await (ran[0]?.index === 0 ? first : second).hub.close();
    await waitFor(() => ran.length === 2, { what: "the second attempt" });
    // The first one had stopped before the second began: both are in this process, so one clock says so.
    expect(endedAt).toBeGreaterThan(0);
    expect(endedAt).toBeLessThan(ran[1]?.at ?? 0);
    open();
    await waitFor(
      () => told.some((one) => one.type === "ended" && one.outcome === "done" && one.attempt === 2),
      { what: "it to be done" },
    );
  });
});

describe("the store and commits", () => {
  it("keep values of a task, and end a run before its function does", async () => {
    const { join, ask } = await family({ tasks: { count: { every: "1h" } } });
    const { own } = await join();
    own.handle("count", async ({ store }) => {
      const before = ((await store.get("n")) as number | undefined) ?? 0;
      await store.put("n", before + 1);
      return before + 1;
    });
    await waitFor(async () => (await runners(ask)).length === 1, { what: "it to be there" });
    const values: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      const { records } = await ask.request("elpis.tasks.run", { task: "count", wait: true });
      values.push(records[0]?.value);
    }
    expect(values).toEqual(["1", "2", "3"]);
  });

  it("a commit is the last word: what comes after it changes nothing", async () => {
    const { join, ask } = await family({ tasks: { early: { every: "1h" } } });
    const { own } = await join();
    own.handle("early", async ({ commit, store, attempt }) => {
      if (attempt === 1 && (await store.get("a")) === undefined) {
        await commit("first", { put: { a: [1, 2] } });
        throw new Error("later");
      }
      return store.get("a");
    });
    await waitFor(async () => (await runners(ask)).length === 1, { what: "it to be there" });
    const { records } = await ask.request("elpis.tasks.run", { task: "early", wait: true });
    expect(records).toMatchObject([{ outcome: "done", value: '"first"' }]);
    const again = await ask.request("elpis.tasks.run", { task: "early", wait: true });
    expect(again.records).toMatchObject([{ outcome: "done", value: "[1,2]" }]);
    const { runs } = await ask.request("elpis.tasks.history", { task: "early" });
    expect(runs.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
  });

  it("refuse what is too large or cannot be kept", async () => {
    const { join, ask } = await family({ tasks: { big: { every: "1h" } } });
    const { own } = await join();
    const codes: unknown[] = [];
    own.handle("big", async ({ store }) => {
      for (const [key, value] of [
        ["a", "x".repeat(70_000)],
        ["k".repeat(201), 1],
        ["b", () => {}],
      ] as const) {
        await store.put(key, value).catch((error: { code: string }) => codes.push(error.code));
      }
    });
    await waitFor(async () => (await runners(ask)).length === 1, { what: "it to be there" });
    await ask.request("elpis.tasks.run", { task: "big", wait: true });
    expect(codes).toEqual(Array(3).fill("ELPIS_SCHEDULE_STORE"));
  });
});

describe("people", () => {
  it("pause and resume: no times, but wishes; and it says who did", async () => {
    const { join, ask, told } = await family({ tasks: { beat: { every: 100 } } });
    const { own } = await join();
    own.handle("beat", () => {});
    await waitFor(() => told.some(({ type }) => type === "ended"), { what: "a run" });
    const paused = await ask.request("elpis.tasks.pause", { task: "beat", by: "ann" });
    expect(paused).toMatchObject({ pausedBy: "ann (test/asker.0)" });
    expect(paused.nextAt).toBeUndefined();
    await waitFor(
      async () => (await ask.request("elpis.tasks.list", {})).tasks[0]?.state === "paused",
      {
        what: "it to rest",
      },
    );
    const before = told.length;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(told.length).toBe(before);
    const { records } = await ask.request("elpis.tasks.run", { task: "beat", wait: true });
    expect(records).toMatchObject([{ outcome: "done", by: "test/asker.0" }]);
    const resumed = await ask.request("elpis.tasks.resume", { task: "beat" });
    expect(resumed.pausedBy).toBeUndefined();
    await waitFor(() => told.length >= before + 4, { what: "it to go on" });
  });

  it("hear of what is not there", async () => {
    const { ask } = await family({ tasks: { a: { every: "1h" } } });
    await expect(ask.request("elpis.tasks.pause", { task: "b" })).rejects.toSatisfy((error) =>
      isRemote(error, "ELPIS_SCHEDULE_UNKNOWN"),
    );
    await expect(ask.request("elpis.tasks.run", { task: "a" })).rejects.toSatisfy((error) =>
      isRemote(error, "ELPIS_SCHEDULE_NOBODY"),
    );
  });
});

type Asker = Awaited<ReturnType<typeof family>>["ask"];

async function runners(ask: Asker): Promise<readonly string[]> {
  return (await ask.request("elpis.tasks.list", {})).tasks[0]?.runners ?? [];
}

/** Codes of ours do not cross the hub as such; whoever asks the master looks into the details. */
function isRemote(error: unknown, code: string): boolean {
  return (
    hasCode(error, "ELPIS_HUB_REMOTE") && (error.details.remote as { code?: string }).code === code
  );
}
