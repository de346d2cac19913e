import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogWriter } from "../src/log/writer.ts";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "elpis-log-"));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`);
}

test("writes in order, makes the directory, and keeps the file to its owner", async () => {
  const file = join(dir, "a", "b", "app.log");
  const writer = new LogWriter({ file });
  for (const line of numbered(0, 1000)) void writer.write(line);
  await writer.close();
  expect(await readFile(file, "utf8")).toBe(numbered(0, 1000).join(""));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("goes on where an earlier run ended", async () => {
  const file = join(dir, "app.log");
  for (const text of ["one\n", "two\n"]) {
    const writer = new LogWriter({ file });
    void writer.write(text);
    await writer.close();
  }
  expect(await readFile(file, "utf8")).toBe("one\ntwo\n");
});

test("rolls over once: neither file is larger than allowed, and only the oldest lines go", async () => {
  const file = join(dir, "app.log");
  const writer = new LogWriter({ file, maxBytes: 1000 });
  for (const line of numbered(0, 400)) {
    void writer.write(line);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writer.close();
  const [old, current] = [await readFile(`${file}.1`, "utf8"), await readFile(file, "utf8")];
  expect(old.length).toBeLessThanOrEqual(1000);
  expect(current.length).toBeLessThanOrEqual(1000);
  const kept = (old + current).split("\n").slice(0, -1);
  expect(kept).toEqual(numbered(400 - kept.length, 400).map((line) => line.trimEnd()));
  expect(writer.lost).toBe(0);
});

test("whoever writes more than may wait is asked to wait, and nothing is lost", async () => {
  const file = join(dir, "app.log");
  const writer = new LogWriter({ file, maxWaitingBytes: 80 });
  const pauses = numbered(10, 30).map((line) => writer.write(line));
  expect(pauses.map((pause) => pause !== undefined)).toEqual(
    numbered(10, 30).map((_, at) => at >= 10),
  );
  await Promise.all(pauses);
  expect(writer.write("after\n")).toBeUndefined();
  await writer.close();
  expect(await readFile(file, "utf8")).toBe(`${numbered(10, 30).join("")}after\n`);
  expect(writer.lost).toBe(0);
});

test("a writer that waits goes on although others write little but steadily", async () => {
  const writer = new LogWriter({ file: join(dir, "app.log"), maxWaitingBytes: 1024 });
  let isWaiting = true;
  const pause = writer.write(`${"x".repeat(2000)}\n`)?.then(() => {
    isWaiting = false;
  });
  expect(pause).toBeDefined();
  for (let turn = 0; isWaiting && turn < 100_000; turn += 1) {
    void writer.write("a\n");
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isWaiting).toBe(false);
  await writer.close();
});

test.skipIf(!existsSync("/dev/full"))("a disk that refuses keeps nobody waiting", async () => {
  const writer = new LogWriter({ file: "/dev/full", maxWaitingBytes: 80 });
  await Promise.all(numbered(0, 30).map((line) => writer.write(line)));
  await writer.close();
  expect(writer.lost).toBe(30);
});

test.skipIf(!existsSync("/dev/full"))(
  "a full disk costs lines, is told once, and logging goes on when there is room",
  async () => {
    const file = join(dir, "app.log");
    await symlink("/dev/full", file);
    const losses: NodeJS.ErrnoException[] = [];
    const writer = new LogWriter({
      file,
      onLoss: (error) => losses.push(error as NodeJS.ErrnoException),
    });
    for (const text of ["a\n", "b\n", "c\n"]) {
      void writer.write(text);
      await expect.poll(() => writer.lost).toBe("abc".indexOf(text[0] ?? "") + 1);
    }
    await rm(file);
    void writer.write("d\n");
    await writer.close();
    expect(losses.map((error) => error.code)).toEqual(["ENOSPC"]);
    expect((await readFile(file, "utf8")).split("\n").slice(0, -1)).toEqual([
      expect.stringContaining("3 lines could not be written here"),
      "d",
    ]);
  },
);

test("a directory that cannot be made costs lines, not the program", async () => {
  await writeFile(join(dir, "taken"), "");
  const writer = new LogWriter({ file: join(dir, "taken", "app.log") });
  void writer.write("a\n");
  await writer.close();
  expect(writer.lost).toBe(1);
});

test("a path that is a directory costs lines, not the program", async () => {
  await mkdir(join(dir, "app.log"));
  const writer = new LogWriter({ file: join(dir, "app.log") });
  void writer.write("a\nb\n");
  await writer.close();
  expect(writer.lost).toBe(1);
});
