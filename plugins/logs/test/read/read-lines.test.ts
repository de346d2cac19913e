import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { seeded, type TempDir, tempDir } from "@elpis/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DecodedLine } from "../../src/lines/decode.ts";
import { encodeJson } from "../../src/lines/encode.ts";
import { acceptsLine, parseSince } from "../../src/read/filter.ts";
import { type ReadOptions, readLines } from "../../src/read/read-lines.ts";
import { filesOfProcess, type LogsPlace, placeFile, readPlace } from "../../src/where.ts";
import { fill } from "../files/support.ts";
import { line, lines, texts } from "./support.ts";

let temp: TempDir;
let dir: string;
let web: string;
let jobs: string;

beforeEach(async () => {
  temp = await tempDir();
  dir = temp.path;
  web = join(dir, "web.log");
  jobs = join(dir, "jobs.log");
});

afterEach(async () => {
  await temp.remove();
});

async function read(some: Partial<ReadOptions>): Promise<string[] | undefined> {
  const found = await readLines({ files: [web], count: 5, accept: () => true, ...some });
  return found?.lines.map(({ text }) => text);
}

describe("one file", () => {
  test("that is not there is told apart from an empty one", async () => {
    expect(await read({})).toBeUndefined();
    await writeFile(web, "");
    expect(await read({})).toEqual([]);
  });

  test.each([0, 1, 3, 10, 11, Number.POSITIVE_INFINITY])("%d lines of ten", async (count) => {
    await writeFile(web, lines(0, 10));
    expect(await read({ count })).toEqual(texts(Math.max(0, 10 - count), 10));
  });

  test("lines are whole wherever the chunks are cut", async () => {
    // Lines of growing length move the cut through every place of a line; some are longer than a chunk.
    const all = Array.from({ length: 600 }, (_, at) => `${at}:${"ü".repeat(at)}`);
    all.push("x".repeat(200_000), "after", "y".repeat(65_535), "z".repeat(65_536), "end", "");
    await writeFile(web, all.map((text, at) => line(at, { text })).join(""));
    for (const count of [1, 2, 3, 4, 5, 6, 7, 50, 300, 606]) {
      expect(await read({ count })).toEqual(all.slice(-count));
    }
  });

  test("only lines that are wanted count, and what is no line does not", async () => {
    await writeFile(web, `${lines(0, 5000)}torn\n${lines(5000, 10_000)}not yet a li`);
    const accept = ({ text }: DecodedLine): boolean => text.endsWith("000");
    expect(await read({ count: 3, accept })).toEqual(["line 7000", "line 8000", "line 9000"]);
    expect(await read({ count: 1 })).toEqual(["line 9999"]);
  });

  test("in JSON reads the same", async () => {
    const one = { time: 1, process: "web", index: 0, pid: 1, stream: "stdout", text: "ERROR: x" };
    await writeFile(web, encodeJson(one as DecodedLine));
    const found = await readLines({ files: [web], count: 1, accept: () => true });
    expect(found?.lines).toEqual([{ ...one, level: "error" }]);
  });
});

describe("what was put aside", () => {
  beforeEach(async () => {
    await fill(dir, {
      ...{ "web.log.3.gz": gzipSync(lines(0, 10)), "web.log.2.gz": gzipSync(lines(10, 20)) },
      ...{ "web.log.1": lines(20, 30), "web.log": lines(30, 32) },
    });
    for (const [name, at] of [
      ["web.log.3.gz", 10],
      ["web.log.2.gz", 20],
      ["web.log.1", 30],
    ] as const) {
      await utimes(join(dir, name), at, at);
    }
  });

  test.each([1, 2, 3, 12, 13, 25, 32, 40])("the last %d lines", async (count) => {
    expect(await read({ count })).toEqual(texts(Math.max(0, 32 - count), 32));
  });

  test("also when nothing is written any more", async () => {
    await fill(dir, { "jobs.log.1": lines(0, 3) });
    expect(await read({ files: [jobs] })).toEqual(texts(0, 3));
  });

  test("is only opened when it is needed", async () => {
    await fill(dir, { "web.log.2.gz": "no gzip at all", "web.log.3.gz": "" });
    expect(await read({ count: 12 })).toEqual(texts(20, 32));
    // A damaged one costs what is in it, and nothing else.
    expect(await read({ count: 40 })).toEqual(texts(20, 32));
  });

  test("is not looked at when it is older than what is wanted", async () => {
    await fill(dir, { "web.log.3.gz": gzipSync(lines(100, 101)) });
    await utimes(`${web}.3.gz`, 10, 10);
    const since = 15_000;
    const accept = acceptsLine({ since });
    expect(await read({ count: Number.POSITIVE_INFINITY, accept, since })).toEqual(texts(15, 32));
  });

  test("half a file is there up to where it ends", async () => {
    const whole = gzipSync(
      Array.from({ length: 20_000 }, (_, at) => line(at, { text: `${at * 7919}` })).join(""),
    );
    await fill(dir, { "jobs.log.1.gz": whole.subarray(0, whole.length - 20) });
    const found = await read({ files: [jobs], count: Number.POSITIVE_INFINITY });
    expect(found?.length).toBeGreaterThan(1000);
  });
});

test("several logs are one, by time, whatever lies where", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = seeded(seed);
    const own = join(dir, `${seed}`);
    await mkdir(own);
    const files = ["web", "jobs", "agent"].map((name) => join(own, `${name}.log`));
    const parts = files.map(() => [[""], [""], [""]].map(() => [] as string[]));
    const total = random.int(300);
    for (let at = 0; at < total; at += 1) {
      // What comes later lies in a later file of its log.
      const part = Math.min(2, Math.floor((at * 3) / total));
      parts[random.int(3)]?.[part]?.push(line(at));
    }
    for (const [log, file] of files.entries()) {
      for (const [part, name] of [`${file}.2.gz`, `${file}.1`, file].entries()) {
        const text = parts[log]?.[part]?.join("") ?? "";
        await writeFile(name, name.endsWith(".gz") ? gzipSync(text) : text);
        await utimes(name, 0, part);
      }
    }
    const count = random.pick([1, 10, 100, 1000]);
    expect(await read({ files, count }), `seed ${seed}`).toEqual(
      texts(Math.max(0, total - count), total),
    );
  }
});

describe("what is wanted", () => {
  const one: DecodedLine = {
    ...{ time: 1000, process: "web", index: 1, pid: 1, stream: "stdout" },
    ...{ text: "GET /price", level: "warn" },
  };
  const { level: _, ...without } = one;

  test.each([
    [{}, true],
    [{ process: "web" }, true],
    [{ process: "web.1" }, true],
    [{ process: "web.0" }, false],
    [{ process: "we" }, false],
    [{ stream: "stdout" }, true],
    [{ stream: "stderr" }, false],
    [{ level: "info" }, true],
    [{ level: "warn" }, true],
    [{ level: "error" }, false],
    [{ grep: /price$/ }, true],
    [{ grep: /PRICE/ }, false],
    [{ since: 1000 }, true],
    [{ since: 1001 }, false],
    [{ process: "web", stream: "stdout", level: "warn", grep: /GET/, since: 0 }, true],
  ] as const)("%j: %s", (filter, isWanted) => {
    expect(acceptsLine(filter)(one)).toBe(isWanted);
  });

  test("what says nothing about how serious it is, is not", () => {
    expect(acceptsLine({ level: "trace" })(without)).toBe(false);
  });

  test("a regular expression that remembers where it was does not", () => {
    const accept = acceptsLine({ grep: /price/g });
    expect([accept(one), accept(one), accept(one)]).toEqual([true, true, true]);
  });

  const now = Date.UTC(2026, 10, 26, 12);
  test.each([
    ["10m", now - 600_000],
    ["2d", now - 2 * 86_400_000],
    ["60d", now - 60 * 86_400_000],
    ["2026-01-31T12:00:00Z", Date.UTC(2026, 0, 31, 12)],
    ["2026-01-31T12:00:00.500+01:00", Date.UTC(2026, 0, 31, 11, 0, 0, 500)],
    ["2026-01-31", new Date(2026, 0, 31).getTime()],
    ["2026-01-31 12:30", new Date(2026, 0, 31, 12, 30).getTime()],
    ["yesterday", undefined],
    ["10", undefined],
    ["2026-13-01", undefined],
    ["1", undefined],
    ["", undefined],
  ])("since %j", (text, at) => {
    expect(parseSince(text, now)).toBe(at);
  });
});

describe("where the logs of an application lie", () => {
  const place: LogsPlace = {
    ...{ dir: "/logs", pattern: "{process}.log", format: "json" },
    files: ["/logs/web.log", "/logs/web.1.log", "/logs/jobs.log"],
  };

  test("is read as it was written", async () => {
    expect(await readPlace(dir)).toBeUndefined();
    await mkdir(join(dir, "logs"));
    await writeFile(placeFile(dir), JSON.stringify(place));
    expect(await readPlace(dir)).toEqual(place);
  });

  test.each(["", "null", "[]", "{", '{"dir":1}', '{"dir":"/x","pattern":"x"}'])(
    "%j is as good as nothing",
    async (text) => {
      await mkdir(join(dir, "logs"));
      await writeFile(placeFile(dir), text);
      expect(await readPlace(dir)).toBeUndefined();
    },
  );

  test("only the files that may hold a process are read for it", () => {
    expect(filesOfProcess(place, undefined)).toEqual(place.files);
    expect(filesOfProcess(place, "jobs")).toEqual(["/logs/jobs.log"]);
    expect(filesOfProcess(place, "jobs.0")).toEqual(["/logs/jobs.log"]);
    expect(filesOfProcess(place, "web.1")).toEqual(["/logs/web.log", "/logs/web.1.log"]);
    expect(filesOfProcess(place, "nobody")).toEqual(place.files);
  });
});
