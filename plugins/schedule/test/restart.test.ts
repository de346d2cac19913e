import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { waitFor } from "@elpis/testing";
import { describe, expect, it, vi } from "vitest";
import { TokenFile } from "../src/master/token-file.ts";
import { family, gate, SILENT, stateDir } from "./support/application.ts";

describe("what is written down", () => {
  it("is this user's alone, one file for each task, and is gone with the task", async () => {
    const dir = await stateDir();
    const first = await family({ stateDir: dir, tasks: { Clean: { every: "1h" }, b: { in: 10 } } });
    await first.ask.request("elpis.tasks.pause", { task: "Clean" });
    const files = ["+clean.task.json", "b.task.json", "tokens.json"];
    await waitFor(() => readdirSync(join(dir, "test")).sort().join() === files.join(), {
      what: "its files, and no others",
    });
    for (const file of files) {
      expect(statSync(join(dir, "test", file)).mode & 0o777, file).toBe(0o600);
    }
    await first.test.close();
    const second = await family({ stateDir: dir, tasks: { b: { in: 10 } } });
    await waitFor(() => !existsSync(join(dir, "test", "+clean.task.json")), { what: "it to go" });
    await second.test.close();
  });

  it("keeps a pause, the history, and the store across a restart", async () => {
    const dir = await stateDir();
    const options = { stateDir: dir, tasks: { a: { every: "1h" } } };
    const first = await family(options);
    const { own } = await first.join();
    own.handle("a", ({ commit }) => commit(1, { put: { n: 1 } }));
    await waitFor(async () => (await status(first)).runners.length > 0, { what: "it" });
    await first.ask.request("elpis.tasks.run", { task: "a", wait: true });
    await first.ask.request("elpis.tasks.pause", { task: "a", by: "ann" });
    const before = await status(first);
    await first.test.close();
    const second = await family(options);
    const after = await status(second);
    expect(after).toMatchObject({ state: "paused", pausedBy: before.pausedBy, last: before.last });
    const again = await second.join();
    again.own.handle("a", ({ store }) => store.get("n"));
    await waitFor(async () => (await status(second)).runners.length > 0, { what: "it" });
    const { records } = await second.ask.request("elpis.tasks.run", { task: "a", wait: true });
    expect(records).toMatchObject([{ value: "1" }]);
    expect(records[0]?.token).toBeGreaterThan(before.last?.token ?? Number.POSITIVE_INFINITY);
  });

  it("goes on with a run that was under way when the master ended", async () => {
    const dir = await stateDir();
    const options = { stateDir: dir, lease: 300, tasks: { a: { every: "1h" } } };
    const first = await family(options);
    const { own } = await first.join();
    const { opened, open } = gate();
    own.handle("a", () => opened);
    await waitFor(async () => (await status(first)).runners.length > 0, { what: "it" });
    const { ids } = await first.ask.request("elpis.tasks.run", { task: "a" });
    await waitFor(async () => (await status(first)).state === "running", { what: "it to run" });
    const [run] = (await status(first)).runs;
    await first.test.close();
    const restartedAt = performance.now();
    const second = await family(options);
    const again = await second.join();
    let beganAt = 0;
    again.own.handle("a", () => {
      beganAt = performance.now();
    });
    // This process lives, so that the lease of its attempt has to be waited for.
    const ended = await second.ended(({ outcome }) => outcome === "done");
    expect(ended).toMatchObject({ id: ids[0], attempt: 2 });
    expect(ended.token).toBeGreaterThan(run?.token ?? Number.POSITIVE_INFINITY);
    expect(beganAt - restartedAt).toBeGreaterThanOrEqual(300);
    open();
  });

  it.each(["skip", "once"] as const)(
    "has what fell into downtime, with missed: %s",
    async (missed) => {
      const dir = await stateDir();
      const options = { stateDir: dir, tasks: { a: { cron: "* * * * * *", missed } } };
      const first = await family(options);
      await first.test.close();
      const closedAt = Date.now();
      // The next time is some way off then, so that none comes before the pause.
      await waitFor(() => Date.now() > closedAt + 2100 && Date.now() % 1000 < 200, {
        what: "two times to pass",
      });
      const second = await family({
        ...options,
        tasks: { a: { ...options.tasks.a, enabled: true } },
      });
      await waitFor(async () => (await status(second)).counts.missed >= 2, { what: "it to know" });
      await second.ask.request("elpis.tasks.pause", { task: "a" });
      const { runs } = await status(second);
      expect(runs.length).toBe(missed === "once" ? 1 : 0);
    },
  );

  it("that makes no sense is put aside, and what is no folder stops the start", async () => {
    const dir = await stateDir();
    const first = await family({ stateDir: dir, tasks: { a: { every: "1h" } } });
    await first.test.close();
    const file = join(dir, "test", "a.task.json");
    writeFileSync(file, '{"format":1,"name":"a"');
    writeFileSync(join(dir, "test", "tokens.json"), "{}");
    const error = vi.fn();
    const second = await family(
      { stateDir: dir, tasks: { a: { every: "1h" } } },
      { ...SILENT, error, child: () => ({ ...SILENT, error }) },
    );
    expect(error.mock.calls.map(([text]) => text).join()).toMatch(/put aside.*no sense/);
    expect(readFileSync(`${file}.bad`, "utf8")).toContain('"format":1');
    expect((await status(second)).name).toBe("a");
    const none = join(dir, "test", "tokens.json");
    await expect(family({ stateDir: none })).rejects.toMatchObject({
      code: "ELPIS_PLUGIN_SETUP",
      cause: { code: "ELPIS_SCHEDULE_STATE" },
    });
  });
});

describe("a disk that cannot be written to", () => {
  it("stops no task, and is told of once; what is so is written when it can be", async () => {
    const dir = await stateDir();
    const [error, info] = [vi.fn(), vi.fn()];
    const log = { ...SILENT, error, info };
    const all = await family(
      { stateDir: dir, tasks: { a: { every: "1h" } } },
      { ...log, child: () => log },
    );
    const { own } = await all.join();
    own.handle("a", () => "done");
    await waitFor(async () => (await status(all)).runners.length > 0, { what: "it" });
    // At once: something may be written to it just now.
    renameSync(join(dir, "test"), join(dir, "away"));
    for (let n = 0; n < 3; n++) {
      const { records } = await all.ask.request("elpis.tasks.run", { task: "a", wait: true });
      expect(records).toMatchObject([{ outcome: "done" }]);
    }
    expect(error.mock.calls.map(([text]) => text)).toEqual([
      "the state of tasks cannot be written down",
    ]);
    mkdirSync(join(dir, "test"));
    await waitFor(() => existsSync(join(dir, "test", "a.task.json")), { what: "the file" });
    await waitFor(() => info.mock.calls.some(([text]) => text.includes("again")), { what: "that" });
  });
});

describe("tokens", () => {
  it("only grow: over restarts, without the file, and after a clock that was set back", async () => {
    const dir = await stateDir();
    const now = Date.now();
    const taken: number[] = [];
    for (const wallMs of [now, now - 1000, now - 86_400_000, now + 5]) {
      const tokens = await TokenFile.open(dir, wallMs, SILENT);
      for (let n = 0; n < 12_000; n++) {
        taken.push(await waitFor(() => tokens.take(), { what: "a token", intervalMs: 1 }));
      }
      // The master is killed: nothing is closed.
    }
    writeFileSync(join(dir, "tokens.json"), "");
    const tokens = await TokenFile.open(dir, now + 1000, SILENT);
    taken.push(tokens.take() ?? 0);
    for (let n = 1; n < taken.length; n++) {
      expect(taken[n], `token ${n}`).toBeGreaterThan(taken[n - 1] as number);
    }
  });
});

async function status(all: Awaited<ReturnType<typeof family>>) {
  const { tasks } = await all.ask.request("elpis.tasks.list", {});
  if (tasks[0] === undefined) throw new Error("no task");
  return tasks[0];
}
