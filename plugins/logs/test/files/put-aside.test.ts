import { existsSync } from "node:fs";
import { appendFile, open, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type TempDir, tempDir } from "@elpis/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asidesOf } from "../../src/files/aside.ts";
import { compressAsides } from "../../src/files/compress.ts";
import { prune, pruneTotal } from "../../src/files/prune.ts";
import { putAside } from "../../src/files/put-aside.ts";
import { recover } from "../../src/files/recover.ts";
import { decideRotation } from "../../src/files/rotation.ts";
import { spanOf } from "../../src/files/spans.ts";
import { contents, fill, policy } from "./support.ts";

const NOON = new Date(2026, 10, 26, 12).getTime();
const DAY = spanOf("day", NOON);

let temp: TempDir;
let dir: string;
let path: string;

beforeEach(async () => {
  temp = await tempDir();
  dir = temp.path;
  path = join(dir, "web.log");
});

afterEach(async () => {
  await temp.remove();
});

describe("putting a file aside", () => {
  test("yesterday's file gets yesterday's suffix, and no file is ever replaced", async () => {
    const daily = policy({ every: "day" });
    for (const text of ["a\n", "b\n", "c\n"]) {
      await writeFile(path, text);
      await putAside({ path, policy: daily, span: DAY });
    }
    expect(await contents(dir)).toEqual({
      "web.log.2026-11-26": "a\n",
      "web.log.2026-11-26.1": "b\n",
      "web.log.2026-11-26.2": "c\n",
    });
  });

  test("a file of 1,025 bytes with a limit of 1,024 moves to .1, .2, .3", async () => {
    const limit = policy({ maxBytes: 1024 });
    for (const letter of ["a", "b", "c"]) {
      await writeFile(path, letter.repeat(1025));
      const { size: bytes } = await stat(path);
      const { act } = decideRotation(limit, { bytes, span: undefined }, NOON);
      expect(act).toBe("rotate");
      expect(await putAside({ path, policy: limit })).toBe(`${path}.1`);
    }
    expect(await contents(dir)).toEqual({
      "web.log.1": "c".repeat(1025),
      "web.log.2": "b".repeat(1025),
      "web.log.3": "a".repeat(1025),
    });
  });

  test("what is compressed moves up as well, and a gap is filled", async () => {
    await fill(dir, { "web.log.1": "3", "web.log.2.gz": gzipSync("2"), "web.log.4": "0" });
    await writeFile(path, "4");
    await putAside({ path, policy: policy({}) });
    expect(await contents(dir)).toEqual({
      ...{ "web.log.1": "4", "web.log.2": "3", "web.log.3.gz": "2", "web.log.4": "0" },
    });
  });

  test("nothing, and an empty file, stay as they are", async () => {
    expect(await putAside({ path, policy: policy({}) })).toBeUndefined();
    await writeFile(path, "");
    expect(await putAside({ path, policy: policy({}) })).toBeUndefined();
    expect(await contents(dir)).toEqual({ "web.log": "" });
  });

  test("for those who keep it open, it is copied and emptied", async () => {
    const writer = await open(path, "a");
    await writer.write("one\n");
    const { ino } = await stat(path);
    await putAside({ path, policy: policy({ mode: "truncate" }) });
    await writer.write("two\n");
    await writer.close();
    expect(await contents(dir)).toEqual({ "web.log": "two\n", "web.log.1": "one\n" });
    expect((await stat(path)).ino).toBe(ino);
  });

  test("two at once are one after the other", async () => {
    await writeFile(path, "a");
    const [one, other] = [
      putAside({ path, policy: policy({}) }),
      putAside({ path, policy: policy({}) }),
    ];
    expect([await one, await other]).toEqual([`${path}.1`, undefined]);
  });
});

describe("compressing", () => {
  test("keeps the lines, the time and the rights, and leaves what is written alone", async () => {
    await fill(dir, {
      "web.log": "now\n",
      "web.log.1": "one\n".repeat(1000),
      "web.log.2": "two\n",
    });
    await utimes(`${path}.1`, 1000, 2000);
    await compressAsides(path);
    expect(await contents(dir)).toEqual({
      ...{ "web.log": "now\n", "web.log.1.gz": "one\n".repeat(1000), "web.log.2.gz": "two\n" },
    });
    expect((await stat(`${path}.1.gz`)).mtimeMs).toBe(2_000_000);
    expect((await stat(`${path}.1.gz`)).mode & 0o777).toBe(0o644 & ~process.umask());
  });

  test("others may be put aside meanwhile", async () => {
    const limit = policy({ maxBytes: 1 });
    const big = Buffer.alloc(3_000_000, "abc\n").toString();
    await fill(dir, { "web.log.1": big });
    const compressing = compressAsides(path);
    for (const text of ["1\n", "2\n", "3\n"]) {
      await appendFile(path, text);
      await putAside({ path, policy: limit });
    }
    await compressing;
    await compressAsides(path);
    expect(await contents(dir)).toEqual({
      ...{ "web.log.1.gz": "3\n", "web.log.2.gz": "2\n", "web.log.3.gz": "1\n" },
      "web.log.4.gz": big,
    });
  });

  test("that is broken off leaves the file", async () => {
    await fill(dir, { "web.log.1": "one\n" });
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(compressAsides(path, stop)).rejects.toThrow("enough");
    expect(await contents(dir)).toEqual({ "web.log.1": "one\n" });
  });
});

describe("keeping", () => {
  async function aged(files: Readonly<Record<string, number>>): Promise<void> {
    for (const [name, ageS] of Object.entries(files)) {
      await writeFile(join(dir, name), "x".repeat(100));
      await utimes(join(dir, name), 0, NOON / 1000 - ageS);
    }
  }
  const names = async (): Promise<string[]> => Object.keys(await contents(dir));

  test("the newest so many", async () => {
    await aged({ "web.log": 0, "web.log.1": 1, "web.log.2": 2, "web.log.10": 10, "web.log.9": 9 });
    expect(await prune(path, { files: 3 }, NOON)).toBe(1);
    expect(await names()).toEqual(["web.log", "web.log.1", "web.log.2", "web.log.9"]);
  });

  test("of spans, too: .2 is newer than .1, which is newer than the one without a number", async () => {
    const day = "web.log.2026-11-2";
    await aged({ [`${day}5`]: 3, [`${day}6`]: 2, [`${day}6.1`]: 1, [`${day}6.2`]: 0 });
    await prune(path, { files: 2 }, NOON);
    expect(await names()).toEqual([`${day}6.1`, `${day}6.2`]);
  });

  test("those that are not too old", async () => {
    await aged({ "web.log": 100, "web.log.1": 59, "web.log.2": 61, "jobs.log.1": 100 });
    expect(await prune(path, { ageMs: 60_000 }, NOON)).toBe(1);
    expect(await names()).toEqual(["jobs.log.1", "web.log", "web.log.1"]);
  });

  test("of all logs together, the oldest go first, and never one that is written", async () => {
    await aged({
      "web.log": 0,
      "web.log.1": 10,
      "web.log.2": 30,
      "jobs.log": 90,
      "jobs.log.1": 20,
    });
    const logs = [path, join(dir, "jobs.log"), path];
    expect(await pruneTotal(logs, 500)).toBe(0);
    expect(await pruneTotal(logs, 450)).toBe(1);
    expect(await names()).toEqual(["jobs.log", "jobs.log.1", "web.log", "web.log.1"]);
    expect(await pruneTotal(logs, 0)).toBe(2);
    expect(await names()).toEqual(["jobs.log", "web.log"]);
  });
});

describe("after a kill", () => {
  test("what was half made is gone, and what is there twice is there once", async () => {
    await fill(dir, {
      "web.log": "5\n",
      "web.log.1.gz.tmp": "half",
      "web.log.1": "4\n",
      "web.log.2": "3\n",
      "web.log.2.gz": gzipSync("3\n"),
      "web.log.3": "2\n",
      "web.log.3.gz": gzipSync("2\n").subarray(0, 15),
      "other.tmp": "not ours",
    });
    await recover(path);
    expect(await contents(dir)).toEqual({
      ...{ "web.log": "5\n", "web.log.1": "4\n", "web.log.2.gz": "3\n", "web.log.3": "2\n" },
      "other.tmp": "not ours",
    });
  });

  test("a copy of what was not emptied is gone; one of what was is kept", async () => {
    await fill(dir, { "web.log": "1\n2\n", "web.log.1.copied": "1\n" });
    await recover(path);
    expect(await contents(dir)).toEqual({ "web.log": "1\n2\n" });
    await fill(dir, { "web.log": "3\n", "web.log.1.copied": "1\n2\n" });
    await recover(path);
    expect(await contents(dir)).toEqual({ "web.log": "3\n", "web.log.1": "1\n2\n" });
  });

  test("a copy that was left is not replaced by the next one", async () => {
    await fill(dir, { "web.log": "3\n", "web.log.1.copied": "1\n2\n" });
    await putAside({ path, policy: policy({ mode: "truncate" }) });
    expect(await contents(dir)).toEqual({
      "web.log": "",
      "web.log.1": "3\n",
      "web.log.2": "1\n2\n",
    });
  });

  test("nothing is as good as no folder", async () => {
    await recover(join(dir, "none", "web.log"));
    expect(existsSync(join(dir, "none"))).toBe(false);
  });
});

test("files of another policy are older or newer as a whole", async () => {
  await fill(dir, { "web.log.1": "2", "web.log.2": "1", "web.log.2026-11-26": "3" });
  await utimes(`${path}.1`, 0, 100);
  await utimes(`${path}.2`, 0, 50);
  const order = async (): Promise<string[]> =>
    (await asidesOf(path)).map((one) => one.path.slice(dir.length + 1));
  await utimes(`${path}.2026-11-26`, 0, 200);
  expect(await order()).toEqual(["web.log.2026-11-26", "web.log.1", "web.log.2"]);
  await utimes(`${path}.2026-11-26`, 0, 10);
  expect(await order()).toEqual(["web.log.1", "web.log.2", "web.log.2026-11-26"]);
});
