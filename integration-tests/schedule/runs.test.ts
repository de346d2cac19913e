import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { freePort, get, IDLE, isAlive, WEB, waitFor } from "../process/support.ts";
import { OWN, offered, startApp } from "./support.ts";

describe("a task in a process of its own", () => {
  it("that blocks hurts nobody, and is ended when its time is up", async () => {
    const port = await freePort();
    const app = await startApp(
      { "web.mjs": WEB, "agent.mjs": IDLE, "block.mjs": "export default () => { for (;;); };" },
      {
        agent: "agent.mjs",
        env: { PORT: String(port) },
        processes: { web: { entry: "web.mjs", ready: "listen" } },
      },
      { tasks: { block: { every: "1h", entry: "block.mjs", timeout: 1500 } } },
    );
    const before = app.master.status().processes.map(({ pid }) => pid);
    const asked = app.ask.request(
      "elpis.tasks.run",
      { task: "block", wait: true },
      { timeoutMs: 60_000 },
    );
    const [run] = await waitFor("it to run", async () => {
      const { runs } = await app.task("block");
      return runs[0]?.state === "running" && runs;
    });
    const took: number[] = [];
    while ((await app.task("block")).runs.length > 0) {
      const begun = performance.now();
      expect((await get(port)).status).toBe(200);
      took.push(performance.now() - begun);
      await pause(20);
    }
    const { records } = await asked;
    expect(records).toMatchObject([{ outcome: "timeout", where: "task-block.0", pid: run?.pid }]);
    expect(isAlive(run?.pid ?? 0)).toBe(false);
    expect(took.sort((one, other) => one - other)[Math.floor(took.length / 2)]).toBeLessThan(200);
    // Nobody was restarted, and it was never one of them.
    expect(app.master.status().processes.map(({ pid }) => pid)).toEqual(before);
  });

  it("may be written in TypeScript, is a full peer, and gets arguments and variables", async () => {
    const app = await startApp(
      {
        "idle.mjs": IDLE,
        "task.ts": `import { hub } from "@elpis/core/process";
          import type { TaskContext } from "@elpis/schedule";
          export default async ({ store, attempt }: TaskContext): Promise<unknown> => {
            const { name, role }: { name: string; role: string } = hub.location;
            await store.put("n", attempt);
            console.log("from the task");
            return [name, role, process.env.A, process.env.B, process.argv.slice(2)];
          };`,
      },
      { env: { A: "of all" }, processes: { idle: "idle.mjs" } },
      {
        tasks: {
          typed: { every: "1h", entry: "task.ts", fork: { args: ["x"], env: { B: "own" } } },
        },
      },
    );
    const call = { timeoutMs: 60_000 };
    const { records } = await app.ask.request(
      "elpis.tasks.run",
      { task: "typed", wait: true },
      call,
    );
    expect(records).toMatchObject([{ outcome: "done", where: "task-typed.0" }]);
    expect(JSON.parse(records[0]?.value ?? "")).toEqual([
      "task-typed",
      "worker",
      "of all",
      "own",
      ["x"],
    ]);
    expect(app.said("task-typed")).toEqual(["from the task"]);
    await waitFor("its process to leave", () => !isAlive(records[0]?.pid ?? 0));
  });

  it("that crashes, or has no function, has failed with its last words", async () => {
    const app = await startApp(
      {
        "idle.mjs": IDLE,
        "crash.mjs":
          "export default () => { setImmediate(() => { throw new Error('out of luck'); }); return new Promise(() => {}); };",
        "empty.mjs": "export const nothing = 1;",
        "broken.mjs": "import 'no-such-package';",
      },
      { processes: { idle: "idle.mjs" } },
      {
        tasks: {
          crash: { every: "1h", entry: "crash.mjs" },
          empty: { every: "1h", entry: "empty.mjs" },
          broken: { every: "1h", entry: "broken.mjs" },
        },
      },
    );
    const errorOf = async (task: string): Promise<string | undefined> => {
      const input = { task, wait: true };
      const { records } = await app.ask.request("elpis.tasks.run", input, { timeoutMs: 60_000 });
      expect(records).toMatchObject([{ outcome: "failed" }]);
      return records[0]?.error;
    };
    expect(await errorOf("crash")).toMatch(/exit code 1: [\s\S]*out of luck/);
    expect(await errorOf("empty")).toContain("has no function for task");
    expect(await errorOf("broken")).toContain("no-such-package");
  });

  it("whose module is not there keeps the application from starting", async () => {
    const starting = startApp(
      { "idle.mjs": IDLE },
      { processes: { idle: "idle.mjs" } },
      { tasks: { gone: { every: "1h", entry: "gone.mjs" } } },
    );
    await expect(starting).rejects.toMatchObject({
      code: "ELPIS_PLUGIN_SETUP",
      cause: { code: "ELPIS_SCHEDULE_ENTRY" },
    });
  });

  it("may be defined in code", async () => {
    const app = await startApp(
      {
        "web.mjs": `${OWN}
          own.define("forked", { every: "1h", entry: new URL("./task.mjs", import.meta.url).href });
          own.define("bad", { every: "1h", entry: "/no/such/file.mjs" });
          setInterval(() => {}, 1000);`,
        "task.mjs": "export default ({ task }) => task;",
      },
      { processes: { web: "web.mjs" } },
      {},
    );
    await waitFor("it to be defined", async () => {
      const { tasks } = await app.ask.request("elpis.tasks.list", {});
      return tasks.length === 1 && tasks;
    });
    const input = { task: "forked", wait: true };
    const { records } = await app.ask.request("elpis.tasks.run", input, { timeoutMs: 60_000 });
    expect(records).toMatchObject([{ outcome: "done", value: '"forked"' }]);
    await waitFor("the complaint", () => app.said("web").join().includes("task bad"));
  });
});

describe("when processes end", () => {
  it("one that dies loses its run at once, and another one does it", async () => {
    const app = await startApp(
      {
        "web.mjs": `${OWN}
          own.handle("a", async ({ attempt }) => { if (attempt === 1) await pause(60_000); return process.pid; });`,
      },
      { processes: { web: { entry: "web.mjs", scale: 2 } } },
      { lease: "1m", tasks: { a: { every: "1h" } } },
    );
    await offered(app, "a", 2);
    const asked = app.ask.request(
      "elpis.tasks.run",
      { task: "a", wait: true },
      { timeoutMs: 20_000 },
    );
    const [run] = await waitFor("it to run", async () => {
      const { runs } = await app.task("a");
      return runs[0]?.state === "running" && runs;
    });
    const begun = performance.now();
    process.kill(run?.pid ?? 0, "SIGKILL");
    const { records } = await asked;
    expect(records).toMatchObject([{ outcome: "done", attempt: 2 }]);
    // The lease is a minute.
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it("one that is asked to leave finishes its run, and gets no new one", async () => {
    const app = await startApp(
      {
        "web.mjs": `${OWN}
          own.handle("a", async ({ id }) => { console.log("begin"); await pause(1000); console.log("end"); });`,
      },
      { processes: { web: { entry: "web.mjs", scale: 1, stopTimeout: "10s" } } },
      { tasks: { a: { every: "1h" } } },
    );
    await offered(app, "a");
    const asked = app.ask.request(
      "elpis.tasks.run",
      { task: "a", wait: true },
      { timeoutMs: 20_000 },
    );
    await waitFor("it to run", () => app.said("web").includes("begin"));
    const [old] = app.of("web");
    await app.master.reload();
    const { records } = await asked;
    expect(records).toMatchObject([{ outcome: "done", attempt: 1, pid: old?.pid }]);
    expect(app.said("web")).toEqual(["begin", "end"]);
    expect(app.of("web")[0]?.pid).not.toBe(old?.pid);
  });

  it("a run that is not done within the stop bound is done by the next process", async () => {
    const app = await startApp(
      {
        "web.mjs": `${OWN}
          own.handle("a", async ({ attempt }) => { if (attempt === 1) await pause(60_000); });`,
      },
      { processes: { web: { entry: "web.mjs", stopTimeout: "500ms" } } },
      { tasks: { a: { every: "1h" } } },
    );
    await offered(app, "a");
    const asked = app.ask.request(
      "elpis.tasks.run",
      { task: "a", wait: true },
      { timeoutMs: 20_000 },
    );
    await waitFor("it to run", async () => (await app.task("a")).state === "running");
    await app.master.reload();
    expect((await asked).records).toMatchObject([{ outcome: "done", attempt: 2 }]);
  });

  it("a task of the agent goes on when the agent is back", async () => {
    const app = await startApp(
      { "agent.mjs": `${OWN} own.handle("a", () => process.pid);`, "idle.mjs": IDLE },
      { agent: "agent.mjs", processes: { idle: "idle.mjs" } },
      { tasks: { a: { every: 300 } } },
    );
    await waitFor("a run", async () => (await app.task("a")).counts.done > 0);
    const [agent] = app.of("agent");
    process.kill(agent?.pid ?? 0, "SIGKILL");
    await waitFor("a run of the new one", async () => {
      const { last } = await app.task("a");
      return last?.outcome === "done" && last.pid !== agent?.pid;
    });
    expect((await app.task("a")).counts.failed).toBe(0);
  });

  it("the application stops in time while a task blocks, and all is gone", async () => {
    const app = await startApp(
      { "idle.mjs": IDLE, "block.mjs": "export default () => { for (;;); };" },
      { processes: { idle: "idle.mjs" } },
      { tasks: { block: { every: "1h", entry: "block.mjs" } } },
    );
    await app.ask.request("elpis.tasks.run", { task: "block" });
    const [run] = await waitFor("it to run", async () => {
      const { runs } = await app.task("block");
      return runs[0]?.state === "running" && runs;
    });
    const begun = performance.now();
    await app.master.stop();
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(isAlive(run?.pid ?? 0)).toBe(false);
  });
});
