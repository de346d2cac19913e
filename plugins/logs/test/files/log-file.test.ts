import { appendFile, mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { seeded, type TempDir, tempDir, waitFor } from "@elpis/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LogFile, type LogFileOptions } from "../../src/files/log-file.ts";
import { allLines, contents, numbered, policy } from "./support.ts";

let temp: TempDir;
let dir: string;
let path: string;
let file: LogFile;

beforeEach(async () => {
  temp = await tempDir();
  dir = temp.path;
  path = join(dir, "web.log");
});

afterEach(async () => {
  await file.close();
  await temp.remove();
});

function open(options: Partial<LogFileOptions> = {}): LogFile {
  file = new LogFile({ path, ...options });
  return file;
}

function writeAll(lines: readonly string[]): void {
  for (const line of lines) file.write(line, 1);
}

const text = (): Promise<string> => readFile(path, "utf8");

describe("writing", () => {
  test("is in order, makes the folder, and keeps both to their owner", async () => {
    path = join(dir, "a", "b", "web.log");
    open();
    writeAll(numbered(0, 1000));
    await file.settled();
    expect(await text()).toBe(numbered(0, 1000).join(""));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, "a"))).mode & 0o777).toBe(0o700);
    expect([file.lost, file.waitingBytes]).toEqual([0, 0]);
  });

  test("goes on where an earlier run ended", async () => {
    for (const line of ["one\n", "two\n"]) {
      open().write(line, 1);
      await file.close();
    }
    expect(await text()).toBe("one\ntwo\n");
  });

  test("does not go on in the middle of a line that a kill has cut off", async () => {
    await writeFile(path, "whole\nhal");
    open().write("next\n", 1);
    await file.settled();
    expect(await text()).toBe("whole\nhal\nnext\n");
  });

  test("several lines at once, of any letters", async () => {
    open().write("ünï\n€\n", 2);
    await file.settled();
    expect(await text()).toBe("ünï\n€\n");
  });

  test("nothing makes nothing", async () => {
    open().tick();
    await file.settled();
    await file.close();
    expect(await contents(dir)).toEqual({});
  });

  test("after it is closed, lines are lost, and counted", async () => {
    open();
    await file.close();
    file.write("a\nb\n", 2);
    await file.settled();
    expect(file.lost).toBe(2);
  });
});

describe("whoever can wait", () => {
  test("is asked to, from some size on, and nothing is lost", async () => {
    open({ fullBytes: 80 });
    const pauses = numbered(10, 30).map((line) => {
      file.write(line, 1);
      return file.full;
    });
    expect(pauses.map((pause) => pause !== undefined)).toEqual(
      numbered(10, 30).map((_, at) => at >= 10),
    );
    await Promise.all(pauses);
    expect(file.full).toBeUndefined();
    await file.settled();
    expect(await text()).toBe(numbered(10, 30).join(""));
  });

  test("goes on although others write little but steadily", async () => {
    open({ fullBytes: 1024 }).write(`${"x".repeat(2000)}\n`, 1);
    let isWaiting = true;
    void file.full?.then(() => {
      isWaiting = false;
    });
    for (let turns = 0; isWaiting && turns < 100_000; turns += 1) {
      file.write("a\n", 1);
      await turn();
    }
    expect(isWaiting).toBe(false);
  });

  test("does not wait for ever for a file that is closed", async () => {
    open({ fullBytes: 10 });
    writeAll(numbered(0, 10));
    const { full } = file;
    await file.close();
    await full;
  });
});

describe("by size", () => {
  test("no file is larger than allowed, no line is cut, and only the oldest are removed", async () => {
    open({ rotation: policy({ maxBytes: 1000, keep: { files: 2 } }) });
    for (let at = 0; at < 400; at += 7) {
      file.write(numbered(at, Math.min(400, at + 7)).join(""), Math.min(400, at + 7) - at);
      await turn();
    }
    await file.settled();
    await waitFor(async () => Object.keys(await contents(dir)).length === 3, { what: "two kept" });
    const all = Object.values(await contents(dir));
    for (const one of all) expect(one.length).toBeLessThanOrEqual(1000);
    const kept = await allLines(path);
    expect(kept).toEqual(numbered(400 - kept.length, 400).map((line) => line.trimEnd()));
    expect(kept.length).toBeGreaterThan(200);
  });

  test("a line that is larger than a file may be has one of its own", async () => {
    open({ rotation: policy({ maxBytes: 10 }) });
    file.write(`a\n${"x".repeat(50)}\nb\n`, 3);
    await file.settled();
    expect(await contents(dir)).toEqual({
      ...{ "web.log": "b\n", "web.log.1": `${"x".repeat(50)}\n`, "web.log.2": "a\n" },
    });
  });

  test("what was put aside is compressed while lines go on", async () => {
    const rotated: string[] = [];
    const rotation = policy({ maxBytes: 1000, compress: true });
    open({ rotation, onRotated: (to) => rotated.push(to) });
    writeAll(numbered(0, 1000));
    await file.settled();
    await waitFor(
      async () =>
        Object.keys(await contents(dir)).filter((name) => /log\.\d+$/.test(name)).length === 0,
      { what: "all to be compressed" },
    );
    expect(await allLines(path)).toEqual(numbered(0, 1000).map((line) => line.trimEnd()));
    expect(rotated.length).toBeGreaterThan(5);
    expect(new Set(rotated)).toEqual(new Set([`${path}.1`]));
  });

  test("in the mode truncate it stays the same file", async () => {
    open({ rotation: policy({ maxBytes: 1000, mode: "truncate" }) }).write("first\n", 1);
    await file.settled();
    const { ino } = await stat(path);
    writeAll(numbered(0, 400));
    await file.settled();
    expect((await stat(path)).ino).toBe(ino);
    expect(await allLines(path)).toEqual([
      "first",
      ...numbered(0, 400).map((line) => line.trimEnd()),
    ]);
  });
});

describe("by time", () => {
  const MIDNIGHT = new Date(2026, 10, 27).getTime();
  const daily = policy({ every: "day" });
  let nowMs = 0;
  const now = (): number => nowMs;

  test("a line before midnight is in yesterday's file, however late it is written", async () => {
    nowMs = MIDNIGHT - 1;
    open({ rotation: daily, now }).write("before\n", 1);
    nowMs = MIDNIGHT;
    file.write("after\n", 1);
    await file.settled();
    expect(await contents(dir)).toEqual({ "web.log": "after\n", "web.log.2026-11-26": "before\n" });
  });

  test("without a line, a look at the clock is enough", async () => {
    nowMs = MIDNIGHT - 1;
    open({ rotation: daily, now }).write("before\n", 1);
    await file.settled();
    nowMs = MIDNIGHT;
    file.tick();
    await file.settled();
    expect(await contents(dir)).toEqual({ "web.log.2026-11-26": "before\n" });
  });

  test("a clock that goes back over midnight and forward again does it once", async () => {
    open({ rotation: daily, now });
    for (const [at, line] of [
      [-1, "a\n"],
      [1, "b\n"],
      [-5000, "c\n"],
      [5000, "d\n"],
    ] as const) {
      nowMs = MIDNIGHT + at;
      file.write(line, 1);
      file.tick();
      await file.settled();
    }
    expect(await contents(dir)).toEqual({ "web.log": "b\nc\nd\n", "web.log.2026-11-26": "a\n" });
  });

  test("the file of an earlier run belongs to its day", async () => {
    await writeFile(path, "old\n");
    await utimes(path, 0, MIDNIGHT / 1000 - 3 * 86_400);
    nowMs = MIDNIGHT;
    open({ rotation: daily, now }).write("new\n", 1);
    await file.settled();
    expect(await contents(dir)).toEqual({ "web.log": "new\n", "web.log.2026-11-24": "old\n" });
  });
});

describe("when it is asked for", () => {
  test("it is put aside behind what was written", async () => {
    open().write("one\n", 1);
    const first = file.rotate();
    file.write("two\n", 1);
    expect([await first, await file.rotate(), await file.rotate()]).toEqual([
      ...[`${path}.1`, `${path}.1`, undefined],
    ]);
    expect(await contents(dir)).toEqual({
      "web.log": "",
      "web.log.1": "two\n",
      "web.log.2": "one\n",
    });
  });

  test("it is opened anew, for those who have moved it", async () => {
    open().write("one\n", 1);
    await file.settled();
    await rename(path, join(dir, "moved"));
    file.write("two\n", 1);
    const reopened = file.reopen();
    file.write("three\n", 1);
    await reopened;
    await file.settled();
    expect(await contents(dir)).toEqual({ moved: "one\ntwo\n", "web.log": "three\n" });
  });
});

describe("when somebody else has taken it away", () => {
  test("a file that was moved is noticed", async () => {
    open().write("one\n", 1);
    await file.settled();
    await rename(path, join(dir, "moved"));
    file.tick();
    file.write("two\n", 1);
    await file.settled();
    expect(await contents(dir)).toEqual({ moved: "one\n", "web.log": "two\n" });
  });

  test("lines that went into a file that was removed are written again, however many they are", async () => {
    open().write("one\n", 1);
    await file.settled();
    file.tick();
    await file.settled();
    await rm(path);
    writeAll(numbered(0, 60_000));
    await file.settled();
    file.tick();
    file.write("last\n", 1);
    await file.settled();
    expect(await text()).toBe(`${numbered(0, 60_000).join("")}last\n`);
  });

  test("a folder that was removed is made again", async () => {
    path = join(dir, "a", "web.log");
    open().write("one\n", 1);
    await file.settled();
    await rm(join(dir, "a"), { recursive: true });
    file.tick();
    file.write("two\n", 1);
    await file.settled();
    expect(await text()).toMatch(/two\n$/);
  });

  test("another file in its place is not put aside as if it were ours", async () => {
    open().write("one\n", 1);
    await file.settled();
    await rename(path, join(dir, "moved"));
    await appendFile(path, "theirs\n");
    expect(await file.rotate()).toBe(`${path}.1`);
    expect(await contents(dir)).toMatchObject({ moved: "one\n", "web.log.1": "theirs\n" });
  });
});

test("whatever is asked of it, every line is there once and in order", async () => {
  const runs = Number(process.env.ELPIS_PROPERTY_RUNS ?? 12);
  open();
  for (let seed = 1; seed <= runs; seed += 1) {
    const random = seeded(seed);
    path = join(dir, `${seed}`, "web.log");
    await mkdir(join(dir, `${seed}`));
    await file.close();
    const [compress, mode] = [
      random.pick([true, false]),
      random.pick(["rename", "truncate"] as const),
    ];
    const maxBytes = random.pick([undefined, 500, 2000]);
    open({ rotation: policy({ maxBytes, compress, mode }) });
    let written = 0;
    for (let step = 0; step < 60; step += 1) {
      const lines = numbered(written, written + random.int(30));
      const act = random.int(12);
      if (act < 8) {
        file.write(lines.join(""), lines.length);
        written += lines.length;
      } else if (act === 8) void file.rotate();
      else if (act === 9) void file.reopen();
      else if (act === 10) file.tick();
      else await turn();
    }
    await file.close();
    expect(file.lost, `seed ${seed}`).toBe(0);
    const wanted = numbered(0, written).map((line) => line.trimEnd());
    expect(await allLines(path), `seed ${seed}`).toEqual(wanted);
  }
});
