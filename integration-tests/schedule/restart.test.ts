import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@elpis/api";
import { connect } from "@elpis/core";
import type { TaskStatus, TaskTopics } from "@elpis/schedule";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeDir, waitFor } from "../process/support.ts";
import { OWN } from "./support.ts";

/** Runs the application in `app.mjs` until it is killed. */
const RUN = `import { createMaster, resolveConfig } from "@elpis/process";
  import { appendFileSync } from "node:fs";
  const { default: config } = await import("./app.mjs");
  const dir = process.cwd();
  const output = ({ text }) => appendFileSync("lines", text + "\\n");
  const master = createMaster({ config: resolveConfig({ name: "test", ...config }, { file: dir, dir }), dir: dir + "/run", output });
  await master.start();
  console.log("up");`;

const WEB = `${OWN}
  own.handle("a", async ({ attempt, token }) => {
    console.log("begin " + attempt + " " + token);
    await pause(Number(process.env.WORK_MS));
    console.log("end " + attempt + " " + token);
  });`;

/** One application, under one master after the other. */
class Masters {
  readonly dir: string;
  #process: ChildProcess | undefined;
  #ask: Client<TaskTopics> | undefined;

  constructor(app: string) {
    this.dir = makeDir({ "app.mjs": app, "web.mjs": WEB, "run.mjs": RUN });
  }

  get lines(): string[] {
    try {
      return readFileSync(join(this.dir, "lines"), "utf8").trim().split("\n");
    } catch {
      return [];
    }
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ["run.mjs"], {
      cwd: this.dir,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    this.#process = child;
    await once(child.stdout, "data");
    const { path, secret } = JSON.parse(readFileSync(join(this.dir, "run/hub.json"), "utf8"));
    const client = await connect({ path, secret, reconnect: false });
    onTestFinished(() => client.close());
    this.#ask = client as unknown as Client<TaskTopics>;
  }

  get ask(): Client<TaskTopics> {
    return this.#ask as Client<TaskTopics>;
  }

  async task(): Promise<TaskStatus> {
    const { tasks } = await this.ask.request("elpis.tasks.list", {});
    return tasks[0] as TaskStatus;
  }

  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await once(this.#process as ChildProcess, "exit");
  }
}

function appOf(task: string, more = ""): string {
  return `import { schedule } from "@elpis/schedule";
    export default {
      ${more}
      processes: { web: { entry: "web.mjs", env: { WORK_MS: process.env.WORK_MS ?? "50" } } },
      plugins: [schedule({ lease: "3s", tasks: { a: ${task} } })],
    };`;
}

describe("a master that is killed", () => {
  it.each([
    ["skip", 0],
    ["once", 1],
  ] as const)("with missed: %s", async (missed, made) => {
    const masters = new Masters(appOf(`{ cron: "* * * * * *", missed: "${missed}" }`));
    await masters.start();
    await waitFor("some runs", async () => (await masters.task()).counts.done >= 2);
    await masters.kill();
    const before = Date.now();
    await waitFor("times to pass", () => Date.now() > before + 3200);
    await masters.start();
    const { runs } = await masters.ask.request("elpis.tasks.history", { task: "a", limit: 50 });
    const gap = runs.filter(({ outcome }) => outcome === "missed");
    expect(gap.reduce((sum, { count = 1 }) => sum + count, 0)).toBeGreaterThanOrEqual(3);
    const [lastMissed] = gap;
    await waitFor("it to go on", async () => {
      const { last } = await masters.task();
      return last?.outcome === "done" && last.scheduledAt > (lastMissed?.scheduledAt ?? 0);
    });
    const all = await masters.ask.request("elpis.tasks.history", { task: "a", limit: 50 });
    const ids = all.runs.filter(({ outcome }) => outcome === "done").map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id === lastMissed?.id).length).toBe(made);
    const tokens = all.runs.flatMap(({ token }) => token ?? []);
    expect(tokens).toEqual([...tokens].sort((one, other) => other - one));
  });

  it("leaves a run behind: the next one does it again, when its process is gone", async () => {
    process.env.WORK_MS = "1500";
    onTestFinished(() => void delete process.env.WORK_MS);
    const masters = new Masters(appOf(`{ every: "1h" }`));
    await masters.start();
    await waitFor("it to be offered", async () => (await masters.task()).runners.length > 0);
    const { ids } = await masters.ask.request("elpis.tasks.run", { task: "a" });
    await waitFor("it to begin", () => masters.lines.length > 0);
    const file = join(masters.dir, "run/schedule/a.task.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await masters.kill();
    await masters.start();
    const done = await waitFor("it to be done", async () => {
      const { last } = await masters.task();
      return last?.outcome === "done" && last;
    });
    expect(done).toMatchObject({ id: ids[0], attempt: 2 });
    expect((await masters.task()).counts).toMatchObject({ done: 1, lost: 1 });
  });

  it("that its processes survive: the next one takes the word of a run that has gone on", async () => {
    process.env.WORK_MS = "2000";
    onTestFinished(() => void delete process.env.WORK_MS);
    const masters = new Masters(appOf(`{ every: "1h" }`, "survive: true,"));
    await masters.start();
    await waitFor("it to be offered", async () => (await masters.task()).runners.length > 0);
    await masters.ask.request("elpis.tasks.run", { task: "a" });
    await waitFor("it to begin", () => masters.lines.length > 0);
    await masters.kill();
    await masters.start();
    const done = await waitFor("it to be done", async () => {
      const { last } = await masters.task();
      return last?.outcome === "done" && last;
    });
    expect(done).toMatchObject({ attempt: 1 });
    expect((await masters.task()).counts).toMatchObject({ done: 1, lost: 0 });
    // Asked to leave, it would have been waited for again: the next master has a call open for what runs.
    await masters.ask.request("elpis.tasks.run", { task: "a" });
    await waitFor("the next to begin", () => masters.lines.length >= 3);
    const asked = masters.ask as unknown as Client;
    await asked.request("elpis.stop", {}, { to: { role: "master" }, timeoutMs: 20_000 });
    expect(masters.lines.filter((line) => line.startsWith("end")).length).toBe(2);
  });
});
