import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { takeLock } from "../src/local/lock.ts";

/** What others do between the look of a slow contender and its move. The files are real. */
let meanwhile: (() => void) | undefined;

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const linkSync = (from: fs.PathLike, to: fs.PathLike): void => {
    const others = meanwhile;
    meanwhile = undefined;
    others?.();
    real.linkSync(from, to);
  };
  return { ...real, linkSync };
});

let dir: string;

beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), "elpis-"));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const owner = JSON.stringify({ pid: process.pid });
const write = (number: number, text: string): void =>
  fs.writeFileSync(join(dir, `lock.${number}`), text);

test("a contender that was slow gives way to one who took the same number", () => {
  meanwhile = () => write(1, owner);
  expect(takeLock(dir)).toEqual({ pid: process.pid });
  expect(fs.readdirSync(dir)).toEqual(["lock.1"]);
});

test("a contender that slept through several owners gives way to the last", () => {
  // Number 1 is free again, because the owner of number 3 has tidied up.
  meanwhile = () => write(3, owner);
  expect(takeLock(dir)).toEqual({ pid: process.pid });
  expect(fs.readdirSync(dir)).toEqual(["lock.3"]);
});

test("a contender that slept through several owners comes after the last, when that is gone", () => {
  meanwhile = () => write(3, "{}");
  expect("pid" in takeLock(dir)).toBe(false);
  expect(fs.readdirSync(dir)).toEqual(["lock.4"]);
});
