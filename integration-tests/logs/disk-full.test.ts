import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { asidesOf, LogFile, type RotationPolicy } from "@elpis/logs/files";
import { type TempDir, tempDir } from "@elpis/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../support/wait.ts";

let temp: TempDir;
let disk: string;
let isMounted: boolean;
let file: LogFile | undefined;

beforeEach(async () => {
  temp = await tempDir();
  disk = join(temp.path, "disk");
  mkdirSync(disk);
  isMounted = mount(disk);
});

afterEach(async () => {
  await file?.close();
  if (isMounted) execFileSync("umount", ["-l", disk]);
  await temp.remove();
});

function mount(dir: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=0700", "elpis", dir], {
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}

/** Takes all that is left. */
function fill(): string {
  const filler = join(disk, "filler");
  for (const size of [64 * 1024, 4096, 1]) {
    try {
      for (;;) appendFileSync(filler, Buffer.alloc(size));
    } catch {
      // It is full.
    }
  }
  return filler;
}

async function allLines(path: string): Promise<string[]> {
  const files = (await asidesOf(path)).reverse().map((one) => one.path);
  const texts = [...files, path].map((one) => {
    const bytes = readFileSync(one);
    return (one.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  });
  const text = texts.join("");
  expect(text.endsWith("\n")).toBe(true);
  return text.slice(0, -1).split("\n");
}

const ROTATIONS: ReadonlyArray<readonly [string, RotationPolicy]> = [
  ["without rotation", { mode: "rename", compress: false, keep: {} }],
  [
    "with rotation and compression",
    { maxBytes: 100_000, mode: "rename", compress: true, keep: {} },
  ],
  ["with copies", { maxBytes: 100_000, mode: "truncate", compress: false, keep: {} }],
];

test.each(ROTATIONS)(
  "a full disk costs lines, counted exactly, and is left behind in five seconds: %s",
  async (_, rotation) => {
    if (!isMounted) return console.log("skipped: a small file system could not be mounted");
    const path = join(disk, "web.log");
    const troubles: unknown[] = [];
    const recoveries: number[] = [];
    file = new LogFile({
      path,
      rotation,
      bufferBytes: 200_000,
      lossNote: (lines) => `lost ${lines}\n`,
      onTrouble: (error) => troubles.push(error),
      onRecovered: (lost) => recoveries.push(lost),
    });
    let written = 0;
    const write = (count: number): void => {
      const lines = Array.from(
        { length: count },
        (_, at) => `line ${written + at} ${"x".repeat((written + at) % 100)}\n`,
      );
      for (const line of lines) file?.write(line, 1);
      written += count;
    };
    const settled = async (): Promise<void> => {
      for (let at = 0; at < 40; at += 1) {
        write(100);
        await file?.settled();
      }
    };
    await settled();
    for (const round of [1, 2]) {
      const filler = fill();
      const before = troubles.length;
      await until("the disk to refuse", () => {
        write(50);
        return troubles.length > before;
      });
      write(10_000);
      const { lost } = file;
      expect(lost, `round ${round}`).toBeGreaterThan(0);
      // What did not fit of a line is cut off again, however long the disk is full.
      await until("whole lines on the disk", () => /(^|\n)$/.test(readFileSync(path, "utf8")));
      rmSync(filler);
      const freed = performance.now();
      await until("what has waited on the disk", () => file?.waitingBytes === 0);
      expect(performance.now() - freed).toBeLessThan(5000);
      await settled();
    }
    await file.close();
    const lines = await allLines(path);
    const told = lines.flatMap((line) => /^lost (\d+)$/.exec(line)?.[1] ?? []).map(Number);
    const numbers = lines.flatMap((line) => {
      const found = /^line (\d+) (x*)$/.exec(line);
      return found !== null && found[2]?.length === Number(found[1]) % 100
        ? [Number(found[1])]
        : [];
    });
    expect(told.length + numbers.length, "every line is whole").toBe(lines.length);
    expect(new Set(numbers).size, "no line is there twice").toBe(numbers.length);
    expect(numbers, "in order").toEqual([...numbers].sort((a, b) => a - b));
    expect(
      told.reduce((sum, n) => sum + n, 0),
      "owned up to",
    ).toBe(file.lost);
    expect(numbers.length + file.lost, "there, or lost").toBe(written);
    expect(recoveries.reduce((sum, n) => sum + n, 0)).toBe(file.lost);
    // Where lines are missing, the log says so.
    for (const [at, line] of lines.entries()) {
      const lost = /^lost (\d+)$/.exec(line)?.[1];
      if (lost === undefined) continue;
      const [from, to] = [lines[at - 1], lines[at + 1]].map((one) => Number(one?.split(" ")[1]));
      expect((to ?? 0) - (from ?? 0) - 1).toBe(Number(lost));
    }
  },
);
