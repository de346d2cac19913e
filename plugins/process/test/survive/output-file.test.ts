import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { OutputReader } from "../../src/child/output.ts";
import { discard, OutputFiles, type Streams } from "../../src/survive/output-files.ts";
import { tempDir } from "./support.ts";

const ID = "web.0.1";

function open(dir: string): Streams {
  const files = new OutputFiles(dir);
  files.start(new Set([ID]));
  onTestFinished(() => files.close());
  return files.open(ID);
}

function fileOf(dir: string): string {
  return join(dir, "output", `${ID}.stdout`);
}

describe("what a process writes to a file", () => {
  it("is read on as it grows, and the files go when all is read", async () => {
    const dir = tempDir();
    const streams = open(dir);
    const lines: string[] = [];
    const reader = new OutputReader((_, text) => void lines.push(text));
    const done = reader.read(streams, 1).finish();
    appendFileSync(fileOf(dir), "one\ntwo\nthr");
    await expect.poll(() => lines).toEqual(["one", "two"]);
    appendFileSync(fileOf(dir), "ee\nno end");
    await expect.poll(() => lines).toEqual(["one", "two", "three"]);
    streams.stdout.finish();
    streams.stderr.finish();
    await done;
    expect(lines).toEqual(["one", "two", "three", "no end"]);
    await expect.poll(() => existsSync(fileOf(dir))).toBe(false);
    expect(existsSync(`${fileOf(dir)}.at`)).toBe(false);
  });

  it("is gone on with at the first line that was not taken, by whoever reads next", async () => {
    const dir = tempDir();
    const first = open(dir);
    const taken: string[] = [];
    let goOn: () => void = () => {};
    const slow = new OutputReader((_, text) => {
      taken.push(text);
      // The third is never said to be taken: whoever reads dies over it.
      return new Promise((resolve) => {
        if (taken.length < 3) resolve();
        else goOn = resolve;
      });
    });
    slow.read(first, 1);
    appendFileSync(fileOf(dir), "one\ntwo\nthree\nfour\n");
    await expect.poll(() => taken).toEqual(["one", "two", "three"]);
    expect(Number(readFileSync(`${fileOf(dir)}.at`, "latin1"))).toBe(8);
    const next = open(dir);
    const lines: string[] = [];
    new OutputReader((_, text) => void lines.push(text)).read(next, 1);
    await expect.poll(() => lines).toEqual(["three", "four"]);
    goOn();
    discard(next);
    discard(first);
  });

  it("is read from its beginning when it is shorter than was read: somebody has emptied it", async () => {
    const dir = tempDir();
    open(dir);
    appendFileSync(`${fileOf(dir)}.at`, "            9999");
    appendFileSync(fileOf(dir), "one\n");
    const lines: string[] = [];
    const streams = open(dir);
    new OutputReader((_, text) => void lines.push(text)).read(streams, 1);
    await expect.poll(() => lines).toEqual(["one"]);
    discard(streams);
  });

  it.runIf(process.platform === "linux")(
    "does not stay on the disk for ever, and nothing is lost with what goes",
    async () => {
      const dir = tempDir();
      const streams = open(dir);
      let [count, sum] = [0, 0];
      const reader = new OutputReader((_, text) => {
        count += 1;
        sum += Number(text.slice(0, 9));
      });
      const done = reader.read(streams, 1).finish();
      const total = 30;
      const block = 1_000_000;
      for (let at = 1; at <= total; at += 1) {
        appendFileSync(fileOf(dir), `${String(at).padEnd(block - 1)}\n`);
        await expect.poll(() => count, { timeout: 10_000 }).toBe(at);
      }
      await expect
        .poll(() => statSync(fileOf(dir)).blocks * 512, { timeout: 10_000 })
        .toBeLessThan(20 * block);
      streams.stdout.finish();
      streams.stderr.finish();
      await done;
      expect(sum).toBe((total * (total + 1)) / 2);
    },
    60_000,
  );
});
