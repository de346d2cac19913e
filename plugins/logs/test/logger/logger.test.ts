import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  createLogger,
  createLoggerService,
  elpisLogger,
  type FileLoggerOptions,
} from "../../src/logger.ts";
import { linesOf, place } from "./support.ts";

describe("a logger", () => {
  it("writes what pino writes", async () => {
    const { dir, logger } = await place();
    const log = logger({ level: "debug", redact: ["password"], pino: { base: { app: "shop" } } });
    log.info("text");
    log.debug({ sku: 1, password: "secret" }, "sold %d", 3);
    log.error(new Error("broken"));
    log.child({ request: 7 }).warn("slow");
    log.trace("not this one");
    expect(await log.flush()).toBe(true);
    expect(log.path).toBe(join(dir, "web.log"));
    expect(linesOf(log.path)).toMatchObject([
      { level: 30, app: "shop", msg: "text" },
      { level: 20, sku: 1, password: "[Redacted]", msg: "sold 3" },
      { level: 50, err: { type: "Error", message: "broken" }, msg: "broken" },
      { level: 40, request: 7, msg: "slow" },
    ]);
    expect(log.lost).toBe(0);
  });

  it("keeps file and folder to this user", async () => {
    const { dir, logger } = await place();
    const log = logger({ dir: join(dir, "a/b") });
    await log.flush();
    expect(statSync(log.path).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "a")).mode & 0o777).toBe(0o700);
  });

  it("has children with levels of their own, and a level that can be changed", async () => {
    const { logger } = await place();
    const log = logger({ level: "warn" });
    const child = log.child({ part: "a" }, { level: "debug" });
    child.debug("by the child");
    log.info("not yet");
    log.level = "info";
    log.info("now");
    expect(child.lost).toBe(0);
    expect(await child.flush()).toBe(true);
    expect(linesOf(child.path).map(({ msg }) => msg)).toEqual(["by the child", "now"]);
  });

  it("takes levels of one's own", async () => {
    const { logger } = await place();
    const log = logger({ level: "notice", pino: { customLevels: { notice: 35 } } });
    (log as unknown as { notice(text: string): void }).notice("seen");
    log.info("not seen");
    await log.flush();
    expect(linesOf(log.path)).toMatchObject([{ level: 35, msg: "seen" }]);
  });

  it("writes what is fatal at once", async () => {
    const { logger } = await place();
    const log = logger();
    await log.flush();
    log.info("before");
    log.fatal("the end");
    expect(linesOf(log.path).map(({ msg }) => msg)).toEqual(["before", "the end"]);
    await log.flush();
    expect(linesOf(log.path)).toHaveLength(2);
  });

  it("writes what is more than it keeps before it goes on, and loses nothing", async () => {
    const { logger } = await place();
    const log = logger({ buffer: "8kb" });
    for (let n = 0; n < 2000; n++) log.info({ n }, "in one turn");
    await log.flush();
    expect(linesOf(log.path).map(({ n }) => n)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
    expect(log.lost).toBe(0);
  });

  it("opens the file anew when it is told to", async () => {
    const { logger } = await place();
    const log = logger();
    log.info("one");
    await log.flush();
    renameSync(log.path, `${log.path}.old`);
    await log.reopen();
    log.info("two");
    await log.flush();
    expect(linesOf(`${log.path}.old`).map(({ msg }) => msg)).toEqual(["one"]);
    expect(linesOf(log.path).map(({ msg }) => msg)).toEqual(["two"]);
  });

  it("is over after close, counts what comes then, and can be made again", async () => {
    const { dir, troubles } = await place();
    const loggers = createLoggerService({ dir });
    const log = loggers.createLogger("web");
    log.info("one");
    await log.close();
    await log.close();
    log.info("late");
    expect(log.lost).toBe(1);
    expect(await log.flush()).toBe(true);
    const again = loggers.createLogger("web");
    expect(again).not.toBe(log);
    again.info("two");
    await loggers.close();
    expect(linesOf(log.path).map(({ msg }) => msg)).toEqual(["one", "two"]);
    expect(troubles).toEqual([]);
  });

  it("tells pino's callers of flush when it is done", async () => {
    const { logger } = await place();
    const log = logger();
    log.info("one");
    const error = await new Promise((resolve) => void log.flush(resolve));
    expect([error, linesOf(log.path).length]).toEqual([undefined, 1]);
  });
});

describe("lines for people", () => {
  it("have time, level, process, text, fields, and the stack of an error", async () => {
    const { logger } = await place();
    const log = logger({ format: "text" });
    log.info({ sku: 1 }, "sold");
    log.child({ request: 7 }).warn("two\nlines");
    log.error(new Error("broken"));
    await log.flush();
    const [sold, two, rest, error, ...stack] = readFileSync(log.path, "utf8").trimEnd().split("\n");
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
    expect(sold).toMatch(new RegExp(`^${time} INFO  \\[${process.pid}\\] sold {"sku":1}$`));
    expect(two).toMatch(/ WARN {2}\[\d+\] two$/);
    expect(rest).toBe('    lines {"request":7}');
    expect(error).toMatch(/ ERROR \[\d+\] broken {"err":{"type":"Error","message":"broken"}}$/);
    expect(stack[0]).toBe("    Error: broken");
    expect(stack.every((line) => line.startsWith("    "))).toBe(true);
  });
});

describe("standard output", () => {
  it("gets lines of its own level, whatever the file gets", async () => {
    const { logger } = await place();
    const printed: string[] = [];
    const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    const quiet = logger({ level: "info", stdoutLevel: "warn" });
    quiet.info("file");
    quiet.warn("both");
    const loud = logger({ level: "info", stdoutLevel: "debug" }, "loud");
    loud.debug("printed");
    loud.info("everywhere");
    loud.child({}, { level: "trace" }).trace("by a level of its own");
    await Promise.all([quiet.flush(), loud.flush()]);
    spy.mockRestore();
    const texts = printed.map((line) => JSON.parse(line).msg);
    expect(texts).toEqual(["both", "printed", "everywhere"]);
    expect(linesOf(quiet.path).map(({ msg }) => msg)).toEqual(["file", "both"]);
    expect(linesOf(loud.path).map(({ msg }) => msg)).toEqual([
      "everywhere",
      "by a level of its own",
    ]);
  });
});

describe("a service", () => {
  it("gives the same logger for the same name and folder, and knows no other's", async () => {
    const { dir } = await place();
    const loggers = createLoggerService({ dir });
    const log = loggers.createLogger("web", { level: "warn" });
    expect(loggers.createLogger("web", { level: "warn" })).toBe(log);
    expect(loggers.get("web")).toBe(log);
    expect(loggers.get("web", join(dir, "sub"))).toBeUndefined();
    const other = loggers.createLogger("web", { dir: join(dir, "sub") });
    expect(loggers.get("web", join(dir, "sub"))).toBe(other);
    expect(createLoggerService({ dir }).get("web")).toBeUndefined();
    expect(() => loggers.createLogger("web")).toThrow(
      expect.objectContaining({ code: "ELPIS_LOGS_DUPLICATE" }),
    );
    await loggers.close();
    expect(() => loggers.createLogger("jobs")).toThrow(
      expect.objectContaining({ code: "ELPIS_LOGS_CLOSED" }),
    );
  });

  it("refuses what makes no sense, before anything is made", async () => {
    const { dir } = await place();
    const wrong: Array<[string, FileLoggerOptions]> = [
      ["", {}],
      ["../web", {}],
      ["a/b", {}],
      [".hidden", {}],
      ["x".repeat(65), {}],
      ["web", { level: "loud" }],
      ["web", { stdoutLevel: "loud" }],
      ["web", { type: "weekly" as "date" }],
      ["web", { every: "week" as "day" }],
      ["web", { type: "size", every: "day" }],
      ["web", { maxFileSize: "big" }],
      ["web", { maxFiles: 0 }],
      ["web", { maxFiles: 1.5 }],
      ["web", { maxAge: "soon" }],
      ["web", { rotateDuration: 0 }],
      ["web", { buffer: -1 }],
      ["web", { format: "xml" as "json" }],
      ["web", { compress: 1 as unknown as boolean }],
      ["web", { maxSize: 1 } as FileLoggerOptions],
      ["web", { redact: [1] as unknown as string[] }],
    ];
    for (const [name, options] of wrong) {
      const make = (): unknown => createLogger(name, { dir: join(dir, "none"), ...options });
      expect(make, JSON.stringify([name, options])).toThrow(
        expect.objectContaining({ code: "ELPIS_LOGS_BAD_ARGUMENT" }),
      );
    }
    expect(statSync(join(dir, "none"), { throwIfNoEntry: false })).toBeUndefined();
  });

  it("refuses what is no file", async () => {
    const { dir } = await place();
    mkdirSync(join(dir, "folder.log"));
    symlinkSync("/dev/null", join(dir, "link.log"));
    for (const name of ["folder", "link"]) {
      expect(() => createLogger(name, { dir })).toThrow(
        expect.objectContaining({ code: "ELPIS_LOGS_NOT_A_FILE" }),
      );
    }
  });
});

it("serves what wants a logger of Elpis", async () => {
  const { logger } = await place();
  const log = logger({ level: "debug" });
  const elpis = elpisLogger(log);
  elpis.debug("100 %d");
  elpis.child({ plugin: "cache" }).warn("slow", { ms: 7 });
  elpis.error("broken", { code: "ELPIS_HUB_CLOSED" });
  elpis.info("well");
  await log.flush();
  expect(linesOf(log.path)).toMatchObject([
    { level: 20, msg: "100 %d" },
    { level: 40, plugin: "cache", ms: 7, msg: "slow" },
    { level: 50, code: "ELPIS_HUB_CLOSED", msg: "broken" },
    { level: 30, msg: "well" },
  ]);
});
