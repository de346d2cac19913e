import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { isAlive, processesOf } from "../support/processes.ts";
import { until } from "../support/wait.ts";
import { BROKEN, config, SERVER, TICKER, writeApp } from "./fixtures.ts";

interface Status {
  readonly app: string;
  readonly pid: number;
  readonly dir: string;
  readonly state: string;
  readonly processes: ReadonlyArray<{ name: string; role: string; state: string; pid?: number }>;
}
interface Failure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

let home: ElpisHome;
let dir: string;

beforeEach(async () => {
  home = await ElpisHome.create();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": config({ name: "ticker", processes: { tick: "./tick.mjs" } }),
    "tick.mjs": TICKER,
    "broken.mjs": BROKEN,
    "server.mjs": SERVER,
  });
  dir = await realpath(dir);
});

afterEach(async () => {
  await home?.remove();
});

test("start returns when all is ready, and leaves it running; stop waits until all is gone", async () => {
  const started = await home.json<{ app: Status }>(["start"], { cwd: dir });
  expect(started.app).toMatchObject({ app: "ticker", state: "running" });
  expect(started.app.processes.map(({ name, state }) => [name, state])).toEqual([
    ["master", "ready"],
    ["tick", "ready"],
  ]);
  expect(isAlive(started.app.pid)).toBe(true);
  const stopped = await home.json<{ stopped: { app: string; pid: number } }>(["stop"], {
    cwd: dir,
  });
  expect(stopped).toEqual({ stopped: { app: "ticker", pid: started.app.pid } });
  expect(isAlive(started.app.pid)).toBe(false);
  await home.empty(1000);
  expect(await home.json(["list"])).toEqual({ apps: [] });
});

test("what start and stop say to a person", async () => {
  const started = await home.run(["start"], { cwd: dir });
  expect(started).toMatchObject({ code: 0, stdout: "" });
  expect(started.stderr).toMatch(
    /^elpis: ticker is up: tick x1 \(\d.*\); output: elpis logs ticker\n$/,
  );
  const stopped = await home.run(["stop", "ticker"]);
  expect(stopped).toMatchObject({ code: 0, stdout: "" });
  expect(stopped.stderr).toMatch(/^elpis: ticker is stopped \(\d.*\)\n$/);
});

test("a script needs no config: -i gives it processes that share its port", async () => {
  const port = await freePort();
  const env = { PORT: String(port) };
  const args = ["start", "server.mjs", "-i", "2", "--name", "pair"];
  const { app } = await home.json<{ app: Status }>(args, { cwd: dir, env });
  expect(app.app).toBe("pair");
  const pids = app.processes.filter((one) => one.role === "worker").map((one) => String(one.pid));
  expect(pids).toHaveLength(2);
  const seen = new Set<string>();
  await until("both to answer", async () => {
    seen.add((await ask(`http://127.0.0.1:${port}`)).text);
    return seen.size === 2;
  });
  expect([...seen].sort()).toEqual(pids.sort());
  expect((await home.run(["stop", "pair"])).code).toBe(0);
});

describe("a start that fails", () => {
  test("names the process, quotes its last lines, and leaves nothing running", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "half",
        processes: {
          good: { entry: "./tick.mjs", order: 1 },
          bad: { entry: "./broken.mjs", order: 2 },
        },
      }),
    });
    const { code, stdout, stderr } = await home.run(["start"], { cwd: dir });
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toMatch(/^elpis: .*bad\.0/);
    expect(stderr).toContain("connecting to the database");
    expect(stderr).toContain("no such host: db.example");
    await home.empty(1000);
    expect(await home.json(["list"])).toEqual({ apps: [] });
    const failure = await home.json<Failure>(["start"], { cwd: dir });
    expect(failure.error.code).toBe("ELPIS_PROCESS_NOT_READY");
    expect(failure.error.details).toMatchObject({ process: "bad", index: 0 });
    await home.empty(1000);
  });

  test("by --timeout leaves nothing running either", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "slow",
        processes: { never: { entry: "./tick.mjs", ready: "message" } },
      }),
    });
    const { code, stderr } = await home.run(["start", "--timeout", "1500ms"], { cwd: dir });
    expect(code).toBe(7);
    expect(stderr).toContain("longer than 1500 ms");
    await home.empty(1000);
  });

  test("by Ctrl-C leaves nothing running either", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "slow",
        processes: { never: { entry: "./tick.mjs", ready: "message" } },
      }),
    });
    const start = home.spawn(["start"], { cwd: dir });
    await until("the process to be there", () =>
      processesOf(home.dir).some((one) => one.command.includes("tick.mjs")),
    );
    start.child.kill("SIGINT");
    expect((await start.finished).code).toBe(130);
    await home.empty(1000);
  });

  test("when start itself is killed, its master goes too", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "slow",
        processes: { never: { entry: "./tick.mjs", ready: "message" } },
      }),
    });
    const start = home.spawn(["start"], { cwd: dir });
    await until("the process to be there", () =>
      processesOf(home.dir).some((one) => one.command.includes("tick.mjs")),
    );
    start.child.kill("SIGKILL");
    await home.empty(10_000);
  });

  describe("while its master still reads the config", () => {
    beforeEach(async () => {
      const value = { name: "late", processes: { tick: "./tick.mjs" } };
      await writeApp(dir, {
        "elpis.config.mjs": `
          import { existsSync, writeFileSync } from "node:fs";
          // The command reads it first, and its master after it.
          if (!existsSync("first")) writeFileSync("first", "");
          else {
            writeFileSync("reading", "");
            await new Promise((resolve) => setTimeout(resolve, 20_000));
            writeFileSync("read", "");
          }
          ${config(value)}`,
      });
    });

    test.each([
      ["kill -9", "SIGKILL", null],
      ["Ctrl-C", "SIGINT", 130],
    ] as const)("by %s leaves nothing, and ends at once", async (_, signal, code) => {
      const start = home.spawn(["start"], { cwd: dir });
      await until("the config to be read", () => existsSync(join(dir, "reading")));
      start.child.kill(signal);
      expect((await start.finished).code).toBe(code);
      await home.empty(2000);
      expect(existsSync(join(dir, "read"))).toBe(false);
      expect(await readdir(join(home.dir, "late"))).toEqual(["logs"]);
    });

    test("by --timeout leaves nothing, and ends in time", async () => {
      const { code } = await home.run(["start", "--timeout", "4s"], { cwd: dir });
      expect(code).toBe(7);
      await home.empty(1000);
      expect(existsSync(join(dir, "read"))).toBe(false);
      expect(await readdir(join(home.dir, "late"))).toEqual(["logs"]);
    });
  });

  test("by --timeout counts the time that it takes to read the config itself", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": "await new Promise((resolve) => setTimeout(resolve, 60_000));\n",
    });
    const { code, stderr } = await home.run(["start", "--timeout", "500ms"], { cwd: dir });
    expect(code).toBe(7);
    expect(stderr).toContain("reading the config took longer than 500 ms");
    await home.empty(1000);
  });

  test("says so when ELPIS_HOME is a file", async () => {
    const env = { ELPIS_HOME: join(dir, "tick.mjs") };
    const { code, stderr } = await home.run(["start"], { cwd: dir, env });
    expect(code).toBe(13);
    expect(stderr).toContain("set ELPIS_HOME to one");
    const failure = await home.json<Failure>(["start"], { cwd: dir, env });
    expect(failure.error.code).toBe("ELPIS_HUB_UNSAFE_DIR");
  });

  test("says which config is meant when there is none, and what is wrong when it is wrong", async () => {
    const empty = await writeApp(join(home.dir, "empty"), { "readme.txt": "" });
    const missing = await home.run(["start"], { cwd: empty });
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain("elpis.config.ts");
    await writeApp(dir, { "elpis.config.mjs": config({ processes: { web: { scale: "two" } } }) });
    const wrong = await home.json<Failure>(["start"], { cwd: dir });
    expect(wrong.error.code).toBe("ELPIS_CONFIG_INVALID");
    expect(wrong.error.message).toContain("processes.web.scale");
    expect(wrong.error.message).toContain("processes.web");
  });
});

describe("an app that runs already", () => {
  test("is refused by start, run and dev, which name its pid and its directory", async () => {
    const { app } = await home.json<{ app: Status }>(["start"], { cwd: dir });
    for (const command of ["start", "run", "dev"]) {
      const { code, stderr } = await home.run([command], { cwd: dir });
      expect([command, code]).toEqual([command, 6]);
      expect(stderr).toContain(`pid ${app.pid}`);
      expect(stderr).toContain(app.dir);
    }
    const failure = await home.json<Failure>(["start"], { cwd: dir });
    expect(failure.error).toMatchObject({
      code: "ELPIS_CLI_ALREADY_RUNNING",
      details: { app: "ticker", pid: app.pid },
    });
    expect(isAlive(app.pid)).toBe(true);
  });

  test("of two that start at once exactly one stays", async () => {
    const both = await Promise.all([
      home.run(["start"], { cwd: dir }),
      home.run(["start"], { cwd: dir }),
    ]);
    expect(both.map((one) => one.code).sort()).toEqual([0, 6]);
    const { apps } = await home.json<{ apps: Status[] }>(["list"]);
    expect(apps.map((one) => one.state)).toEqual(["running"]);
  });

  test("may run again under another name", async () => {
    await home.json(["start"], { cwd: dir });
    await home.json(["start", "--app", "other"], { cwd: dir });
    const { apps } = await home.json<{ apps: Status[] }>(["list"]);
    expect(apps.map((one) => one.app)).toEqual(["other", "ticker"]);
  });
});

describe("stop without a name", () => {
  test("means the app of the directory, not another one that runs", async () => {
    await home.json(["start", "--app", "other"], { cwd: dir });
    const { code, stderr } = await home.run(["stop"], { cwd: dir });
    expect(code).toBe(5);
    expect(stderr).toContain("ticker is not running (running: other)");
  });

  test("means the only one that runs where there is no config", async () => {
    await home.json(["start"], { cwd: dir });
    expect((await home.run(["stop"])).code).toBe(0);
  });

  test("lists those that run when it cannot tell", async () => {
    await home.json(["start"], { cwd: dir });
    await home.json(["start", "--app", "other"], { cwd: dir });
    const { code, stderr } = await home.run(["stop"]);
    expect(code).toBe(5);
    expect(stderr).toContain("running: other, ticker");
  });
});

test("stop that takes too long says what is left, and --now ends it", async () => {
  await writeApp(dir, {
    "elpis.config.mjs": config({
      name: "stubborn",
      processes: { tick: { entry: "./stubborn.mjs", stopTimeout: "60s" } },
    }),
    "stubborn.mjs": `process.on("SIGTERM", () => {});\n${TICKER}`,
  });
  const { app } = await home.json<{ app: Status }>(["start"], { cwd: dir });
  const worker = app.processes.find((one) => one.name === "tick");
  process.kill(worker?.pid ?? 0, "SIGSTOP");
  const late = await home.run(["stop", "--timeout", "1s"], { cwd: dir });
  expect(late.code).toBe(7);
  expect(late.stderr).toContain(`tick.0 (pid ${worker?.pid}`);
  expect((await home.run(["stop", "--now"], { cwd: dir })).code).toBe(0);
  await home.empty(1000);
});

test("stop of a master that does not answer says so when the time is up", async () => {
  const { app } = await home.json<{ app: Status }>(["start"], { cwd: dir });
  process.kill(app.pid, "SIGSTOP");
  const { code, stderr } = await home.run(["stop", "--timeout", "1s"], { cwd: dir });
  expect(code).toBe(7);
  expect(stderr).toContain(`its master (pid ${app.pid}) is there but does not answer`);
  process.kill(app.pid, "SIGCONT");
  expect((await home.run(["stop"], { cwd: dir })).code).toBe(0);
});
