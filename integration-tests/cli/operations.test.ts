import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { ask } from "../support/http.ts";
import { freePort } from "../support/port.ts";
import { isAlive } from "../support/processes.ts";
import { until } from "../support/wait.ts";
import { config, SERVER, TICKER, writeApp } from "./fixtures.ts";

interface Process {
  readonly name: string;
  readonly index: number;
  readonly pid?: number;
  readonly state: string;
}
interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly details: object };
}

/** Does not get ready when there is a file `slow` at its start, and takes its time to leave when there is one later. */
const CAREFUL = `
import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
while (existsSync("slow")) await wait(50);
if (existsSync("broken")) throw new Error("the new version is broken");
console.log("hello from " + process.pid);
setInterval(() => {}, 1000);
`;

let home: ElpisHome;
let dir: string;
let port: number;

beforeEach(async () => {
  home = await ElpisHome.create();
  port = await freePort();
  dir = await writeApp(join(home.dir, "work"), {
    "elpis.config.mjs": shop({}),
    "server.mjs": SERVER,
    "tick.mjs": TICKER,
    "careful.mjs": CAREFUL,
  });
});

afterEach(async () => {
  await home?.remove();
});

function shop(more: Readonly<Record<string, unknown>>): string {
  return config({
    name: "shop",
    env: { PORT: String(port) },
    processes: {
      web: { entry: "./server.mjs", scale: 2, ready: "listen" },
      jobs: { entry: "./careful.mjs", readyTimeout: "20s" },
      ...more,
    },
  });
}

async function start(): Promise<void> {
  const { code, stderr } = await home.run(["start"], { cwd: dir });
  expect([code, stderr]).toEqual([0, expect.stringContaining("shop is up")]);
}

async function pids(name: string): Promise<number[]> {
  const { processes } = await home.json<{ processes: Process[] }>(["ps", "shop"]);
  return processes.flatMap((one) => (one.name === name && one.pid !== undefined ? [one.pid] : []));
}

test("restart starts all of them, or some, anew", async () => {
  await start();
  const before = { web: await pids("web"), jobs: await pids("jobs") };
  const some = await home.json(["restart", "shop", "--process", "jobs"]);
  expect(some).toEqual({ restarted: { app: "shop", processes: ["jobs"] } });
  expect(await pids("web")).toEqual(before.web);
  expect(await pids("jobs")).not.toEqual(before.jobs);
  const all = await home.run(["restart"], { cwd: dir });
  expect([all.code, all.stdout]).toEqual([0, ""]);
  expect(all.stderr).toMatch(/^elpis: web\.0 is ready \(pid \d+\)$/m);
  expect(all.stderr).toMatch(/^elpis: shop restarted \(\d.*\)$/m);
  for (const pid of await pids("web")) expect(before.web).not.toContain(pid);
});

test("stop --process stops some, health says so, and start --process starts them again", async () => {
  await start();
  const [master] = await pids("master");
  const well = await home.run(["health"], { cwd: dir });
  expect([well.code, well.stderr]).toEqual([0, "elpis: shop is well\n"]);
  expect(await home.json(["stop", "shop", "--process", "jobs"])).toEqual({
    stopped: { app: "shop", pid: master, processes: ["jobs"] },
  });
  const ill = await home.run(["health", "shop"]);
  expect(ill.code).toBe(14);
  expect(ill.stderr).toContain("shop is not well: it is degraded; jobs.0 is stopped");
  expect(ill.stdout).toMatch(/^jobs\.0 +NO +stopped/m);
  const shape = await home.json<{ healthy: boolean; processes: object[] }>(["health", "shop"]);
  expect(shape).toMatchObject({ app: "shop", state: "degraded", healthy: false });
  expect(shape.processes.at(-1)).toMatchObject({
    ...{ name: "jobs", index: 0, role: "worker", well: false, state: "stopped", silent: false },
    ...{ restarts: expect.any(Number), causes: expect.any(Object) },
  });
  expect(await home.json(["start", "--process", "jobs", "--app", "shop"])).toEqual({
    started: { app: "shop", processes: ["jobs"] },
  });
  expect((await home.run(["health", "shop"])).code).toBe(0);
  expect((await home.run(["start", "shop"], { cwd: dir })).stderr).toContain("shop started");
});

describe("reload", () => {
  test("replaces every process, and says by what", async () => {
    await start();
    const before = [...(await pids("web")), ...(await pids("jobs"))];
    const done = await home.json<{ app: string; version: number; replaced: object[] }>([
      "reload",
      "shop",
    ]);
    expect(done).toEqual({
      app: "shop",
      version: 1,
      replaced: expect.any(Array),
      tookMs: expect.any(Number),
      notApplied: [],
    });
    expect(done.replaced).toHaveLength(3);
    expect(done.replaced[0]).toEqual({
      process: "web",
      index: 0,
      oldPid: before[0],
      newPid: expect.any(Number),
    });
    for (const pid of before) expect(isAlive(pid)).toBe(false);
    const some = await home.run(["reload", "--process", "jobs", "--no-reread"], { cwd: dir });
    expect(some.stderr).toMatch(/^elpis: jobs of shop reloaded: 1 process replaced, version 1/m);
  });

  test("brings a new config, tells what it does not see to, and rollback goes back", async () => {
    await start();
    await writeApp(dir, {
      "elpis.config.mjs": shop({
        jobs: { entry: "./careful.mjs", env: { NEW: "1" } },
        mail: "./tick.mjs",
      }),
    });
    const done = await home.run(["reload", "shop"]);
    expect(done.code).toBe(0);
    expect(done.stderr).toContain("version 2");
    expect(done.stderr).toContain(
      "scaled otherwise in the config: mail; see: elpis apply --dry-run",
    );
    const back = await home.json<{ version: number }>(["rollback", "shop"]);
    expect(back.version).toBe(1);
    const none = await home.json<Failure>(["rollback", "shop", "--process", "jobs"]);
    if ("error" in none) expect(none.error.code).toBe("ELPIS_PROCESS_NO_VERSION");
  });

  test("of what does not get ready fails with 4, and the old ones go on", async () => {
    await start();
    const before = { web: await pids("web"), jobs: await pids("jobs") };
    await writeApp(dir, { broken: "" });
    const { code, stderr } = await home.run(["reload", "shop", "--process", "jobs"]);
    expect(code).toBe(4);
    expect(stderr).toContain("Process jobs.0 did not get ready");
    expect(stderr).toContain("the new version is broken");
    expect({ web: await pids("web"), jobs: await pids("jobs") }).toEqual(before);
  });

  test("of a config with a mistake fails with 3 and names the key", async () => {
    await start();
    await writeApp(dir, { "elpis.config.mjs": shop({ web: { scale: "two" } }) });
    const { code, stderr } = await home.run(["reload", "shop"]);
    expect(code).toBe(3);
    expect(stderr).toContain("processes.web.scale");
    const failure = await home.json<Failure>(["apply", "shop", "--dry-run"]);
    expect(failure.error.code).toBe("ELPIS_CONFIG_INVALID");
  });

  test("with a trial that fails ends with 11, and the old ones go on", async () => {
    await writeApp(dir, {
      "server.mjs": `
        import { existsSync } from "node:fs";
        import { createServer } from "node:http";
        const isBad = existsSync("bad");
        createServer((request, response) => {
          response.statusCode = isBad ? 500 : 200;
          response.end(String(process.pid));
        }).listen(Number(process.env.PORT), "127.0.0.1");`,
    });
    await start();
    const before = await pids("web");
    await writeApp(dir, { bad: "" });
    const args = ["--process", "web", "--canary", "1", "--for", "5s", "--max-errors", "1%"];
    const reload = home.spawn(["reload", "shop", ...args]);
    let isDone = false;
    void reload.finished.then(() => {
      isDone = true;
    });
    await until(
      "the trial to be over",
      async () => {
        for (let n = 0; n < 20; n += 1) await ask(`http://127.0.0.1:${port}`).catch(() => {});
        return isDone;
      },
      40_000,
    );
    const { code, stderr } = await reload.finished;
    expect(stderr).toContain("The trial of the new version failed");
    expect(code).toBe(11);
    expect(await pids("web")).toEqual(before);
  });

  test("with a trial that goes well replaces all", async () => {
    await start();
    const done = await home.json<{ replaced: object[] }>([
      "reload",
      "shop",
      "--process",
      "web",
      "--canary",
      "1",
      "--for",
      "300ms",
    ]);
    expect(done.replaced).toHaveLength(2);
  });
});

test("scale changes how many there are", async () => {
  await start();
  expect(await home.json(["scale", "shop", "web=+1", "jobs=0"])).toEqual({
    app: "shop",
    scale: { web: { from: 2, to: 3 }, jobs: { from: 1, to: 0 } },
  });
  expect([await pids("web"), await pids("jobs")].map((all) => all.length)).toEqual([3, 0]);
  const text = await home.run(["scale", "web=1"], { cwd: dir });
  expect(text.stderr).toMatch(/^elpis: shop scaled: web from 3 to 1 \(/m);
  expect((await home.run(["scale", "shop", "web=-9"])).code).toBe(2);
  expect((await home.run(["scale", "shop", "none=1"])).code).toBe(5);
});

test("apply shows the difference, then makes it so", async () => {
  await start();
  const nothing = await home.run(["apply", "shop"]);
  expect([nothing.code, nothing.stdout]).toEqual([0, ""]);
  expect(nothing.stderr).toContain("there is nothing to do");
  await writeApp(dir, {
    "elpis.config.mjs": config({
      name: "shop",
      env: { PORT: String(port) },
      processes: {
        web: { entry: "./server.mjs", scale: 3, ready: "listen", env: { TOKEN: "hush" } },
        mail: "./tick.mjs",
      },
    }),
  });
  const plan = ["~ web: env", "= web from 2 to 3", "+ mail x1", "- jobs x1"].sort();
  const dry = await home.run(["apply", "--dry-run"], { cwd: dir });
  expect(dry.code).toBe(0);
  expect(dry.stdout.trimEnd().split("\n").sort()).toEqual(plan);
  const shape = await home.json<{ applied: boolean; steps: object[] }>([
    "apply",
    "shop",
    "--dry-run",
  ]);
  expect(shape).toMatchObject({ app: "shop", applied: false, needsRestart: [], version: 1 });
  expect(shape.steps).toContainEqual({ action: "change", process: "web", keys: ["env"] });
  expect(JSON.stringify(shape) + dry.stdout).not.toContain("hush");
  const done = await home.run(["apply", "shop"]);
  expect(done.code, done.stderr).toBe(0);
  expect(done.stdout.trimEnd().split("\n").sort()).toEqual(plan);
  expect(done.stderr).toContain("shop is what its config says: version 2");
  const { processes } = await home.json<{ processes: Process[] }>(["ps", "shop"]);
  expect(processes.map(({ name }) => name).sort()).toEqual(["mail", "master", "web", "web", "web"]);
  expect(await home.json(["apply", "shop"])).toMatchObject({ applied: false, steps: [] });
});

test("signal reaches the processes that are named", async () => {
  await writeApp(dir, {
    "careful.mjs": `process.on("SIGUSR2", () => console.log("got it"));\nsetInterval(() => {}, 1000);\n`,
  });
  await start();
  const [jobs] = await pids("jobs");
  expect(await home.json(["signal", "jobs.0", "usr2", "--app", "shop"])).toEqual({
    app: "shop",
    signal: "SIGUSR2",
    pids: [jobs],
  });
  await until("it to have arrived", async () =>
    (await home.run(["logs", "shop"])).stdout.includes("got it"),
  );
  expect((await home.run(["signal", "jobs", "SIGNONSENSE"])).code).toBe(2);
  expect((await home.run(["signal", "SIGHUP"])).code).toBe(2);
  expect((await home.run(["signal", "nobody", "SIGHUP"])).code).toBe(5);
});

describe("while another operation is under way", () => {
  beforeEach(async () => {
    await start();
    await writeApp(dir, { slow: "" });
  });

  async function slowReload(): Promise<ReturnType<ElpisHome["spawn"]>> {
    const reload = home.spawn(["reload", "shop", "--process", "jobs"]);
    await until("the reload to be under way", async () => {
      const { apps } = await home.json<{ apps: Array<{ operation?: { name: string } }> }>(["list"]);
      return apps[0]?.operation?.name === "reload";
    });
    return reload;
  }

  function letGo(): Promise<void> {
    return rm(join(dir, "slow"));
  }

  test("a second one is refused with 10, and says by whom it is kept waiting", async () => {
    const reload = await slowReload();
    const { code, stderr } = await home.run(["restart", "shop"]);
    expect(code).toBe(10);
    expect(stderr).toMatch(/a reload of jobs is under way, asked for by \S+@\S+ \(elpis reload\)/);
    const failure = await home.json<Failure>(["scale", "shop", "web=1"]);
    expect(failure.error.code).toBe("ELPIS_PROCESS_BUSY");
    expect((await home.run(["list"])).stdout).toContain("reload by");
    const waiting = home.spawn(["restart", "shop", "--process", "jobs", "--queue"]);
    await letGo();
    expect((await reload.finished).code).toBe(0);
    expect((await waiting.finished).code).toBe(0);
  });

  test("Ctrl-C leaves it to the master, and says so", async () => {
    const reload = await slowReload();
    reload.child.kill("SIGINT");
    const { code, stderr } = await reload.finished;
    expect(code).toBe(130);
    expect(stderr).toContain("it goes on in the master");
    const before = await pids("jobs");
    await letGo();
    await until("the reload to be done", async () => {
      const now = await pids("jobs");
      return now.length === 1 && now[0] !== before[0];
    });
  });

  test("a master that is killed is told, and the command does not wait", async () => {
    const reload = await slowReload();
    const [master] = await pids("master");
    process.kill(master ?? 0, "SIGKILL");
    const { code, stderr } = await reload.finished;
    expect(code).toBe(5);
    expect(stderr).toContain("the master of shop ended during the reload of jobs of shop");
  });

  test("--timeout does so too", async () => {
    const { code, stderr } = await home.run(["restart", "shop", "--timeout", "1s"]);
    expect(code).toBe(7);
    expect(stderr).toContain("took longer than 1000 ms; it goes on in the master");
    await letGo();
  });
});

test("a port that somebody else has is told, with the process that wants it", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  try {
    const { code, stderr } = await home.run(["start"], { cwd: dir });
    expect(code).toBe(4);
    expect(stderr).toMatch(/Process web\.\d did not get ready/);
    expect(stderr).toContain("EADDRINUSE");
    expect(stderr).toContain(String(port));
    await home.empty();
  } finally {
    other.close();
  }
});

test("what is not there is refused by each of them", async () => {
  await start();
  for (const command of ["restart", "reload", "rollback", "apply", "health", "metrics"]) {
    const { code, stderr } = await home.run([command, "nobody"]);
    expect([command, code]).toEqual([command, 5]);
    expect(stderr).toContain("nobody is not running (running: shop)");
  }
  for (const command of ["restart", "reload", "stop", "start"]) {
    const failure = await home.json<Failure>([command, "--process", "nobody", "--app", "shop"]);
    expect([command, failure.error.code]).toEqual([command, "ELPIS_PROCESS_UNKNOWN"]);
  }
});

test("processes that have survived their master are listed, and ended by stop", async () => {
  const own = await writeApp(join(home.dir, "work", "loyal"), {
    "elpis.config.mjs": config({
      name: "loyal",
      survive: true,
      processes: { idle: { entry: "./careful.mjs" } },
    }),
    "careful.mjs": CAREFUL,
  });
  const { app } = await home.json<{ app: { pid: number; processes: Process[] } }>(["start", own]);
  const idle = app.processes.find(({ name }) => name === "idle")?.pid ?? 0;
  process.kill(app.pid, "SIGKILL");
  await until("the master to be gone", () => !isAlive(app.pid));
  const { apps } = await home.json<{ apps: object[] }>(["list"]);
  expect(apps).toContainEqual(
    expect.objectContaining({ app: "loyal", state: "orphaned", pids: [idle] }),
  );
  expect(isAlive(idle)).toBe(true);
  const { stopped } = await home.json<{ stopped: object }>(["stop", "loyal"]);
  expect(stopped).toMatchObject({ app: "loyal", pids: [idle] });
  await until("it to be gone", () => !isAlive(idle));
});
