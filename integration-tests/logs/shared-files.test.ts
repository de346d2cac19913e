import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHub, type Hub } from "@elpis/core";
import { spanName, spanOf } from "@elpis/logs/files";
import {
  askWriters,
  type FileLoggerOptions,
  SharedFiles,
  serveSharedFiles,
} from "@elpis/logs/logger";
import { expect, onTestFinished, test } from "vitest";
import { makeDir, SILENT } from "../process/support.ts";
import { until } from "../support/wait.ts";

const FIXTURE = fileURLToPath(new URL("./fixtures/shared-writer.mjs", import.meta.url));
const DAY_MS = 86_400_000;
const SILENT_MS = 180_000;

/** A hub with a rotator whose clocks can be moved, and processes that write one file. */
class Application {
  readonly dir: string;
  readonly hub: Hub;
  readonly files: SharedFiles;
  wallMs = 0;
  monotonicMs = 0;

  private constructor(dir: string, hub: Hub) {
    this.dir = dir;
    this.hub = hub;
    this.files = new SharedFiles({
      ask: askWriters(hub.client),
      log: SILENT,
      now: () => Date.now() + this.wallMs,
      monotonicNow: () => performance.now() + this.monotonicMs,
    });
    serveSharedFiles(hub.client, this.files);
  }

  static async start(): Promise<Application> {
    const dir = makeDir({});
    const hub = await createHub({ name: "logs", dir: join(dir, "run"), log: SILENT });
    const app = new Application(dir, hub);
    onTestFinished(async () => {
      await app.files.close();
      await hub.close();
    });
    return app;
  }

  get path(): string {
    return join(this.dir, "logs", "web.log");
  }

  async writer(options: FileLoggerOptions): Promise<ChildProcess> {
    const { path, secret } = this.hub;
    const child = fork(FIXTURE, {
      env: {
        ...process.env,
        HUB_PATH: path,
        HUB_SECRET: secret,
        OPTIONS: JSON.stringify({ dir: join(this.dir, "logs"), ...options }),
      },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child, "message");
    return child;
  }

  known(count: number): Promise<true> {
    return until(
      `${count} writers`,
      () => this.files.status()[0]?.writers.length === count && true,
    );
  }

  names(): string[] {
    return readdirSync(join(this.dir, "logs")).sort();
  }

  texts(name: string): string[] {
    const text = readFileSync(join(this.dir, "logs", name), "utf8");
    return [...text.matchAll(/"msg":"([^"]*)"/g)].map(([, msg = ""]) => msg);
  }
}

/** Resolves when the line is in the file. */
async function say(writer: ChildProcess, text: string): Promise<void> {
  writer.send(text);
  expect(await once(writer, "message")).toEqual([text, undefined]);
}

test("at the end of a day the file gets yesterday's name, and its writers open it anew", async () => {
  const app = await Application.start();
  const writers = await Promise.all([app.writer({ type: "date" }), app.writer({ type: "date" })]);
  await app.known(2);
  await Promise.all(writers.map((writer, at) => say(writer, `today ${at}`)));
  const today = spanName("day", spanOf("day", Date.now()));
  await app.files.tick();
  expect(app.names()).toEqual(["web.log"]);
  app.wallMs = DAY_MS;
  await app.files.tick();
  await until("it to be put aside", () => app.names().includes(`web.log.${today}`));
  await until("the writers to have opened it anew", () => app.names().includes("web.log"));
  await Promise.all(writers.map((writer, at) => say(writer, `tomorrow ${at}`)));
  expect(app.texts(`web.log.${today}`).sort()).toEqual(["today 0", "today 1"]);
  expect(app.texts("web.log").sort()).toEqual(["tomorrow 0", "tomorrow 1"]);
});

test("1,025 bytes with a limit of 1,024 are moved to .1, .2, .3", async () => {
  const app = await Application.start();
  const writer = await app.writer({ type: "size", maxFileSize: 1024 });
  await app.known(1);
  for (const round of [1, 2, 3]) {
    const rest = 1025 - statSync(app.path).size;
    writeFileSync(app.path, `${"x".repeat(rest - 1)}\n`, { flag: "a" });
    await app.files.tick();
    await until("it to be put aside", () => app.names().includes(`web.log.${round}`));
    await until("a new file", () => app.names().includes("web.log"));
    await say(writer, `round ${round}`);
  }
  expect(app.names()).toEqual(["web.log", "web.log.1", "web.log.2", "web.log.3"]);
  const sizes = [1, 2, 3].map((n) => statSync(`${app.path}.${n}`).size);
  expect(sizes).toEqual([1025, 1025, 1025]);
  expect(["web.log", "web.log.1", "web.log.2"].map((name) => app.texts(name))).toEqual([
    ["round 3"],
    ["round 2"],
    ["round 1"],
  ]);
});

test("a file that two processes have registered is put aside once", async () => {
  const app = await Application.start();
  const options = { type: "size", maxFileSize: 1024 } as const;
  const writers = await Promise.all([app.writer(options), app.writer(options)]);
  await app.known(2);
  for (let n = 0; n < 10; n++) {
    await Promise.all(writers.map((writer, at) => say(writer, `${at} ${n} ${"x".repeat(60)}`)));
  }
  await app.files.tick();
  await until("it to be put aside", () => app.names().length === 2);
  await Promise.all([app.files.tick(), app.files.tick(), app.files.tick()]);
  await Promise.all(writers.map((writer) => say(writer, "after")));
  expect(app.names()).toEqual(["web.log", "web.log.1"]);
  expect(app.files.status()).toMatchObject([{ rotations: 1 }]);
  expect(app.texts("web.log.1")).toHaveLength(20);
  expect(app.texts("web.log")).toEqual(["after", "after"]);
});

test.runIf(process.platform !== "win32")(
  "a process that is silent is dropped, and one that has left; who wakes up has lost nothing",
  async () => {
    const app = await Application.start();
    const options = { type: "size", compress: true } as const;
    const [silent, lively, dying] = await Promise.all([1, 2, 3].map(() => app.writer(options)));
    await app.known(3);
    dying?.kill("SIGKILL");
    await app.known(2);
    await say(silent as ChildProcess, "before");
    silent?.kill("SIGSTOP");
    await app.files.rotate();
    await say(lively as ChildProcess, "meanwhile");
    // Whoever lives says so each minute; this clock is moved past all of them.
    app.monotonicMs = SILENT_MS + 1000;
    await app.files.tick();
    await until("both to be dropped", () => app.files.status()[0]?.writers.length === 0);
    await app.files.tick();
    // What it may still write to is left as it is.
    expect(app.names()).toEqual(["web.log", "web.log.1"]);
    silent?.kill("SIGCONT");
    await say(silent as ChildProcess, "after");
    expect(app.texts("web.log.1")).toEqual(["before"]);
    expect(app.texts("web.log")).toEqual(["meanwhile", "after"]);
  },
);
