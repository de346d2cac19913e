import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { isAlive } from "../support/processes.ts";
import { until } from "../support/wait.ts";
import { config, TICKER, writeApp } from "./fixtures.ts";

interface Line {
  readonly time: number;
  readonly process: string;
  readonly index: number;
  readonly pid: number;
  readonly stream: string;
  readonly text: string;
}

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": config({
      name: "ticker",
      processes: { tick: { entry: "./tick.mjs", scale: 2 } },
    }),
    "tick.mjs": TICKER,
  });
});

afterEach(async () => {
  await home?.remove();
});

function lines(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

describe("with nothing running", () => {
  test("list says so and is content", async () => {
    const { code, stdout } = await home.run(["list"]);
    expect(code).toBe(0);
    expect(stdout).toContain("no app is running");
    expect(await home.json(["list"])).toEqual({ apps: [] });
  });

  test.each([["stop"], ["ps"], ["logs"]])("%s of an app is refused", async (command) => {
    const { code, stdout, stderr } = await home.run([command, "nobody"]);
    expect([code, stdout]).toEqual([5, ""]);
    expect(stderr).toContain("nobody is not running");
    expect(await home.json([command, "nobody"])).toMatchObject({
      error: { code: "ELPIS_CLI_NOT_RUNNING", details: { app: "nobody", running: [] } },
    });
  });
});

test.each([["stop"], ["ps"], ["logs"]])(
  "%s of what cannot be a name is refused",
  async (command) => {
    const { code, stderr } = await home.run([command, "../../x"]);
    expect(code).toBe(5);
    expect(stderr).toContain("../../x is not running");
  },
);

describe("with one app running", () => {
  beforeEach(async () => {
    expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
  });

  test("list has a row for each kind of process", async () => {
    const { stdout } = await home.run(["list"]);
    const [head = "", master = "", tick = "", ...rest] = stdout.split("\n");
    expect(head.split(/ +/)).toEqual(
      "app process role ready pids state restarts uptime cpu memory".split(" "),
    );
    expect(master).toMatch(/^ticker +master +master +1\/1 +\d+ +running +0 +\d/);
    expect(tick).toMatch(/^ticker +tick +worker +2\/2 +\d+,\d+ +ready +0 +\d/);
    expect(rest).toEqual([""]);
  });

  test("list --json has the documented shape", async () => {
    const { apps } = await home.json<{ apps: object[] }>(["list"]);
    expect(apps).toEqual([
      {
        app: "ticker",
        pid: expect.any(Number),
        dir: expect.any(String),
        file: expect.stringContaining("elpis.config.mjs"),
        state: "running",
        version: 1,
        startedAt: expect.any(Number),
        processes: expect.any(Array),
      },
    ]);
  });

  test("an app whose master was killed is shown as dead, and cannot be asked", async () => {
    const { apps } = await home.json<{ apps: Array<{ pid: number }> }>(["list"]);
    process.kill(apps[0]?.pid ?? 0, "SIGKILL");
    await until("it to be gone", () => !isAlive(apps[0]?.pid ?? 0));
    expect((await home.run(["list"])).stdout).toMatch(/^ticker +master +master +- +\d+ +dead/m);
    expect((await home.run(["ps", "ticker"])).code).toBe(5);
  });

  test("ps has a row for each process, with its memory", async () => {
    const { stdout } = await home.run(["ps"], { cwd: dir });
    const [head = "", ...rows] = stdout.trimEnd().split("\n");
    expect(head.trim().split(/ +/)).toEqual(
      "pid process role state version uptime cpu memory restarts".split(" "),
    );
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toMatch(/^ *\d+ +\S+\.\d +\w+ +\w+ .* \d+\.\d MB +0$/);
    const shape = await home.json<{ app: string; processes: object[] }>(["ps", "ticker"]);
    expect(Object.keys(shape)).toEqual(["app", "processes"]);
    expect(shape.processes[1]).toMatchObject({
      name: "tick",
      role: "worker",
      index: 0,
      state: "ready",
      restarts: 0,
      epoch: 1,
      pid: expect.any(Number),
      uptimeMs: expect.any(Number),
      rssBytes: expect.any(Number),
    });
  });

  test("logs prints the last lines with time, process and stream", async () => {
    const text = await until("some lines", async () => {
      const { stdout } = await home.run(["logs", "ticker", "-n", "1000"]);
      return stdout.includes("tick 3") ? stdout : undefined;
    });
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z tick\.0 \| hello from \d+$/m);
    expect(text).toMatch(/tick\.1 \| a warning$/m);
    const three = await home.run(["logs", "-n", "3"], { cwd: dir });
    expect(three.stdout.trimEnd().split("\n")).toHaveLength(3);
  });

  test("logs --json and --process", async () => {
    const found = await until("some lines", async () => {
      const args = ["logs", "ticker", "--json", "-n", "1000", "--process", "tick.1"];
      const all = lines((await home.run(args)).stdout);
      return all.length > 3 ? all : undefined;
    });
    for (const line of found) {
      expect(Object.keys(line)).toEqual(["time", "process", "index", "pid", "stream", "text"]);
      expect([line.process, line.index]).toEqual(["tick", 1]);
    }
    expect(found.find((line) => line.stream === "stderr")?.text).toBe("a warning");
    const { processes } = await home.json<{ processes: Array<{ pid: number }> }>(["ps", "ticker"]);
    expect(found[0]?.pid).toBe(processes[2]?.pid);
  });

  test("logs -f goes on, over a restart of the app, until it is interrupted", async () => {
    const follow = home.spawn(["logs", "ticker", "-f", "-n", "0", "--json"]);
    await follow.printed("tick ");
    expect((await home.run(["stop", "ticker"])).code).toBe(0);
    const before = lines(follow.stdout()).at(-1);
    expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
    await until("lines of the new processes", () =>
      lines(follow.stdout()).some((line) => line.text.startsWith("hello from")),
    );
    follow.child.kill("SIGINT");
    expect((await follow.finished).code).toBe(0);
    expect(before?.process).toBeDefined();
  });

  test("logs -f ends when nobody reads any more", async () => {
    const follow = home.spawn(["logs", "ticker", "-f"]);
    await follow.printed("tick ");
    follow.child.stdout?.destroy();
    expect((await follow.finished).code).toBe(0);
  });

  test("logs of an app that has stopped are still there", async () => {
    expect((await home.run(["stop", "ticker"])).code).toBe(0);
    const { code, stdout } = await home.run(["logs", "ticker", "-n", "1000"]);
    expect(code).toBe(0);
    expect(stdout).toContain("hello from");
  });
});

test("a master that was killed is dead, also when nobody asks how it ended", async () => {
  const run = home.spawnUnreaped(["run"], { cwd: dir });
  await run.printed("ticker is up");
  const [app] = (await home.json<{ apps: Array<{ pid: number }> }>(["list"])).apps;
  process.kill(app?.pid ?? 0, "SIGKILL");
  await until("it to be gone", () => !isAlive(app?.pid ?? 0));
  expect((await home.json<{ apps: Array<{ state: string }> }>(["list"])).apps[0]?.state).toBe(
    "dead",
  );
  expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
  expect((await home.run(["stop"], { cwd: dir })).code).toBe(0);
});

test("the log has every line of a process that prints faster than the disk writes", async () => {
  await writeApp(dir, {
    "tick.mjs": `
      import { existsSync } from "node:fs";
      const timer = setInterval(() => {
        if (!existsSync("go")) return;
        clearInterval(timer);
        for (let n = 0; n < 60_000; n += 1) console.log("line " + n + " " + "x".repeat(40));
      }, 20);`,
    "elpis.config.mjs": config({ name: "flood", processes: { tick: "./tick.mjs" } }),
  });
  // A pipe that is read slowly, in place of the file, is a disk that is slow for certain.
  const logs = join(home.dir, "flood", "logs");
  await mkdir(logs, { recursive: true, mode: 0o700 });
  execFileSync("mkfifo", ["-m", "600", join(logs, "flood.log")]);
  expect((await home.run(["start"], { cwd: dir })).code).toBe(0);
  await writeApp(dir, { go: "" });
  let text = "";
  for await (const chunk of createReadStream(join(logs, "flood.log"), "utf8")) {
    text += String(chunk);
    if (/could not be written|line 59999 x+\n/.test(text)) break;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  const numbers = [...text.matchAll(/line (\d+) /g)].map(([, n]) => Number(n));
  expect(numbers).toEqual(Array.from({ length: 60_000 }, (_, n) => n));
});

test("logs of an app in the foreground says where they are", async () => {
  const run = home.spawn(["run"], { cwd: dir });
  await run.printed("ticker is up");
  const { code, stderr } = await home.run(["logs", "ticker"]);
  expect(code).toBe(9);
  expect(stderr).toContain("foreground");
  run.child.kill("SIGTERM");
  expect((await run.finished).code).toBe(0);
});
