import { existsSync } from "node:fs";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempDir, tempDir, waitFor } from "@elpis/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LogFile, type LogFileOptions } from "../../src/files/log-file.ts";
import { numbered, policy } from "./support.ts";

let temp: TempDir;
let dir: string;
let path: string;
let file: LogFile;
let troubles: string[];
let recovered: number[];

beforeEach(async () => {
  temp = await tempDir();
  dir = temp.path;
  path = join(dir, "web.log");
  [troubles, recovered] = [[], []];
});

afterEach(async () => {
  await file.close();
  await temp.remove();
});

function open(options: Partial<LogFileOptions> = {}): LogFile {
  file = new LogFile({
    path,
    lossNote: (lines, reason) =>
      `${lines} lost: ${(reason as NodeJS.ErrnoException | undefined)?.code ?? "too slow"}\n`,
    onTrouble: (error) => troubles.push((error as NodeJS.ErrnoException).code ?? "?"),
    onRecovered: (lost) => recovered.push(lost),
    ...options,
  });
  return file;
}

function writeAll(lines: readonly string[]): void {
  for (const line of lines) file.write(line, 1);
}

const inTrouble = (): Promise<unknown> =>
  waitFor(() => troubles.length > 0, { what: "the disk to refuse" });

describe.skipIf(!existsSync("/dev/full"))("a full disk", () => {
  beforeEach(async () => {
    await symlink("/dev/full", path);
  });

  test("costs nothing as long as lines may wait", async () => {
    open();
    writeAll(numbered(0, 100));
    await inTrouble();
    writeAll(numbered(100, 200));
    expect(file.waitingBytes).toBe(numbered(0, 200).join("").length);
    await rm(path);
    await file.settled();
    expect(await readFile(path, "utf8")).toBe(numbered(0, 200).join(""));
    expect([troubles, recovered, file.lost]).toEqual([["ENOSPC"], [0], 0]);
  });

  test("costs lines beyond that, which are counted, and owned up to at their place", async () => {
    open({ bufferBytes: 90 });
    writeAll(numbered(0, 10));
    await inTrouble();
    writeAll(numbered(10, 30));
    file.write("a\nb\n", 2);
    const kept = Math.floor((90 - 70) / 8) + 10;
    expect(file.lost).toBe(30 - kept + 2);
    await rm(path);
    await waitFor(() => file.waitingBytes === 0, { what: "the disk to catch up" });
    file.write("after\n", 1);
    await file.settled();
    expect(await readFile(path, "utf8")).toBe(
      `${numbered(0, kept).join("")}${32 - kept} lost: ENOSPC\nafter\n`,
    );
    expect([troubles, recovered]).toEqual([["ENOSPC"], [32 - kept]]);
  });

  test("keeps nobody waiting", async () => {
    open({ fullBytes: 10 });
    writeAll(numbered(0, 30));
    await file.full;
    expect(troubles).toEqual(["ENOSPC"]);
    writeAll(numbered(30, 60));
    expect(file.full).toBeUndefined();
  });

  test("at the end costs what still waits, counted; who waits for it is told", async () => {
    open();
    writeAll(numbered(0, 30));
    await inTrouble();
    file.write("a\nb\n", 2);
    const settled = file.settled();
    const rotated = file.rotate();
    await file.close();
    await settled;
    expect([file.lost, file.waitingBytes, await rotated]).toEqual([32, 0, undefined]);
  });

  test("is told again when it happens again", async () => {
    open();
    for (const round of [1, 2]) {
      file.write("a\n", 1);
      await waitFor(() => troubles.length === round, { what: "trouble" });
      await rm(path);
      await file.settled();
      expect(recovered).toEqual(Array(round).fill(0));
      await rm(path);
      await symlink("/dev/full", path);
      await file.reopen();
    }
  });
});

test("lines come faster than a disk takes them: what is lost is told without a reason", async () => {
  open({ bufferBytes: 100 });
  writeAll(numbered(0, 50));
  await file.settled();
  await file.close();
  const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
  expect(lines.at(-1)).toBe(`${file.lost} lost: too slow`);
  expect(lines.length - 1 + file.lost).toBe(50);
  expect([file.lost > 0, troubles, recovered]).toEqual([true, [], [file.lost]]);
});

test("a single text that is larger than what may wait is taken when nothing else waits", async () => {
  open({ bufferBytes: 10 }).write(`${"x".repeat(100)}\n`, 1);
  await file.settled();
  expect([file.lost, (await readFile(path)).length]).toEqual([0, 101]);
});

test("a folder that cannot be made is tried again until it can be", async () => {
  await writeFile(join(dir, "taken"), "");
  path = join(dir, "taken", "web.log");
  open().write("a\n", 1);
  await inTrouble();
  await rm(join(dir, "taken"));
  await file.settled();
  expect(await readFile(path, "utf8")).toBe("a\n");
});

test("a path that is a folder costs lines at the end, not the program", async () => {
  await mkdir(path);
  open().write("a\nb\n", 2);
  await file.close();
  expect([file.lost, troubles]).toEqual([2, ["EISDIR"]]);
});

test("a file that cannot be put aside grows on, and no line is lost", async () => {
  open({ rotation: policy({ maxBytes: 30 }) });
  // A folder that holds something cannot be replaced, whoever asks for it.
  await mkdir(`${path}.1`);
  await writeFile(join(`${path}.1`, "x"), "");
  writeAll(numbered(0, 50));
  await file.settled();
  expect(await readFile(path, "utf8")).toBe(numbered(0, 50).join(""));
  expect(troubles).toEqual(["EISDIR"]);
});

test("a file that cannot be compressed stays as it is", async () => {
  open({ rotation: policy({ maxBytes: 30, compress: true }) });
  await mkdir(`${path}.1.gz.tmp`);
  writeAll(numbered(0, 5));
  await file.settled();
  await inTrouble();
  writeAll(numbered(5, 6));
  await file.settled();
  expect(await readFile(`${path}.1`, "utf8")).toBe(numbered(0, 4).join(""));
});
