import { appendFile, copyFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seeded, type TempDir, tempDir, waitFor } from "@elpis/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compressAsides } from "../../src/files/compress.ts";
import { LogFile } from "../../src/files/log-file.ts";
import { putAside } from "../../src/files/put-aside.ts";
import { type FollowOptions, followLines } from "../../src/read/follow-lines.ts";
import { readLines } from "../../src/read/read-lines.ts";
import { policy } from "../files/support.ts";
import { line, lines, texts } from "./support.ts";

let temp: TempDir;
let dir: string;
let web: string;

beforeEach(async () => {
  temp = await tempDir();
  dir = temp.path;
  web = join(dir, "web.log");
});

afterEach(async () => {
  await temp.remove();
});

async function following(
  work: (seen: string[]) => Promise<unknown>,
  some: Partial<FollowOptions> = {},
): Promise<string[]> {
  const { files = [web], accept = () => true } = some;
  const last = await readLines({ files, count: 0, accept });
  const seen: string[] = [];
  const left = new AbortController();
  const done = followLines({
    ...{ files, accept, from: last?.positions, signal: left.signal, intervalMs: 5 },
    onLine: ({ text }) => seen.push(text),
    ...some,
  });
  try {
    await work(seen);
  } finally {
    left.abort();
    await done;
  }
  return seen;
}

function until(seen: readonly string[], text: string): Promise<unknown> {
  return waitFor(() => seen.includes(text), { what: text });
}

test("gives what is appended, also when a letter comes in two pieces", async () => {
  const beginning = line(1, { text: "begun" });
  const euro = Buffer.from(line(2, { text: "€" }));
  await writeFile(web, `${line(0, { text: "old" })}${beginning.slice(0, -5)}`);
  const seen = await following(async (found) => {
    await appendFile(web, beginning.slice(-5));
    await until(found, "begun");
    await appendFile(web, euro.subarray(0, -3));
    await appendFile(web, euro.subarray(-3));
    await until(found, "€");
  });
  expect(seen).toEqual(["begun", "€"]);
});

test("begins with the first line of a file that is not there yet", async () => {
  await following(async (seen) => {
    await writeFile(web, lines(0, 1));
    await until(seen, "line 0");
  });
});

test("of what comes, only what is wanted", async () => {
  await writeFile(web, "");
  const work = async (found: string[]): Promise<void> => {
    await appendFile(web, lines(0, 20));
    await until(found, "line 19");
  };
  const seen = await following(work, { accept: ({ text }) => text.endsWith("9") });
  expect(seen).toEqual(["line 9", "line 19"]);
});

test("what is found in one look at several logs is in the order of time", async () => {
  const jobs = join(dir, "jobs.log");
  await writeFile(jobs, `${line(1)}${line(3)}`);
  await writeFile(web, `${line(0)}${line(2)}${line(4)}`);
  const work = (found: string[]): Promise<unknown> =>
    waitFor(() => found.length === 5, { what: "five lines" });
  // From the begin of both, which one look finds.
  const seen = await following(work, { files: [web, jobs], from: new Map() });
  expect(seen).toEqual(texts(0, 5));
});

test("the rest of a file that was put aside, those after it, and the one in its place", async () => {
  await writeFile(web, lines(0, 1));
  const seen = await following(async (found) => {
    await appendFile(web, lines(1, 2));
    await until(found, "line 1");
    // More than one look can see.
    for (let at = 2; at < 8; at += 2) {
      await appendFile(web, lines(at, at + 1));
      await putAside({ path: web, policy: policy({}) });
      await writeFile(web, lines(at + 1, at + 2));
    }
    await compressAsides(web);
    await until(found, "line 7");
  });
  expect(seen).toEqual(texts(1, 8));
});

test("the rest of a file in whose place none has come", async () => {
  await writeFile(web, lines(0, 1));
  const seen = await following(async (found) => {
    await appendFile(web, lines(1, 3));
    await rename(web, `${web}.1`);
    await until(found, "line 2");
    await appendFile(`${web}.1`, lines(3, 4));
    await until(found, "line 3");
    await compressAsides(web);
    await writeFile(web, lines(4, 5));
    await until(found, "line 4");
  });
  expect(seen).toEqual(texts(1, 5));
});

test("a file that is copied and emptied", async () => {
  await writeFile(web, lines(0, 10));
  const seen = await following(async (found) => {
    await appendFile(web, lines(10, 12));
    await copyFile(web, `${web}.1`);
    await truncate(web);
    await appendFile(web, lines(12, 14));
    await until(found, "line 13");
    await truncate(web);
    await appendFile(web, lines(14, 15));
    await until(found, "line 14");
  });
  expect(seen).toEqual(texts(10, 15));
});

test("a file that is removed and begun anew", async () => {
  await writeFile(web, lines(0, 10));
  const seen = await following(async (found) => {
    await rm(web);
    await writeFile(web, lines(10, 12));
    await until(found, "line 11");
  });
  expect(seen).toEqual(texts(10, 12));
});

test("whatever a writer does with its files, every line is seen once and in order", async () => {
  const runs = Number(process.env.ELPIS_PROPERTY_RUNS ?? 6);
  for (let seed = 1; seed <= runs; seed += 1) {
    const random = seeded(seed);
    const path = join(dir, `${seed}.log`);
    const [mode, compress] = [
      random.pick(["rename", "truncate"] as const),
      random.pick([true, false]),
    ];
    const rotation = policy({ mode, compress, maxBytes: random.pick([1000, 5000, 20_000]) });
    const file = new LogFile({ path, rotation });
    file.write(line(0), 1);
    await file.settled();
    const seen = await following(
      async (found) => {
        for (let at = 1; at < 400; ) {
          const to = at + 1 + random.int(20);
          file.write(lines(at, to), to - at);
          if (random.int(3) === 0) await file.settled();
          if (random.int(15) === 0) void file.rotate();
          at = to;
        }
        await file.settled();
        file.write(line(1000), 1);
        await until(found, "line 1000");
      },
      { files: [path], intervalMs: 1 },
    );
    await file.close();
    const numbers = seen.map((text) => Number(text.slice(5)));
    expect(numbers, `seed ${seed}`).toEqual([
      ...Array.from({ length: numbers.length - 1 }, (_, at) => at + 1),
      1000,
    ]);
  }
});
