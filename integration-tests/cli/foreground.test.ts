import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ElpisHome } from "../support/elpis.ts";
import { until } from "../support/wait.ts";
import { BROKEN, config, TICKER, writeApp } from "./fixtures.ts";

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
    "broken.mjs": BROKEN,
  });
});

afterEach(async () => {
  await home?.remove();
});

describe("run", () => {
  test("prints what the processes print on stdout, its own words on stderr", async () => {
    const run = home.spawn(["run"], { cwd: dir });
    await run.printed("tick 3");
    await run.printed("ticker is up");
    expect(run.stdout()).toMatch(/^tick\.0 \| hello from \d+$/m);
    expect(run.stdout()).toMatch(/^tick\.1 \| a warning$/m);
    expect(run.stdout()).not.toContain("elpis:");
    expect(run.stderr()).toMatch(/^elpis: ticker is up: tick x2 \(\d.* s\)$/m);
    run.child.kill("SIGTERM");
    expect(await run.finished).toMatchObject({ code: 0, signal: null });
    await home.empty(1000);
  });

  test("--json prints each line as data", async () => {
    const run = home.spawn(["run", "--json"], { cwd: dir });
    await run.printed("ticker is up");
    await run.printed("a warning");
    run.child.kill("SIGINT");
    const { stdout } = await run.finished;
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toContainEqual({
      time: expect.any(Number),
      process: "tick",
      index: 0,
      pid: expect.any(Number),
      stream: "stderr",
      text: "a warning",
    });
  });

  test("a process that does not get ready ends it with 4 and leaves nothing", async () => {
    const { code, stderr } = await home.run(["run", "--config", "elpis.config.mjs"], {
      cwd: await writeApp(dir, {
        "elpis.config.mjs": config({
          name: "half",
          processes: { good: "./tick.mjs", bad: { entry: "./broken.mjs", dependsOn: ["good"] } },
        }),
      }),
    });
    expect(code).toBe(4);
    expect(stderr).toContain("bad.0");
    await home.empty(1000);
  });

  test("when every process has failed for good it ends with 8", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "tired",
        processes: { once: { entry: "./once.mjs", restart: false } },
      }),
      "once.mjs": "setTimeout(() => process.exit(7), 500);\n",
    });
    const { code, stderr } = await home.run(["run"], { cwd: dir });
    expect(code).toBe(8);
    expect(stderr).toContain("every process of tired has failed for good: once.0");
    await home.empty(1000);
  });

  test("when every process has ended well it ends with 0", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "done",
        processes: { once: { command: ["sh", "-c", "sleep 1; exit 0"], restart: false } },
      }),
    });
    const { code, stderr } = await home.run(["run"], { cwd: dir });
    expect(code).toBe(0);
    expect(stderr).toContain("every process of done has ended");
    await home.empty(1000);
  });

  test("when some ended well and one failed for good it ends with 8 and names that one", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "mixed",
        processes: {
          good: { command: ["sh", "-c", "sleep 1; exit 0"], restart: false },
          bad: { command: ["sh", "-c", "sleep 1; exit 7"], restart: false },
        },
      }),
    });
    const { code, stderr } = await home.run(["run"], { cwd: dir });
    expect(code).toBe(8);
    expect(stderr).toContain(
      "every process of mixed has ended, and some have failed for good: bad.0;",
    );
    await home.empty(1000);
  });

  test("an elpis stop of an app of which a part has failed is no failure", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "half",
        processes: {
          good: "./tick.mjs",
          bad: { command: ["sh", "-c", "sleep 1; exit 7"], restart: false },
        },
      }),
    });
    const run = home.spawn(["run"], { cwd: dir });
    await run.printed("half is up");
    await run.printed(/bad.*failed/);
    expect((await home.run(["stop", "half"])).code).toBe(0);
    expect((await run.finished).code).toBe(0);
  });

  test("elpis stop from elsewhere is a graceful end", async () => {
    const run = home.spawn(["run"], { cwd: dir });
    await run.printed("ticker is up");
    expect((await home.run(["stop", "ticker"])).code).toBe(0);
    expect((await run.finished).code).toBe(0);
  });

  test("goes on when nobody reads its output any more", async () => {
    const run = home.spawn(["run"], { cwd: dir });
    await run.printed("ticker is up");
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    const { processes } = await home.json<{ processes: Array<{ pid: number; uptimeMs: number }> }>([
      "ps",
      "ticker",
    ]);
    await until("the same processes to be well after much more output", async () => {
      const later = await home.json<{ processes: Array<{ pid: number; uptimeMs: number }> }>([
        "ps",
        "ticker",
      ]);
      expect(later.processes.map((one) => one.pid)).toEqual(processes.map((one) => one.pid));
      return (later.processes[1]?.uptimeMs ?? 0) > (processes[1]?.uptimeMs ?? 0) + 1000;
    });
    expect((await home.run(["stop", "ticker"])).code).toBe(0);
    expect((await run.finished).code).toBe(0);
  });

  test("a signal while it starts is a graceful end too", async () => {
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "slow",
        processes: { never: { entry: "./tick.mjs", ready: "message" } },
      }),
    });
    const run = home.spawn(["run"], { cwd: dir });
    await run.printed("hello from");
    run.child.kill("SIGINT");
    expect((await run.finished).code).toBe(0);
    await home.empty(1000);
  });
});

describe("dev", () => {
  test("runs one of each, starts again when a file changes, and says which", async () => {
    await writeApp(dir, { "part.mjs": 'export const word = "first";\n' });
    await writeApp(dir, {
      "tick.mjs":
        'import { word } from "./part.mjs";\nconsole.log(word, process.env.NODE_ENV);\nsetInterval(() => {}, 1000);\n',
    });
    const dev = home.spawn(["dev"], { cwd: dir });
    await dev.printed("first development");
    await dev.printed("ticker is up: tick x1");
    await writeFile(join(dir, "part.mjs"), 'export const word = "second";\n');
    await dev.printed("part.mjs changed");
    await dev.printed("second development");
    dev.child.kill("SIGINT");
    expect((await dev.finished).code).toBe(0);
    await home.empty(1000);
  });

  test("an error is shown, and the next change tries again", async () => {
    const dev = home.spawn(["dev"], { cwd: dir });
    await dev.printed("ticker is up");
    await writeFile(join(dir, "tick.mjs"), "this is no JavaScript\n");
    await dev.printed("SyntaxError");
    await dev.printed("waiting for a change");
    await writeFile(
      join(dir, "tick.mjs"),
      'console.log("mended");\nsetInterval(() => {}, 1000);\n',
    );
    await dev.printed("mended");
    await until("it to be up again", () => dev.stderr().split("ticker is up").length === 3);
    dev.child.kill("SIGINT");
    expect((await dev.finished).code).toBe(0);
  });

  test("a config that changes is read again", async () => {
    const dev = home.spawn(["dev"], { cwd: dir });
    await dev.printed("ticker is up: tick x1");
    await writeApp(dir, {
      "elpis.config.mjs": config({
        name: "ticker",
        processes: { tick: "./tick.mjs", other: "./tick.mjs" },
      }),
    });
    await dev.printed("ticker is up: tick x1, other x1");
    dev.child.kill("SIGINT");
    expect((await dev.finished).code).toBe(0);
  });
});
