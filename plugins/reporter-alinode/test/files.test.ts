import { spawnSync } from "node:child_process";
import { readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Reporter } from "@elpis/api";
import { type TempDir, tempDir } from "@elpis/testing";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { chunksOf } from "../src/files/chunks.ts";
import { type AlinodeOptions, alinode } from "../src/index.ts";
import { alinodeReporter } from "../src/reporter.ts";
import { accessLines, errorsIn, nodeLines, nodeValues, tracingLines } from "./support/parser.ts";
import {
  batch,
  call,
  contextWith,
  counter,
  deepFreeze,
  error,
  full,
  gauge,
  NOW,
  span,
} from "./support/samples.ts";

let dir: TempDir;
let now = NOW;
const zone = process.env.TZ;

beforeEach(async () => {
  dir = await tempDir();
  now = NOW;
  process.env.TZ = "Asia/Shanghai";
});
afterEach(async () => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  await dir.remove();
});

async function open(options: AlinodeOptions = {}): Promise<Reporter> {
  return alinode.definition.open(
    { dir: dir.path, ...options },
    contextWith(() => now),
  );
}
const read = (name: string): Promise<string> => readFile(join(dir.path, name), "utf8");

describe("the files of Alinode", () => {
  it("have all that is reported, and can be read by their rules", async () => {
    const reporter = await open({ access: true });
    const request = span({
      tags: { "http.request.method": "GET", "http.response.status_code": 200, "url.path": "/" },
    });
    expect(await reporter.report(full({ spans: [span(), request] }), call())).toBeUndefined();
    expect((await readdir(dir.path)).sort()).toEqual([
      "access-20261120.log",
      "elpis-error-20261120.log",
      "node-20261120.log",
      "tracing-20261120.log",
    ]);
    const [line] = nodeLines(await read("node-20261120.log"));
    // 10 o'clock in UTC.
    expect(line).toMatchObject({ time: "2026-11-20 18:00:00.000000", pid: process.pid });
    expect(line?.values).toMatchObject({
      "orders%.process%_web": 3,
      "heap%.process%_web": 26_761_760,
      "duration_p95%.process%_web": 10,
    });
    expect(tracingLines(await read("tracing-20261120.log"))).toHaveLength(2);
    expect(errorsIn(await read("elpis-error-20261120.log"))).toHaveLength(1);
    expect(accessLines(await read("access-20261120.log"))).toHaveLength(1);
  });

  it("are of a day here, and begin anew at midnight here", async () => {
    const reporter = await open();
    const midnight = Date.UTC(2026, 10, 20, 16);
    for (const [at, value] of [
      [midnight - 1, 1],
      [midnight, 2],
    ] as const) {
      now = at;
      await reporter.report(batch({ time: at, points: [counter({ value })] }), call());
    }
    const [before, after] = [await read("node-20261120.log"), await read("node-20261121.log")];
    expect(nodeLines(before)[0]).toMatchObject({ time: "2026-11-20 23:59:59.999000" });
    expect(nodeLines(after)[0]).toMatchObject({ time: "2026-11-21 00:00:00.000000" });
    expect(nodeValues(before)).toEqual({ "orders%.process%_web": 1 });
    expect(nodeValues(after)).toEqual({ "orders%.process%_web": 2 });
  });

  it("are only added to, also when others write them", async () => {
    const theirs = "[2026-11-20 17:59:00.000001] [info] [gc] [1] gc: 5\n";
    await writeFile(join(dir.path, "node-20261120.log"), theirs);
    const reporters = [await open(), await open()];
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        reporters.map((one, at) =>
          one.report(batch({ points: [gauge({ name: `g${at}_${round}`, value: 1 })] }), call()),
        ),
      );
    }
    const text = await read("node-20261120.log");
    expect(text.startsWith(theirs)).toBe(true);
    expect(Object.keys(nodeValues(text.slice(theirs.length)))).toHaveLength(10);
  });

  it("are made again where somebody has removed their folder", async () => {
    const own = join(dir.path, "own", "logs");
    const reporter = await open({ dir: own });
    await reporter.report(batch({ points: [gauge()] }), call());
    for (const later of [NOW, NOW + 86_400_000]) {
      now = later;
      await rm(join(dir.path, "own"), { recursive: true });
      expect(await reporter.report(batch({ points: [gauge()] }), call())).toBeUndefined();
      expect(await readdir(own)).toHaveLength(1);
    }
  });

  it("have whole lines behind one that the disk took only a part of", async (context) => {
    const limit = (bytes: string): boolean =>
      spawnSync("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:`]).status === 0;
    const survive = (): void => {};
    process.on("SIGXFSZ", survive);
    onTestFinished(() => void process.off("SIGXFSZ", survive));
    const reporter = await open();
    await reporter.report(batch({ points: [gauge({ name: "first" })] }), call());
    const before = (await read("node-20261120.log")).length;
    if (!limit(String(before + 20))) {
      console.log("skipped: prlimit is not installed");
      context.skip("prlimit is not installed");
    }
    try {
      const report = reporter.report(batch({ points: [gauge({ name: "torn" })] }), call());
      await expect(report).rejects.toMatchObject({ code: "EFBIG" });
    } finally {
      limit("unlimited");
    }
    expect(await read("node-20261120.log")).toHaveLength(before + 20);
    await reporter.report(batch({ points: [gauge({ name: "next" })] }), call());
    const lines = (await read("node-20261120.log")).split("\n");
    expect(lines).toEqual([
      expect.stringContaining(" first%"),
      expect.stringMatching(/^.{20}$/),
      expect.stringContaining(" next%"),
      "",
    ]);
    expect(lines[2]).toMatch(/^\[/);
  });

  it("are written by many entries at once, and never by a part of one", () => {
    const entries = Array.from({ length: 100 }, (_, at) => `${"ü".repeat(at)}\n`);
    const chunks = chunksOf([...entries, "x".repeat(2000)], 1000);
    expect(Buffer.concat(chunks).toString()).toBe(`${entries.join("")}${"x".repeat(2000)}`);
    expect(chunks.length).toBeGreaterThan(9);
    for (const chunk of chunks.slice(0, -1)) {
      expect(chunk.length).toBeLessThanOrEqual(1000);
      expect(chunk.at(-1)).toBe(10);
    }
    expect(chunks.at(-1)?.length).toBe(2000);
    expect(chunksOf([])).toEqual([]);
  });

  it("are not those that a link leads to", async () => {
    const other = join(dir.path, "precious");
    await writeFile(other, "precious");
    await symlink(other, join(dir.path, "node-20261120.log"));
    const reporter = await open();
    await expect(reporter.report(full(), call())).rejects.toMatchObject({ code: "ELOOP" });
    expect(await readFile(other, "utf8")).toBe("precious");
  });

  it("of errors are removed after seven days, and no others", async () => {
    const kept = ["elpis-error-20261113.log", "error-20261101.log", "node-20261101.log"];
    for (const name of [...kept, "elpis-error-20261112.log"]) {
      await writeFile(join(dir.path, name), "");
    }
    const reporter = await open();
    await reporter.report(batch({ errors: [error()] }), call());
    expect(await readdir(dir.path)).toEqual(expect.arrayContaining(kept));
    expect(await readdir(dir.path)).not.toContain("elpis-error-20261112.log");
  });
});

describe("a batch", () => {
  it("fits into few lines: 5000 values in less than 250", async () => {
    const reporter = await open();
    const points = Array.from({ length: 5000 }, (_, at) => gauge({ name: `g${at}`, value: at }));
    expect(await reporter.report(batch({ points }), call())).toBeUndefined();
    const text = await read("node-20261120.log");
    expect(nodeLines(text).length).toBeLessThan(60);
    expect(Object.keys(nodeValues(text))).toHaveLength(5000);
  });

  it("of more than is read in a minute is written as far as it is read, and the rest counted", async () => {
    let passed = 0;
    const context = contextWith(() => now);
    const reporter = await alinodeReporter({ dir: dir.path, lines: 2 }, context, () => passed);
    const points = Array.from({ length: 400 }, (_, at) => gauge({ name: `g${at}`, value: at }));
    const spans = Array.from({ length: 5 }, () => span());
    const errors = Array.from({ length: 12 }, () => error());
    const report = await reporter.report(batch({ points, spans, errors }), call());
    const text = await read("node-20261120.log");
    const written = Object.keys(nodeValues(text)).length;
    expect(nodeLines(text)).toHaveLength(2);
    expect(written).toBeGreaterThan(100);
    expect(report).toEqual({
      rejected: 400 - written + 3 + 2,
      reason:
        `${400 - written}: more lines than are read of a minute; ` +
        "3: more spans than are read of a minute; 2: more errors than are read of a minute",
    });
    expect(tracingLines(await read("tracing-20261120.log"))).toHaveLength(2);
    expect(errorsIn(await read("elpis-error-20261120.log"))).toHaveLength(10);
    // A second one in the same minute finds no room; one of the next does.
    await expect(reporter.report(batch({ spans }), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_REJECTED",
    });
    // That the clock is set, back or forth, is no minute that has passed.
    now += 60_000;
    await expect(reporter.report(batch({ spans }), call())).rejects.toThrow("of a minute");
    now -= 3_600_000;
    passed += 60_000;
    expect(await reporter.report(batch({ points: [gauge()] }), call())).toBeUndefined();
  });

  it("that is empty writes nothing", async () => {
    const reporter = await open();
    expect(await reporter.report(batch(), call())).toBeUndefined();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it("that comes again is not written again", async () => {
    const reporter = await open();
    const same = full();
    await reporter.report(same, call());
    await reporter.report(same, call());
    expect(nodeLines(await read("node-20261120.log"))).toHaveLength(1);
  });

  it("that comes again is not written again, though a sample was sent in between", async () => {
    const reporter = await open();
    const same = full();
    await reporter.report(same, call());
    await reporter.report(batch({ points: [gauge({ name: "sample" })] }), call());
    await reporter.report(same, call());
    expect(nodeLines(await read("node-20261120.log"))).toHaveLength(2);
  });

  it("is not changed", async () => {
    const reporter = await open({ access: true });
    const frozen = deepFreeze(full());
    const before = JSON.stringify(frozen);
    await reporter.report(frozen, call());
    expect(JSON.stringify(frozen)).toBe(before);
  });

  it("is not written when its time is up", async () => {
    const reporter = await open();
    const over = AbortSignal.abort(new Error("time is up"));
    await expect(reporter.report(full(), call(over))).rejects.toThrow("time is up");
    expect(await readdir(dir.path)).toEqual([]);
  });

  it("may come after the end was asked for twice", async () => {
    const reporter = await open();
    await reporter.close?.();
    await reporter.close?.();
    await reporter.report(full(), call());
    expect(await readdir(dir.path)).toHaveLength(3);
  });
});
