import { chmodSync, readFileSync, symlinkSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Client, ElpisError, Logger } from "@elpis/api";
import { startTestHub, type TestHub, tempDir, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  askWriters,
  createLogger,
  createLoggerService,
  type FileLogger,
  type FileLoggerOptions,
  SharedFiles,
  serveSharedFiles,
} from "../../src/logger.ts";

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** A hub with a rotator in its master, and a folder. */
class Application {
  readonly test: TestHub;
  readonly dir: string;
  readonly troubles: ElpisError[] = [];
  files!: SharedFiles;
  #stop: () => Promise<void> = async () => {};

  constructor(test: TestHub, dir: string) {
    this.test = test;
    this.dir = dir;
  }

  static async open(): Promise<Application> {
    const test = await startTestHub({ log: SILENT });
    const folder = await tempDir();
    const app = new Application(test, await realpath(folder.path));
    onTestFinished(async () => {
      await app.stopRotator();
      await test.close();
      await folder.remove();
    });
    return app;
  }

  startRotator(): void {
    const hub = this.test.hub.client;
    const files = new SharedFiles({ ask: askWriters(hub), log: SILENT });
    const off = serveSharedFiles(hub, files);
    this.files = files;
    this.#stop = async () => {
      off();
      await files.close();
    };
  }

  stopRotator(): Promise<void> {
    return this.#stop();
  }

  async writer(options: FileLoggerOptions = {}): Promise<{ hub: Client; log: FileLogger }> {
    const hub = await this.test.join({ name: "web" });
    return { hub, log: this.logger(hub, options) };
  }

  logger(hub: Client, options: FileLoggerOptions = {}, name = "web"): FileLogger {
    const { dir } = this;
    const onTrouble = (error: ElpisError): void => void this.troubles.push(error);
    const log = createLogger(name, { dir, hub, type: "size", onTrouble, ...options });
    onTestFinished(() => log.close());
    return log;
  }

  writers(): readonly string[] {
    return this.files.status()[0]?.writers ?? [];
  }

  async registered(count: number): Promise<void> {
    await waitFor(() => this.writers().length === count, { what: `${count} writers` });
  }

  /** All lines, wherever they are, by what they say. */
  async texts(): Promise<string[]> {
    const names = (await readdir(this.dir)).filter((name) => name.includes(".log"));
    return names.flatMap((name) =>
      readFileSync(join(this.dir, name), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line).msg as string),
    );
  }
}

describe.each([
  ["size", ["web.log", "web.log.1", "web.log.2"]],
  ["size-truncate", ["web.log", "web.log.1", "web.log.2"]],
] as const)("a file of several processes with %s", (type, names) => {
  it("is put aside once, and every line is there once", async () => {
    const app = await Application.open();
    app.startRotator();
    const writers = await Promise.all([1, 2, 3].map(() => app.writer({ type })));
    await app.registered(3);
    const wanted: string[] = [];
    const say = (text: string): void => {
      for (const [at, { log }] of writers.entries()) {
        log.info(`${text} ${at}`);
        wanted.push(`${text} ${at}`);
      }
    };
    for (const round of [1, 2]) {
      for (let n = 0; n < 100; n++) say(`before ${round} ${n}`);
      await Promise.all(writers.map(({ log }) => log.flush()));
      const [rotated] = await Promise.all([
        app.files.rotate(),
        (async () => {
          for (let n = 0; n < 100; n++) {
            say(`meanwhile ${round} ${n}`);
            await new Promise((resolve) => setImmediate(resolve));
          }
        })(),
      ]);
      expect(rotated).toEqual([
        { path: join(app.dir, "web.log"), aside: join(app.dir, "web.log.1") },
      ]);
    }
    await Promise.all(writers.map(({ log }) => log.flush()));
    expect((await readdir(app.dir)).sort()).toEqual(names);
    expect((await app.texts()).sort()).toEqual(wanted.sort());
    expect(app.troubles).toEqual([]);
  });
});

describe("a writer", () => {
  it("is one for its process, through whatever it is reached, and is forgotten when it is closed", async () => {
    const app = await Application.open();
    app.startRotator();
    const { hub, log } = await app.writer();
    const through = new Proxy({} as Client, {
      get: (_, property) => Reflect.get(hub, property, hub),
    });
    symlinkSync(app.dir, join(app.dir, "link"));
    const other = app.logger(through, { dir: join(app.dir, "link"), maxFiles: 3 });
    await waitFor(() => app.files.status()[0]?.policy?.policy.keep.files === 3, {
      what: "the stricter of both",
    });
    expect(app.writers()).toEqual([String(hub.location.id)]);
    await log.close();
    await app.test.settled();
    expect(app.writers()).toHaveLength(1);
    other.info("still");
    await other.close();
    expect(app.writers()).toEqual([]);
    // Its topics can be handled again.
    await app.logger(hub).flush();
    await app.registered(1);
  });

  it("is dropped when it leaves the hub", async () => {
    const app = await Application.open();
    app.startRotator();
    const { hub } = await app.writer();
    await app.writer();
    await app.registered(2);
    await hub.close();
    await app.registered(1);
  });

  it("is asked also when it takes no work", async () => {
    const app = await Application.open();
    app.startRotator();
    const { hub, log } = await app.writer();
    await app.registered(1);
    hub.setReady(false);
    await app.test.settled();
    log.info("old");
    await log.flush();
    await app.files.rotate();
    log.info("new");
    await log.flush();
    expect(readFileSync(join(app.dir, "web.log"), "utf8")).toContain("new");
  });

  it("may be in the master itself", async () => {
    const app = await Application.open();
    app.startRotator();
    const log = app.logger(app.test.hub.client);
    await app.registered(1);
    log.info("one");
    await log.flush();
    expect((await app.files.rotate())[0]?.aside).toBe(join(app.dir, "web.log.1"));
  });

  it("writes on while nobody rotates, says so, and registers when somebody does", async () => {
    const app = await Application.open();
    const { log } = await app.writer();
    log.info("alone");
    expect(await log.flush()).toBe(true);
    await waitFor(() => app.troubles.length > 0, { what: "it to be told", timeoutMs: 10_000 });
    expect(app.troubles.map(({ code }) => code)).toEqual(["ELPIS_LOGS_NO_ROTATOR"]);
    app.startRotator();
    await waitFor(() => app.writers().length === 1, { what: "a writer", timeoutMs: 10_000 });
  });

  it("hears why it may not be rotated, and writes on", async () => {
    const app = await Application.open();
    app.startRotator();
    const { dir } = app;
    chmodSync(dir, 0o777);
    const { log } = await app.writer();
    log.info("on");
    expect(await log.flush()).toBe(true);
    await waitFor(() => app.troubles.length > 0, { what: "it to be told" });
    expect(app.troubles[0]?.code).toBe("ELPIS_LOGS_UNSAFE_DIR");
    chmodSync(dir, 0o700);
    await waitFor(() => app.writers().length === 1, { what: "another attempt" });
  });
});

it("goes on with another rotator: it calls who writes", async () => {
  const app = await Application.open();
  app.startRotator();
  const { log } = await app.writer();
  app.logger(app.test.hub.client);
  await app.registered(2);
  await app.stopRotator();
  log.info("between");
  await log.flush();
  app.startRotator();
  await app.registered(2);
  expect((await app.files.rotate())[0]?.aside).toBe(join(app.dir, "web.log.1"));
});

it("keeps loggers of one hub apart by name", async () => {
  const app = await Application.open();
  app.startRotator();
  const hub = await app.test.join({ name: "web" });
  const loggers = createLoggerService({ dir: app.dir, hub, type: "size" });
  loggers.createLogger("web").info("one");
  loggers.createLogger("jobs").info("two");
  await waitFor(() => app.files.status().length === 2, { what: "both files" });
  const path = join(app.dir, "jobs.log");
  await loggers.get("jobs")?.flush();
  expect(await app.files.rotate(path)).toEqual([{ path, aside: `${path}.1` }]);
  await loggers.close();
  expect((await app.texts()).sort()).toEqual(["one", "two"]);
});
