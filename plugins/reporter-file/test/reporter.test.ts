import { execFileSync } from "node:child_process";
import { appendFileSync, truncateSync } from "node:fs";
import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { formatIssue, type Reporter } from "@elpis/api";
import { tempDir, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { dayOf } from "../src/aside.ts";
import { file } from "../src/index.ts";
import { OpenFile } from "../src/open-file.ts";
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
      [`${before.split("\n")[1]}`.slice(0, 40), 0],
      ['{"signal":"event"}', 1],
      [`{"signal":"${"x".repeat(200_000)}`, 0],
      ['{"sig', 0],
    ] as const) {
      await writeFile(path, before + torn);
      await (await open({ path })).report(batchOf({ events: [EVENT] }), call());
      expect(await linesIn(path)).toHaveLength(2 + lines + 2);
    }
    await writeFile(path, '{"signal":');
    await (await open({ path })).report(batchOf({ events: [EVENT] }), call());
    expect(await linesIn(path)).toHaveLength(2);
  });

  it("cuts nothing that is not its own", async () => {
    const path = await place();
    await mkdir(join(path, ".."));
    for (const foreign of ["notes of mine", `{"torn":${"x".repeat(5_000_000)}`]) {
      await writeFile(path, foreign);
      await (await open({ path })).report(batchOf({ events: [EVENT] }), call());
      const text = await readFile(path, "utf8");
      expect(text.startsWith(`${foreign}\n{"signal":"resource"`)).toBe(true);
    }
  });

  it("does not read a file of many gigabytes", async () => {
    const path = await place();
    await mkdir(join(path, ".."));
    await writeFile(path, "");
    await truncate(path, 2 ** 40);
    const began = performance.now();
    const reporter = await open({ path, size: false });
    await reporter.report(batchOf({ events: [EVENT] }), call());
    expect(performance.now() - began).toBeLessThan(2000);
    expect((await stat(path)).size).toBeGreaterThan(2 ** 40);
  });
});

describe("somebody else", () => {
  it("may write to the file as well: nothing of that is cut", async () => {
    const path = await place();
    const mine = await OpenFile.open(path, NOON);
    const lines = (no: number): Buffer => Buffer.from(`{"mine":${no}}\n`);
    // The call is over between what is written and the end of that.
    const overAfter = (write: () => void): AbortSignal => {
      let looks = 0;
      const throwIfAborted = (): void => {
        looks += 1;
        if (looks < 2) return;
        write();
        throw new Error("over");
      };
      return { throwIfAborted } as AbortSignal;
    };
    await mine.append(lines(1), AbortSignal.timeout(10_000));
    await appendFile(path, '{"other":1}\n');
    await expect(
      mine.append(
        lines(2),
        overAfter(() => {}),
      ),
    ).rejects.toThrow("over");
    expect(await linesIn(path)).toEqual([{ mine: 1 }, { other: 1 }]);
    // Behind what somebody else has written it stays, and is written twice.
    const beside = overAfter(() => appendFileSync(path, '{"other":2}\n{"torn'));
    await expect(mine.append(lines(3), beside)).rejects.toThrow("over");
    await mine.append(lines(3), AbortSignal.timeout(10_000));
    await mine.close();
    expect(await readFile(path, "utf8")).toBe(
      '{"mine":1}\n{"other":1}\n{"mine":3}\n{"other":2}\n{"torn\n{"mine":3}\n',
    );
  });

  it("may have written when the disk was full: the torn line is ended", async (context) => {
    const path = await smallDisk(context);
    const reporter = await open({ path, size: false });
    await reporter.report(batchOf(eventsNo(0, 10)), call());
    const mine = await OpenFile.open(path, NOON);
    await appendFile(path, '{"other":1}\n');
    await expect(
      mine.append(Buffer.alloc(400_000, "x"), AbortSignal.timeout(10_000)),
    ).rejects.toMatchObject({ code: "ENOSPC" });
    await mine.close();
    await reporter.report(batchOf(eventsNo(10, 10)), call());
    const lines = await linesIn(path);
    expect(lines.filter(({ signal }) => signal === "event")).toHaveLength(20);
    expect(lines.filter(({ other }) => other === 1)).toHaveLength(1);
  });

  it("may copy the file and empty it: it begins anew, and has no holes", async () => {
    const path = await place();
    const reporter = await open({ path });
    await reporter.report(batchOf(eventsNo(0, 50)), call());
    await copyFile(path, `${path}.1`);
    await truncate(path, 0);
    await reporter.report(batchOf(eventsNo(50, 1)), call());
    expect((await linesIn(path)).map(({ signal }) => signal)).toEqual(["resource", "event"]);
    // Emptied while a call is under way that is given up.
    await reporter.report(batchOf(eventsNo(51, 50)), call());
    const abort = new AbortController();
    const report = reporter.report(batchOf(eventsNo(0, 50)), call(abort.signal));
    truncateSync(path, 0);
    abort.abort();
    await expect(report).rejects.toMatchObject({ name: "AbortError" });
    await delivered(reporter, batchOf(eventsNo(99, 1)));
    expect(await readFile(path, "utf8")).not.toContain("\0");
    expect((await linesIn(path)).map(({ signal }) => signal)).toEqual(["resource", "event"]);
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

  it("goes on in the same file when it cannot be put aside, says so once, and tries again", async () => {
    // The name that it would have then is longer than a file system takes.
    const path = join(await place(), "..", "n".repeat(250));
    const said: string[] = [];
    const reporter = await open({ path, size: 500 }, said);
    for (const minute of [0, 1, 6, 12]) {
      const time = NOON + minute * 60_000;
      await reporter.report(batchOf({ ...eventsNo(minute, 3), time }), call());
    }
    expect(await linesIn(path)).toHaveLength(1 + 4 * 3);
    expect(said).toEqual(["the file cannot be put aside, and is written on"]);
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
    // The disk is at it still. What is refused does not wait in the memory.
    await expect(reporter.report(batch, call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_RETRY_LATER",
      message: "the disk is at the batch before",
    });
    await delivered(reporter, batch);
    expect(await linesIn(path)).toHaveLength(2 + 1000);
  });

  it("are written whole when there are two reporters", async () => {
    const path = await place();
    const both = [await open({ path }), await open({ path })];
    await Promise.all(
      both.map(async (reporter) => {
        for (let no = 0; no < 20; no++) await reporter.report(batchOf(eventsNo(no, 1)), call());
      }),
    );
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
    [{ path: "a", toString: 1 }, "options.toString: unknown key"],
    ["a", "expected an object"],
  ])("refuses %j", async (options, expected) => {
    const { issues = [] } = await schema["~standard"].validate(options);
    expect(issues.map((issue) => formatIssue(issue)).join()).toContain(expected);
  });
});

/** Reports as soon as what went before is over. */
async function delivered(reporter: Reporter, batch: ReturnType<typeof batchOf>): Promise<void> {
  const taken = (): Promise<boolean> =>
    Promise.resolve(reporter.report(batch, call())).then(
      () => true,
      () => false,
    );
  await waitFor(taken, { what: "the disk" });
}

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
