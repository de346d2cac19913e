import { existsSync } from "node:fs";
import { chmod, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { isAlive } from "../support/processes.ts";
import { config, TICKER, writeApp } from "./fixtures.ts";

interface Status {
  readonly app: string;
  readonly pid: number;
  readonly processes: ReadonlyArray<{ readonly name: string; readonly pid?: number }>;
}

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": config({ name: "ticker", processes: { tick: "./tick.mjs" } }),
    "tick.mjs": TICKER,
    "script.mjs": TICKER,
    "server.mjs": `
      import { createServer } from "node:http";
      createServer((_, response) => response.end()).listen(0, "127.0.0.1");`,
  });
});

afterEach(async () => {
  await home?.remove();
});

const SECRET = "hush-4711";

test("save remembers what runs in the background, exit stops all of it, resurrect brings it back", async () => {
  const env = { API_TOKEN: SECRET };
  expect((await home.run(["start"], { cwd: dir, env })).code).toBe(0);
  expect((await home.run(["start", "script.mjs", "--name", "pair"], { cwd: dir, env })).code).toBe(
    0,
  );
  expect((await home.run(["scale", "ticker", "tick=3"])).code).toBe(0);
  const { file, saved, skipped } = await home.json<{
    file: string;
    saved: object[];
    skipped: object[];
  }>(["save"]);
  expect(saved).toEqual([
    {
      ...{ app: "pair", cwd: dir, path: join(dir, "script.mjs"), name: "pair" },
      ...{ scale: { script: 1 }, scaled: {} },
    },
    { app: "ticker", cwd: dir, scale: { tick: 1 }, scaled: { tick: 3 } },
  ]);
  expect([file, skipped]).toEqual([join(home.dir, ".saved.json"), []]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  for (const kept of [file, join(home.dir, "ticker", "started.json")]) {
    expect(await readFile(kept, "utf8")).not.toContain(SECRET);
  }
  const before = (await home.json<{ apps: Status[] }>(["list"])).apps;
  const { stopped, failed } = await home.json<{ stopped: object[]; failed: object[] }>(["exit"]);
  expect([stopped.length, failed]).toEqual([2, []]);
  for (const { pid } of before) expect(isAlive(pid)).toBe(false);
  expect((await home.run(["exit"])).stderr).toContain("no app is running");
  const back = await home.json<{ started: Status[]; running: string[]; failed: object[] }>([
    "resurrect",
  ]);
  expect(back).toMatchObject({ running: [], failed: [] });
  const counts = back.started.map(({ app, processes }) => [app, processes.length - 1]);
  expect(counts).toEqual([
    ["pair", 1],
    ["ticker", 3],
  ]);
  expect(await home.json(["resurrect"])).toEqual({
    started: [],
    running: ["pair", "ticker"],
    failed: [],
  });
  expect((await home.run(["exit"])).code).toBe(0);
});

test("an app that does not answer is saved all the same, and commands say that it does not", async () => {
  const { app } = await home.json<{ app: Status }>(["start"], { cwd: dir });
  process.kill(app.pid, "SIGSTOP");
  try {
    const saved = await home.json<{ saved: object[] }>(["save", "--timeout", "500ms"]);
    expect(saved.saved).toMatchObject([{ app: "ticker", scaled: {} }]);
    const { code, stderr } = await home.run(["reload", "ticker", "--timeout", "1s"]);
    expect(code).toBe(7);
    expect(stderr).toContain("the master of ticker is there but has not answered within 1000 ms");
  } finally {
    process.kill(app.pid, "SIGCONT");
  }
});

test("an app that was stopped starts again by its name, from anywhere", async () => {
  expect(
    (await home.run(["start", "server.mjs", "-i", "2", "--name", "pair"], { cwd: dir })).code,
  ).toBe(0);
  expect((await home.run(["stop", "pair"])).code).toBe(0);
  const { app } = await home.json<{ app: Status }>(["start", "pair"], { cwd: dir });
  expect([app.app, app.processes.length]).toEqual(["pair", 3]);
  expect((await home.run(["stop", "pair"])).code).toBe(0);
  expect((await home.run(["start", "nobody"], { cwd: dir })).code).toBe(3);
});

test("an app in the foreground is left to whoever started it there", async () => {
  const run = home.spawn(["run"], { cwd: dir });
  await run.printed("ticker is up");
  const skipped = [{ app: "ticker", why: expect.stringContaining("foreground") }];
  const file = join(home.dir, ".saved.json");
  expect(await home.json(["save"])).toEqual({ file, written: false, saved: [], skipped });
  expect(existsSync(file)).toBe(false);
  expect(await home.json(["save", "--force"])).toMatchObject({ written: true, saved: [] });
  expect((await home.run(["exit"])).code).toBe(0);
  expect((await run.finished).code).toBe(0);
});

describe("resurrect", () => {
  test("without a save says so", async () => {
    const { code, stderr } = await home.run(["resurrect"]);
    expect(code).toBe(5);
    expect(stderr).toContain("elpis save");
  });

  test("of one that cannot be started does so for the others, and ends with 17", async () => {
    const other = await writeApp(join(home.dir, "other"), {
      "elpis.config.mjs": config({ name: "first", processes: { tick: "./tick.mjs" } }),
      "tick.mjs": TICKER,
    });
    expect((await home.run(["start"], { cwd: other })).code).toBe(0);
    expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
    expect((await home.run(["save"])).code).toBe(0);
    expect((await home.run(["exit"])).code).toBe(0);
    await rename(join(other, "tick.mjs"), join(other, "gone.mjs"));
    const { code, stdout } = await home.run(["resurrect", "--json"]);
    const back = JSON.parse(stdout) as { started: Status[]; failed: object[] };
    expect([code, back.started.map(({ app }) => app)]).toEqual([17, ["ticker"]]);
    expect(back.failed).toEqual([{ app: "first", message: expect.any(String) }]);
    const text = await home.run(["resurrect"]);
    expect(text.code).toBe(17);
    expect(text.stderr).toContain("the start failed for:\n  first: ");
    expect((await home.run(["exit"])).code).toBe(0);
  });

  test("of a file that is broken, or that nobody may read, says which", async () => {
    await writeApp(home.dir, { ".saved.json": "{" });
    const { code, stderr } = await home.run(["resurrect"]);
    expect(code).toBe(1);
    expect(stderr).toContain(join(home.dir, ".saved.json"));
    await chmod(join(home.dir, ".saved.json"), 0o644);
    const found = await home.run(["doctor"]);
    expect(found.code).toBe(14);
    expect(found.stdout).toContain("others may read");
    const fixed = await home.json<{ fixed: string[] }>(["doctor", "--fix"]);
    expect(fixed.fixed).toEqual([expect.stringContaining("others may read")]);
    expect((await stat(join(home.dir, ".saved.json"))).mode & 0o777).toBe(0o600);
  });
});
