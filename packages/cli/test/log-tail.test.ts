import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { follow, readTail } from "../src/log/tail.ts";

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "elpis-tail-"));
  file = join(dir, "app.log");
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const every = (): boolean => true;

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `line ${from + at}`);
}

function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

describe("reading the end", () => {
  test("no file is told apart from an empty one", async () => {
    expect(await readTail(file, 5, every)).toBeUndefined();
    await writeFile(file, "");
    expect((await readTail(file, 5, every))?.lines).toEqual([]);
  });

  test.each([0, 1, 3, 10, 11])("%d lines of ten", async (count) => {
    await writeFile(file, asText(numbered(0, 10)));
    const from = Math.max(0, 10 - count);
    expect((await readTail(file, count, every))?.lines).toEqual(numbered(from, 10));
  });

  test("lines are whole wherever the chunks are cut", async () => {
    // Lines of growing length move the cut through every place of a line; some are longer than a chunk.
    const lines = Array.from({ length: 600 }, (_, at) => `${at}:${"ü".repeat(at)}`);
    lines.push("x".repeat(200_000), "after", "y".repeat(65_535), "z".repeat(65_536), "end");
    await writeFile(file, asText(lines));
    for (const count of [1, 2, 3, 4, 5, 6, 50, 300, 605]) {
      expect((await readTail(file, count, every))?.lines).toEqual(lines.slice(-count));
    }
  });

  test("only lines that are asked for count", async () => {
    await writeFile(file, asText(numbered(0, 10_000)));
    const tail = await readTail(file, 3, (line) => line.endsWith("000"));
    expect(tail?.lines).toEqual(["line 7000", "line 8000", "line 9000"]);
  });

  test("the file that was put aside fills up what is missing", async () => {
    await writeFile(`${file}.1`, asText(numbered(0, 10)));
    await writeFile(file, asText(numbered(10, 12)));
    expect((await readTail(file, 5, every))?.lines).toEqual(numbered(7, 12));
    await rm(file);
    expect((await readTail(file, 2, every))?.lines).toEqual(numbered(8, 10));
  });

  test("a line that has no end yet is left to those who follow", async () => {
    await writeFile(file, "whole\nhal");
    const tail = await readTail(file, 5, every);
    expect(tail?.lines).toEqual(["whole"]);
    expect(tail?.position.offset).toBe(6);
  });
});

describe("following", () => {
  async function following(work: (seen: string[]) => Promise<void>): Promise<string[]> {
    const tail = await readTail(file, 0, every);
    const seen: string[] = [];
    const left = new AbortController();
    const done = follow(file, (line) => seen.push(line), {
      from: tail?.position ?? { inode: 0, offset: 0 },
      signal: left.signal,
      intervalMs: 5,
    });
    await work(seen);
    left.abort();
    await done;
    return seen;
  }

  test("gives what is appended, also when a letter comes in two pieces", async () => {
    await writeFile(file, "old\nbeg");
    const euro = Buffer.from("€\n");
    const seen = await following(async (lines) => {
      await appendFile(file, "un\n");
      await expect.poll(() => lines).toEqual(["begun"]);
      await appendFile(file, euro.subarray(0, 1));
      await appendFile(file, euro.subarray(1));
      await expect.poll(() => lines).toEqual(["begun", "€"]);
    });
    expect(seen).toEqual(["begun", "€"]);
  });

  test("begins with the first line of a file that is not there yet", async () => {
    await following(async (lines) => {
      await writeFile(file, "first\n");
      await expect.poll(() => lines).toEqual(["first"]);
    });
  });

  test("loses and doubles nothing across a rollover", async () => {
    await writeFile(file, "");
    const wanted = numbered(0, 900);
    const seen = await following(async (lines) => {
      for (let at = 0; at < 900; at += 1) {
        await appendFile(file, `line ${at}\n`);
        if (at % 300 !== 299) continue;
        // A writer rolls over after many lines; the last of them are still unread by then.
        await rename(file, `${file}.1`);
        await writeFile(file, "");
        await expect.poll(() => lines.length).toBeGreaterThan(at);
      }
    });
    expect(seen).toEqual(wanted);
  });
});
