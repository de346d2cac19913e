import { execFileSync } from "node:child_process";
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { formatIssue, type Reporter } from "@elpis/api";
import { tempDir } from "@elpis/testing";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { dayOf } from "../src/aside.ts";
import { file } from "../src/index.ts";
import { type FileOptions, schema } from "../src/options.ts";
import { batchOf, call, context, DAY_MS, ERROR, EVENT, NOON, POINTS, SPAN } from "./batches.ts";

const ALL = { points: POINTS, spans: [SPAN], errors: [ERROR], events: [EVENT] };

async function place(): Promise<string> {
  const dir = await tempDir();
  onTestFinished(dir.remove);
  return join(dir.path, "deep", "telemetry.jsonl");
}

async function open(options: FileOptions, said: string[] = []): Promise<Reporter> {
  const reporter = await file.definition.open(options, context(said));
  onTestFinished(async () => reporter.close?.());
  return reporter;
}

/** The lines of a file; fails when one is torn. */
async function linesIn(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, "utf8");
  if (text === "") return [];
  expect(text.endsWith("\n")).toBe(true);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function namesBeside(path: string): Promise<string[]> {
  return (await readdir(join(path, ".."))).sort();
}

const eventsNo = (from: number, count: number): object => ({
  events: Array.from({ length: count }, (_, at) => ({ ...EVENT, tags: { no: from + at } })),
});

describe("a file of lines", () => {
  it("has all four signals, whole, and what they are of", async () => {
    const path = await place();
    const reporter = await open({ path });
    await reporter.report(batchOf(ALL), call());
    await reporter.report(batchOf({ events: [EVENT] }), call());
    expect(await linesIn(path)).toEqual([
      { signal: "resource", resource: { "service.name": "shop" } },
      ...POINTS.map((point) => ({ signal: "metric", ...point })),
      { signal: "span", ...SPAN },
      { signal: "error", ...ERROR },
      { signal: "event", ...EVENT },
      { signal: "event", ...EVENT },
    ]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("says when it is of something else", async () => {
    const path = await place();
    const reporter = await open({ path });
    for (const name of ["shop", "shop", "mail"]) {
      await reporter.report(
        batchOf({ events: [EVENT], resource: { "service.name": name } }),
        call(),
      );
    }
    expect((await linesIn(path)).map(({ signal }) => signal)).toEqual([
      ...["resource", "event", "event", "resource", "event"],
    ]);
  });

  it("is not made for an empty batch", async () => {
    const path = await place();
    await (await open({ path })).report(batchOf(), call());
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("has only what is wanted", async () => {
    const reporter = await open({ path: await place(), signals: ["errors"] });
    expect(reporter.wants.signals).toEqual(["errors"]);
  });

  it("goes on where it ended, and mends what was torn", async () => {
    const path = await place();
    await (await open({ path })).report(batchOf({ events: [EVENT] }), call());
    const before = await readFile(path, "utf8");
    for (const [torn, lines] of [
      [before.slice(-30, -5), 0],
      ['{"signal":"event"}', 1],
      ["x".repeat(200_000), 0],
    ] as const) {
      await writeFile(path, before + torn);
      await (await open({ path })).report(batchOf({ events: [EVENT] }), call());
      expect(await linesIn(path)).toHaveLength(2 + lines + 2);
    }
    await writeFile(path, '{"torn":');
    await (await open({ path })).report(batchOf({ events: [EVENT] }), call());
    expect(await linesIn(path)).toHaveLength(2);
  });
});

describe("rotation", () => {
  it("puts a file aside before it gets too large, keeps so many, and loses no line of those", async () => {
    const path = await place();
    const reporter = await open({ path, size: 2000, keep: 3 });
    for (let no = 0; no < 100; no += 5) await reporter.report(batchOf(eventsNo(no, 5)), call());
    const names = await namesBeside(path);
    expect(names).toHaveLength(4);
    const day = dayOf(NOON);
    const numbers: unknown[] = [];
    const kept = names
      .slice(1)
      .sort((one, other) => Number(one.split(".").at(-1)) - Number(other.split(".").at(-1)));
    for (const name of [...kept, "telemetry.jsonl"]) {
      if (name !== "telemetry.jsonl")
        expect(name).toMatch(new RegExp(`^telemetry\\.jsonl\\.${day}\\.\\d+$`));
      expect((await stat(join(path, "..", name))).size).toBeLessThanOrEqual(2000);
      const [head, ...lines] = await linesIn(join(path, "..", name));
      expect(head).toMatchObject({ signal: "resource" });
      numbers.push(...lines.map(({ tags }) => (tags as { no: number }).no));
    }
    expect(numbers).toEqual(
      Array.from({ length: numbers.length }, (_, at) => 100 - numbers.length + at),
    );
    expect(numbers.length).toBeGreaterThan(40);
  });

  it("puts a file aside when its day is over, once, also over a restart", async () => {
    const path = await place();
    const first = await open({ path });
    await first.report(batchOf({ events: [EVENT] }), call());
    await first.report(batchOf({ events: [EVENT], time: NOON + 11.9 * 3_600_000 }), call());
    await first.close?.();
    await utimes(path, NOON / 1000, NOON / 1000);
    const second = await open({ path });
    await second.report(batchOf({ events: [EVENT], time: NOON + DAY_MS }), call());
    await second.report(batchOf({ events: [EVENT], time: NOON + DAY_MS + 1 }), call());
    await second.report(batchOf({ events: [EVENT], time: NOON }), call());
    expect(await namesBeside(path)).toEqual(["telemetry.jsonl", `telemetry.jsonl.${dayOf(NOON)}`]);
    expect(await linesIn(path)).toHaveLength(4);
    await second.report(batchOf({ events: [EVENT], time: NOON + 2 * DAY_MS }), call());
    expect(await namesBeside(path)).toContain(`telemetry.jsonl.${dayOf(NOON + DAY_MS)}`);
  });

  it("stays in one file where nothing is asked for, and replaces no file", async () => {
    const path = await place();
    await mkdir(join(path, ".."));
    await writeFile(`${path}.${dayOf(Date.now())}`, "mine\n");
    await writeFile(`${path}.notes`, "mine\n");
    const whole = await open({ path, size: false, daily: false });
    await whole.report(batchOf(eventsNo(0, 100)), call());
    await whole.report(batchOf({ events: [EVENT], time: NOON + 9 * DAY_MS }), call());
    expect(await namesBeside(path)).toHaveLength(3);
    const small = await open({ path, size: 1000 });
    await small.report(batchOf({ events: [EVENT] }), call());
    expect(await namesBeside(path)).toHaveLength(4);
    expect(await readFile(`${path}.${dayOf(Date.now())}`, "utf8")).toBe("mine\n");
    expect(await readFile(`${path}.notes`, "utf8")).toBe("mine\n");
  });

  it("keeps none, or all", async () => {
    for (const [keep, count] of [
      [0, 1],
      [false, 20],
    ] as const) {
      const path = await place();
      const reporter = await open({ path, size: 100, keep });
      for (let no = 0; no < 20; no++) await reporter.report(batchOf(eventsNo(no, 1)), call());
      expect(await namesBeside(path)).toHaveLength(count);
    }
  });

  it("goes on in a new file when somebody moves it away", async () => {
    const path = await place();
    const reporter = await open({ path });
    await reporter.report(batchOf({ events: [EVENT] }), call());
    await rename(path, `${path}.old`);
    await reporter.report(batchOf({ events: [EVENT] }), call());
    await rm(join(path, ".."), { recursive: true });
    await reporter.report(batchOf({ events: [EVENT] }), call());
    expect(await linesIn(path)).toHaveLength(2);
  });

  it("says what cannot be removed", async () => {
    const path = await place();
    await mkdir(`${path}.2026-11-01`, { recursive: true });
    const said: string[] = [];
    await (await open({ path, keep: 0 }, said)).report(batchOf({ events: [EVENT] }), call());
    expect(said).toEqual(["an old file cannot be removed"]);
    expect(await linesIn(path)).toHaveLength(2);
  });
});

describe("a disk in trouble", () => {
  it("is tried again later, and nothing is torn when it is full", async (context) => {
    const path = await smallDisk(context);
    const reporter = await open({ path, size: false });
    await reporter.report(batchOf(eventsNo(0, 10)), call());
    const before = await readFile(path, "utf8");
    const large = batchOf(eventsNo(10, 5000));
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(reporter.report(large, call())).rejects.toMatchObject({
        code: "ELPIS_REPORTER_RETRY_LATER",
        message: "the file cannot be written: ENOSPC",
      });
      expect(await readFile(path, "utf8")).toBe(before);
    }
    await reporter.report(batchOf(eventsNo(10, 10)), call());
    expect(await linesIn(path)).toHaveLength(21);
  });

  it("is tried again later when the file cannot be opened, and is written when it can", async () => {
    const path = await place();
    await writeFile(join(path, ".."), "no folder");
    const reporter = await open({ path });
    const batch = batchOf({ events: [EVENT] });
    await expect(reporter.report(batch, call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
    });
    await rm(join(path, ".."));
    await reporter.report(batch, call());
    expect(await linesIn(path)).toHaveLength(2);
  });

  it("is tried again later when the path is no file", async () => {
    for (const path of ["/dev/null", "/dev/full"]) {
      const reporter = await open({ path });
      await expect(reporter.report(batchOf(ALL), call())).rejects.toMatchObject({
        message: "the file cannot be written: ENOTSUP",
      });
    }
  });

  it("loses nothing when a file cannot be put aside", async () => {
    // The name that it would have then is longer than a file system takes.
    const path = join(await place(), "..", "n".repeat(250));
    const reporter = await open({ path, size: 500 });
    await reporter.report(batchOf(eventsNo(0, 3)), call());
    const before = await linesIn(path);
    await expect(reporter.report(batchOf(eventsNo(3, 3)), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
      message: "the file cannot be written: ENAMETOOLONG",
    });
    expect(await linesIn(path)).toEqual(before);
  });
});

describe("calls that are over", () => {
  it("leave nothing behind", async () => {
    const path = await place();
    const reporter = await open({ path });
    await reporter.report(batchOf({ events: [EVENT] }), call());
    await expect(reporter.report(batchOf(ALL), call(AbortSignal.abort()))).rejects.toMatchObject({
      name: "AbortError",
    });
    const abort = new AbortController();
    const batch = batchOf(eventsNo(0, 1000));
    const report = reporter.report(batch, call(abort.signal));
    abort.abort();
    await expect(report).rejects.toMatchObject({ name: "AbortError" });
    await reporter.report(batch, call());
    expect(await linesIn(path)).toHaveLength(2 + 1000);
  });

  it("are written one after the other, whoever else appends", async () => {
    const path = await place();
    const [one, other] = [await open({ path }), await open({ path })];
    await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        (at % 2 === 0 ? one : other).report(batchOf(eventsNo(at, 1)), call()),
      ),
    );
    await appendFile(path, "");
    expect((await linesIn(path)).filter(({ signal }) => signal === "event")).toHaveLength(40);
  });

  it("may come after the end, and the end twice", async () => {
    const path = await place();
    const reporter = await open({ path });
    await reporter.close?.();
    await reporter.report(batchOf({ events: [EVENT] }), call());
    await reporter.close?.();
    await reporter.close?.();
    expect(await linesIn(path)).toHaveLength(2);
  });
});

describe("options of file", () => {
  it.each([
    { path: "a.jsonl" },
    { path: "/var/log/a", size: "50mb", daily: false, keep: 0, signals: ["metrics"] },
    { path: "a", size: false, keep: false },
  ])("takes %j", async (options) => {
    expect(await schema["~standard"].validate(options)).toEqual({ value: options });
  });

  it.each<[unknown, string]>([
    [{}, "options.path: expected the path of a file"],
    [{ path: "" }, "options.path"],
    [{ path: "logs/" }, "options.path"],
    [{ path: "a", size: 0 }, "options.size"],
    [{ path: "a", size: true }, "options.size"],
    [{ path: "a", daily: "no" }, "options.daily"],
    [{ path: "a", keep: -1 }, "options.keep"],
    [{ path: "a", signals: [] }, "options.signals"],
    [{ path: "a", signals: ["logs"] }, "options.signals"],
    [{ path: "a", sise: 1 }, "options.sise: unknown key"],
    ["a", "expected an object"],
  ])("refuses %j", async (options, expected) => {
    const { issues = [] } = await schema["~standard"].validate(options);
    expect(issues.map((issue) => formatIssue(issue)).join()).toContain(expected);
  });
});

/** A file on a disk of 256 KiB. */
async function smallDisk(context: TestContext): Promise<string> {
  const dir = await tempDir();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k,mode=0700", "elpis", dir.path], {
      stdio: "ignore",
    });
  } catch {
    await dir.remove();
    const reason = "a small disk cannot be mounted";
    console.log(`skipped: ${reason}`);
    return context.skip(reason);
  }
  onTestFinished(async () => {
    execFileSync("umount", [dir.path]);
    await chmod(dir.path, 0o700);
    await dir.remove();
  });
  return join(dir.path, "telemetry.jsonl");
}
