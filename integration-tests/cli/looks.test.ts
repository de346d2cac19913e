import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { until } from "../support/wait.ts";
import { config, SERVER, TICKER, writeApp } from "./fixtures.ts";

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

let home: ElpisHome;
let dir: string;
let port: number;

beforeEach(async () => {
  home = await ElpisHome.create();
  port = await freePort();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": config({
      name: "shop",
      processes: {
        web: {
          entry: "./server.mjs",
          scale: 2,
          ready: "listen",
          env: { PORT: String(port), API_TOKEN: "hush", DB: "postgres://ann:hush@db/x" },
        },
        tick: { entry: "./tick.mjs", args: ["--fast"] },
      },
    }),
    "server.mjs": SERVER,
    "tick.mjs": TICKER,
  });
  const { code, stderr } = await home.run(["start"], { cwd: dir });
  expect([code, stderr]).toEqual([0, expect.stringContaining("shop is up")]);
});

afterEach(async () => {
  await home?.remove();
});

describe("show", () => {
  test("tells everything about one process, and no secret", async () => {
    const { code, stdout } = await home.run(["show", "web.1"], { cwd: dir });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^process +web\.1 of shop \(worker\)$/m);
    expect(stdout).toMatch(/^runs +\S+server\.mjs$/m);
    expect(stdout).toMatch(/^variables +/m);
    expect(stdout).not.toContain("hush");
    expect((await home.run(["show", "tick"], { cwd: dir })).stdout).toMatch(/^arguments +--fast$/m);
  });

  test("--json is the details as the master gives them", async () => {
    const details = await home.json<object>(["show", "web"], { cwd: dir });
    expect(details).toMatchObject({
      app: "shop",
      status: { name: "web", index: 0, state: "ready", version: 1 },
      entry: join(dir, "server.mjs"),
      args: [],
      nodeArgs: [],
      cwd: dir,
      policy: { ready: "listen", stopTimeoutMs: 10_000 },
      ports: expect.any(Array),
      versions: [{ version: 1, at: expect.any(Number), good: true }],
    });
    expect(JSON.stringify(details)).not.toContain("hush");
  });

  test("of nobody fails with 5, without a name with 2", async () => {
    const { code, stderr } = await home.run(["show", "nobody"], { cwd: dir });
    expect(code).toBe(5);
    expect(stderr).toContain('no process "nobody"; it has web, tick');
    expect((await home.run(["show"])).code).toBe(2);
  });
});

test("pid prints pids, one a line", async () => {
  const { processes } = await home.json<{ processes: Array<{ name: string; pid: number }> }>([
    "ps",
    "shop",
  ]);
  const [master, ...others] = processes.map(({ pid }) => pid);
  const web = others.slice(0, 2);
  expect((await home.run(["pid"], { cwd: dir })).stdout).toBe(`${master}\n`);
  expect((await home.run(["pid", "shop"])).stdout).toBe(`${master}\n`);
  expect((await home.run(["pid", "web"])).stdout).toBe(`${web.join("\n")}\n`);
  expect(await home.json(["pid", "web.1", "--app", "shop"])).toEqual({
    app: "shop",
    process: "web.1",
    pids: [web[1]],
  });
  expect(await home.json(["pid", "shop"])).toEqual({ app: "shop", pids: [master] });
  expect((await home.run(["pid", "web.7"])).code).toBe(5);
});

describe("metrics", () => {
  test("has the numbers of every process", async () => {
    await ask(`http://127.0.0.1:${port}`);
    const one = await until("heartbeats to have come", async () => {
      const found = await home.json<{ processes: Array<Record<string, unknown>> }>([
        "metrics",
        "shop",
      ]);
      return found.processes.every((each) => each.name === "master" || "heapUsedBytes" in each)
        ? found
        : undefined;
    });
    expect(one).toMatchObject({ app: "shop", time: expect.any(Number) });
    expect(one.processes[1]).toMatchObject({
      ...{ name: "web", index: 0, pid: expect.any(Number), state: "ready", restarts: 0 },
      ...{ rssBytes: expect.any(Number), heapUsedBytes: expect.any(Number) },
      ...{ loopDelayMs: { p99: expect.any(Number), max: expect.any(Number) } },
      ...{ utilization: expect.any(Number), requests: expect.any(Number) },
      ...{ errors: 0, openRequests: expect.any(Number) },
    });
    const { stdout } = await home.run(["metrics", "shop"]);
    expect(stdout.split("\n")[0]).toMatch(/^process +state +cpu +memory +heap +loop p99/);
    expect(stdout).toMatch(/^web\.0 +ready /m);
  });

  test("--watch goes on until it is interrupted, or nobody reads any more", async () => {
    const args = ["metrics", "shop", "--watch", "--interval", "100ms", "--json"];
    const watch = home.spawn(args);
    await until("three of them", () => watch.stdout().split("\n").length > 3);
    watch.child.kill("SIGINT");
    const { code, stdout } = await watch.finished;
    expect(code).toBe(0);
    const times = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).time as number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const unread = home.spawn(args);
    await unread.printed("shop");
    unread.child.stdout?.destroy();
    expect((await unread.finished).code).toBe(0);
  });

  test("refuses a pause that is none", async () => {
    expect((await home.run(["metrics", "shop", "--watch", "--interval", "x"])).code).toBe(2);
  });
});

describe("inspect and diag", () => {
  test("inspect opens the inspector and says where", async () => {
    const found = await home.json<{ url: string; pid: number }>(["inspect", "web.1"], { cwd: dir });
    expect(found).toMatchObject({
      app: "shop",
      process: "web.1",
      pid: expect.any(Number),
      url: expect.stringMatching(/^ws:\/\//),
      devtools: expect.stringMatching(/^devtools:\/\/.*ws=/),
    });
    const text = await home.run(["inspect", "web.1"], { cwd: dir });
    expect(text.stdout).toMatch(/^devtools:\/\/\S+\n$/);
  });

  test.each([
    ["cpu-profile", ["--for", "200ms"]],
    ["heap-snapshot", []],
    ["report", []],
  ])("diag %s writes a file where it is wanted", async (kind, more) => {
    const args = ["diag", "web", kind, "--out", "looks", ...more];
    const found = await home.json<{ file: string }>(args, { cwd: dir });
    expect(found).toMatchObject({ app: "shop", process: "web", kind, pid: expect.any(Number) });
    expect(found.file.startsWith(join(dir, "looks"))).toBe(true);
    expect(existsSync(found.file)).toBe(true);
  });

  test("diag gc says what it gave back", async () => {
    const text = await home.run(["diag", "tick", "gc"], { cwd: dir });
    expect([text.code, text.stdout]).toEqual([0, ""]);
    expect(text.stderr).toMatch(/^elpis: tick \(pid \d+\) gave back /m);
  });

  test("refuse what is not there, and what nobody can do", async () => {
    expect((await home.run(["inspect", "nobody"], { cwd: dir })).code).toBe(5);
    expect((await home.run(["diag", "web", "nonsense"], { cwd: dir })).code).toBe(2);
    expect((await home.run(["diag", "web"], { cwd: dir })).code).toBe(2);
  });
});

test("an app that is no app of ours is told as such", async () => {
  const failure = await home.json<Failure>(["show", "web", "--app", "../../etc"]);
  expect(failure.error.code).toBe("ELPIS_CLI_NOT_RUNNING");
});
