import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunRecord, TaskStatus } from "@elpis/schedule";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { until } from "../support/wait.ts";
import { config, writeApp } from "./fixtures.ts";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

const WEB = `
import { hub } from "@elpis/core/process";
import { tasks } from "@elpis/schedule";
const own = tasks(hub);
own.handle("beat", () => {});
own.handle("bad", () => { throw new Error("no luck"); });
own.define("nightly", { cron: "0 3 * * *", timeZone: "Europe/Berlin" }, () => ({ rows: 3 }));
`;

const CONFIG = `
import { schedule } from "@elpis/schedule";
export default {
  name: "shop",
  processes: { web: { entry: "./web.mjs" } },
  plugins: [schedule({ tasks: {
    beat: { every: "1s" },
    bad: { every: "1h" },
    nobody: { every: "1h" },
    slow: { every: "1h", entry: "./slow.mjs" },
  } })],
};
`;

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": CONFIG,
    "web.mjs": WEB,
    "slow.mjs": "export default () => new Promise((resolve) => setTimeout(resolve, 60_000));",
  });
  await symlink(MODULES, join(dir, "node_modules"));
});

afterEach(async () => {
  await home?.remove();
});

async function list(): Promise<readonly TaskStatus[]> {
  return (await home.json<{ tasks: TaskStatus[] }>(["tasks", "shop"])).tasks;
}

async function task(name: string): Promise<TaskStatus> {
  return (await list()).find((one) => one.name === name) as TaskStatus;
}

test("tasks are shown, run, paused and resumed, and it is written down by whom", async () => {
  const started = await home.run(["start", dir]);
  expect(started.code, started.stderr).toBe(0);
  await until("all to be there", async () => (await list()).length === 5);
  await until("a run", async () => (await task("beat")).counts.done > 0);

  const table = await home.run(["tasks"], { cwd: dir });
  expect(table.code).toBe(0);
  expect(table.stdout).toMatch(/^task +schedule +on +state/);
  expect(table.stdout).toMatch(/nightly +0 3 \* \* \* \(Europe\/Berlin\) +one +idle +in /);
  expect(table.stdout).toMatch(/slow +every 1h +fork/);

  const run = await home.run(["tasks", "run", "nightly", "--wait"]);
  expect(run).toMatchObject({ code: 0 });
  expect(run.stderr).toMatch(/nightly\+\d+ is done \(web\.0, .*\), it gave {"rows":3}/);

  const failed = await home.run(["tasks", "run", "bad", "--wait", "--app", "shop"]);
  expect(failed.code).toBe(18);
  expect(failed.stderr).toContain("no luck");
  const data = await home.json<{ records: RunRecord[] }>(["tasks", "run", "bad", "--wait"]);
  expect(data.records).toMatchObject([{ outcome: "failed", where: "web.0" }]);

  expect((await home.run(["tasks", "pause", "beat"])).stderr).toContain("beat of shop is paused");
  expect(await task("beat")).toMatchObject({ state: "paused" });
  expect((await home.run(["tasks"], { cwd: dir })).stdout).toMatch(/beat .*paused by/);
  const resumed = await home.json<{ task: TaskStatus }>(["tasks", "resume", "beat"]);
  expect(resumed.task.nextAt).toBeDefined();

  const history = await home.run(["tasks", "history", "bad", "-n", "1"]);
  expect(history.stdout.trim().split("\n")).toHaveLength(2);
  expect(history.stdout).toMatch(/failed .*web\.0 .*elpis tasks run.*no luck/);
  const { runs } = await home.json<{ runs: RunRecord[] }>([
    "tasks",
    "history",
    "bad",
    "--app",
    "shop",
  ]);
  expect(runs).toHaveLength(2);

  const trail = await readFile(join(home.dir, "shop", "audit.log"), "utf8");
  expect(trail).toMatch(/"operation":"task-pause","task":"beat","by":".*elpis tasks pause/);
});

test("what cannot be is said, each with a status of its own", async () => {
  await home.run(["start", dir]);
  await until("all to be there", async () => (await list()).length === 5);
  const codes = async (...args: string[]): Promise<unknown> => {
    const { code, stdout } = await home.run([...args, "--json"]);
    const { error } = JSON.parse(stdout) as { error?: { code: string } };
    return [code, error?.code];
  };
  expect(await codes("tasks", "history", "none")).toEqual([5, "ELPIS_SCHEDULE_UNKNOWN"]);
  expect(await codes("tasks", "pause", "none")).toEqual([5, "ELPIS_SCHEDULE_UNKNOWN"]);
  expect(await codes("tasks", "run", "nobody")).toEqual([5, "ELPIS_SCHEDULE_NOBODY"]);
  expect(await codes("tasks", "run", "slow")).toEqual([0, undefined]);
  expect(await codes("tasks", "run", "slow")).toEqual([10, "ELPIS_SCHEDULE_BUSY"]);
  expect(await codes("tasks", "none")).toEqual([5, "ELPIS_CLI_NOT_RUNNING"]);
  expect((await home.run(["tasks", "run"])).code).toBe(2);
});

test("a wait may be given up: by its bound, or a signal; the run goes on", async () => {
  await home.run(["start", dir]);
  await until("all to be there", async () => (await list()).length === 5);
  const late = await home.run(["tasks", "run", "slow", "--wait", "--timeout", "2s"]);
  expect(late.code).toBe(7);
  expect(late.stderr).toContain("elpis tasks history slow --app shop");
  expect((await task("slow")).runs).toHaveLength(1);
});

test("an app without the plugin says what is to be done", async () => {
  const bare = await writeApp(join(home.dir, "without"), {
    "elpis.config.mjs": config({ name: "bare", processes: { idle: "./idle.mjs" } }),
    "idle.mjs": "setInterval(() => {}, 1000);",
  });
  await home.run(["start", bare]);
  const { code, stderr } = await home.run(["tasks", "bare"]);
  expect(code).toBe(2);
  expect(stderr).toContain('runs without the plugin "schedule"');
});
