import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@elpis/api";
import { type LogsOptions, type LogsTopics, logs } from "@elpis/logs";
import type { AppConfig, MasterOptions } from "@elpis/process";
import { expect, it, onTestFinished } from "vitest";
import { IDLE, isAlive, makeApp, waitFor } from "../process/support.ts";

/** Says what it is told to, on the stream that it is told. */
const TELLER = `
console.log("out of", process.env.ELPIS_PROCESS_INDEX);
console.error("ERROR: err of", process.env.ELPIS_PROCESS_INDEX);
setInterval(() => {}, 1000);
`;
/** A line each 5 ms. */
const CLOCK = "let n = 0; setInterval(() => console.log('line', n++), 5);";

function logged(
  files: Readonly<Record<string, string>>,
  config: AppConfig,
  options: LogsOptions = {},
  more: Partial<MasterOptions> = {},
) {
  const app = makeApp(files, { ...config, plugins: [logs(options)] }, more);
  const hub = () => app.master.hub.client as unknown as Client<LogsTopics>;
  return {
    ...app,
    text: (file: string) => {
      const path = join(app.dir, "logs", file);
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    },
    ask: (verb: "stats" | "rotate" | "reopen") => hub().request(`elpis.logs.${verb}`, {}),
    keeper: () => keeperOf(app.runtime),
  };
}

/** The process that holds the pipes of an application, and is none of its own. */
function keeperOf(runtime: string): number {
  const isKeeper = (pid: string) =>
    readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("keeper.js") &&
    readdirSync(`/proc/${pid}/fd`).length > 0 &&
    readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ")[1] ===
      String(process.pid);
  const found = readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && isKeeper(pid);
    } catch {
      return false;
    }
  });
  if (found.length !== 1) throw new Error(`${found.length} keepers of ${runtime}`);
  return Number(found[0]);
}

const numbersIn = (text: string): number[] =>
  [...text.matchAll(/line (\d+)$/gm)].map(([, n]) => Number(n));

it("keeps what each process prints, in a file of its own, by stream and instance", async () => {
  const app = logged(
    { "web.mjs": TELLER, "jobs.mjs": TELLER },
    { processes: { web: { entry: "./web.mjs", scale: 2 }, jobs: { entry: "./jobs.mjs" } } },
  );
  await app.master.start();
  await waitFor("all lines", () => app.text("web.log").split("\n").length === 5);
  const pids = app.of("web").map(({ pid }) => pid);
  const lines = app
    .text("web.log")
    .trim()
    .split("\n")
    .map((line) => line.replace(/^\S+ /, ""));
  expect(lines.sort()).toEqual(
    [0, 1]
      .flatMap((index) => [
        `web.${index}[${pids[index]}] stderr| ERROR: err of ${index}`,
        `web.${index}[${pids[index]}] stdout| out of ${index}`,
      ])
      .sort(),
  );
  await waitFor("the other file", () => app.text("jobs.log").includes("out of 0"));
  expect(app.lines).toEqual([]);
});

it("writes JSON with levels, to files as one likes", async () => {
  const app = logged(
    { "web.mjs": TELLER },
    { processes: { web: { entry: "./web.mjs" } } },
    { format: "json", file: "{app}-{process}.{index}.{stream}.log" },
  );
  await app.master.start();
  await waitFor("the line", () => app.text("test-web.0.stderr.log") !== "");
  const line = JSON.parse(app.text("test-web.0.stderr.log"));
  expect(line).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    process: "web",
    index: 0,
    pid: app.of("web")[0]?.pid,
    stream: "stderr",
    level: "error",
    text: "ERROR: err of 0",
  });
});

it("tells the last words of a process that fails", async () => {
  const app = logged(
    { "web.mjs": "console.error('no such table: users'); process.exit(3);" },
    { processes: { web: { entry: "./web.mjs", restart: { intensity: 0 } } } },
  );
  await expect(app.master.start()).rejects.toThrow(/no such table: users/);
  expect(app.text("web.log")).toContain("no such table: users");
});

it("hears of a heap that is exhausted, and keeps those lines all the same", async () => {
  const hog =
    "console.log('up'); const all = []; setTimeout(() => { for (;;) all.push({ n: all.length }); }, 100);";
  const app = logged(
    { "web.mjs": hog },
    {
      processes: {
        web: {
          entry: "./web.mjs",
          nodeArgs: ["--max-old-space-size=20"],
          restart: { minDelay: 20_000 },
        },
      },
    },
  );
  await app.master.start();
  const change = await waitFor(
    "its end",
    () => app.changes.find(({ lastExit }) => lastExit !== undefined),
    30_000,
  );
  expect(change.lastExit?.cause).toBe("out-of-memory");
  await waitFor("the line", () => /heap/i.test(app.text("web.log")));
});

it("shows nobody what Node says of an inspector that was opened for us", async () => {
  const app = logged({ "web.mjs": IDLE }, { processes: { web: { entry: "./web.mjs" } } });
  await app.master.start();
  const { file } = await app.master.diagnose("web", "report");
  expect(existsSync(file as string)).toBe(true);
  await app.master.stop();
  expect(app.text("web.log")).toMatch(/up \d+\n$/);
  expect(app.text("web.log")).not.toContain("Debugger");
});

it("goes on with another keeper when the keeper is killed, and no process notices", async () => {
  const app = logged({ "clock.mjs": CLOCK }, { processes: { clock: { entry: "./clock.mjs" } } });
  await app.master.start();
  await waitFor("lines", () => numbersIn(app.text("clock.log")).length > 10);
  const [keeper, pid] = [app.keeper(), app.of("clock")[0]?.pid];
  process.kill(keeper, "SIGKILL");
  await waitFor("the keeper to be gone", () => !isAlive(keeper));
  const last = numbersIn(app.text("clock.log")).at(-1) as number;
  await waitFor(
    "lines again",
    () => (numbersIn(app.text("clock.log")).at(-1) as number) > last + 50,
  );
  const numbers = numbersIn(app.text("clock.log"));
  expect(new Set(numbers).size).toBe(numbers.length);
  // What waited in the pipe is there; only what the killed one had in its hands may be missing.
  expect((numbers.at(-1) as number) + 1 - numbers.length).toBeLessThanOrEqual(10);
  expect(app.of("clock")[0]).toMatchObject({ pid, restarts: 0 });
});

it("keeps every line to the last when all is stopped", async () => {
  const chatty =
    "process.on('SIGTERM', () => {}); console.log('up'); let n = 0; setInterval(() => { for (let i = 0; i < 100; i++) console.log('line', n++); }, 1); process.on('exit', () => {});";
  const app = logged(
    { "web.mjs": chatty },
    { processes: { web: { entry: "./web.mjs", stopTimeout: 300 } } },
  );
  await app.master.start();
  const keeper = app.keeper();
  await waitFor("lines", () => numbersIn(app.text("web.log")).length > 1000);
  await app.master.stop();
  expect(isAlive(keeper)).toBe(false);
  const numbers = numbersIn(app.text("web.log"));
  expect(numbers).toEqual(numbers.map((_, at) => at));
});

it("drops what is too much of one process, and says how much that was", async () => {
  const flood =
    "for (let n = 0; n < 5000; n++) console.log('line', n); setTimeout(() => console.log('late'), 700); setInterval(() => {}, 1000);";
  const app = logged(
    { "flood.mjs": flood, "web.mjs": CLOCK },
    { processes: { flood: { entry: "./flood.mjs" }, web: { entry: "./web.mjs" } } },
    { limit: { lines: 400, per: "500ms" } },
  );
  await app.master.start();
  await waitFor("the late line", () => app.text("flood.log").includes("late"));
  const kept = numbersIn(app.text("flood.log")).length;
  const told = [...app.text("flood.log").matchAll(/elpis: (\d+) lines were too many/g)];
  const dropped = told.reduce((sum, [, n]) => sum + Number(n), 0);
  expect(kept + dropped).toBe(5000);
  expect(kept).toBeGreaterThanOrEqual(400);
  expect(dropped).toBeGreaterThan(3000);
  expect(await app.ask("stats")).toMatchObject({ flooded: dropped });
  expect(app.text("web.log")).not.toContain("too many");
});

it("opens its files anew by a command and by a signal, for those who move them", async () => {
  const app = logged({ "clock.mjs": CLOCK }, { processes: { clock: { entry: "./clock.mjs" } } });
  await app.master.start();
  const file = join(app.dir, "logs", "clock.log");
  for (const reopen of [() => app.ask("reopen"), () => process.kill(app.keeper(), "SIGUSR2")]) {
    await waitFor("lines", () => numbersIn(app.text("clock.log")).length > 10);
    renameSync(file, `${file}.moved`);
    await reopen();
    await waitFor("lines in a new file", () => numbersIn(app.text("clock.log")).length > 10);
    const before = numbersIn(readFileSync(`${file}.moved`, "utf8"));
    expect(numbersIn(app.text("clock.log"))[0]).toBe((before.at(-1) as number) + 1);
    rmSync(`${file}.moved`);
  }
});

it("puts files aside when it is asked to", async () => {
  const app = logged(
    { "clock.mjs": CLOCK },
    { processes: { clock: { entry: "./clock.mjs" } } },
    { rotate: { every: false, compress: false } },
  );
  await app.master.start();
  await waitFor("lines", () => numbersIn(app.text("clock.log")).length > 10);
  expect(await app.ask("rotate")).toEqual({ files: 1 });
  await waitFor("lines", () => numbersIn(app.text("clock.log")).length > 10);
  const numbers = [...numbersIn(app.text("clock.log.1")), ...numbersIn(app.text("clock.log"))];
  expect(numbers).toEqual(numbers.map((_, at) => at));
});

it("survives a folder that cannot be written, counts what that costs, and goes on when it can", async () => {
  const flood =
    "let n = 0; setInterval(() => { for (let i = 0; i < 50; i++) console.log('line', n++, 'x'.repeat(200)); }, 5);";
  const app = logged(
    { "flood.mjs": flood, logs: "in the way of the folder" },
    { processes: { flood: { entry: "./flood.mjs" } } },
    { buffer: "16kb" },
  );
  await app.master.start();
  await waitFor(
    "lines to be lost",
    async () => ((await app.ask("stats")) as { lost: number }).lost > 100,
  );
  expect(app.of("flood")[0]).toMatchObject({ state: "ready", restarts: 0 });
  rmSync(join(app.dir, "logs"));
  await waitFor("the log to go on", () => app.text("flood.log").includes("lines were lost here"));
  await app.master.stop();
  const text = app.text("flood.log");
  const numbers = [...text.matchAll(/line (\d+) x/g)].map(([, n]) => Number(n));
  const told = [...text.matchAll(/elpis: (\d+) lines were lost here/g)].reduce(
    (all, [, n]) => all + Number(n),
    0,
  );
  expect((numbers.at(-1) as number) + 1 - numbers.length).toBe(told);
});

it("does without named pipes: then lines come through the master", async () => {
  const path = process.env.PATH;
  process.env.PATH = "/nowhere";
  onTestFinished(() => {
    process.env.PATH = path;
  });
  const app = logged({ "web.mjs": TELLER }, { processes: { web: { entry: "./web.mjs" } } });
  await app.master.start();
  await waitFor("both lines", () => app.text("web.log").split("\n").length === 3);
  expect(app.text("web.log")).toContain("stdout| out of 0");
});

it("leaves the foreground as it is", async () => {
  const app = logged(
    { "web.mjs": TELLER },
    { processes: { web: { entry: "./web.mjs" } } },
    {},
    { foreground: true },
  );
  await app.master.start();
  await waitFor("the lines", () => app.said("web").length === 2);
  expect(existsSync(join(app.dir, "logs"))).toBe(false);
});

it("keeps what programs print that are not Node, and whom they start", async () => {
  const script = "echo from sh; (sleep 0.2; echo from its child) & wait; sleep 60";
  const app = logged({}, { processes: { tool: { command: ["sh", "-c", script] } } });
  await app.master.start();
  await waitFor("both lines", () => app.text("tool.log").includes("from its child"));
  expect(app.text("tool.log")).toMatch(/tool\.0\[\d+\] stdout\| from sh\n/);
});
