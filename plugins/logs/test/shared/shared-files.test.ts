import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@elpis/api";
import { tempDir, waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { spanName, spanOf } from "../../src/files/spans.ts";
import type { RotationPolicy } from "../../src/files/types.ts";
import type { Question } from "../../src/shared/edges.ts";
import { SharedFiles } from "../../src/shared/shared-files.ts";
import { GRACE_MS, SILENT_MS, TIDY_MS } from "../../src/shared/times.ts";

const DAY_MS = 86_400_000;
/** Before any file of a test is made. */
const NOON = new Date(Date.now() - 2 * DAY_MS).setHours(12, 0, 0, 0);
const THAT_DAY = spanName("day", spanOf("day", NOON));
const BY_SIZE: RotationPolicy = { maxBytes: 1024, mode: "rename", compress: false, keep: {} };
const BY_DAY: RotationPolicy = { every: "day", mode: "rename", compress: false, keep: {} };

/** A rotator over a real folder, with clocks and writers that the test moves. */
class Bench {
  readonly dir: string;
  readonly files: SharedFiles;
  readonly asked: Question[] = [];
  readonly told: string[] = [];
  /** Those that do not answer. */
  readonly frozen = new Set<string>();
  nowMs = NOON;
  ms = 0;

  constructor(dir: string) {
    this.dir = dir;
    const tell = (text: string): void => void this.told.push(text);
    const log: Logger = { debug() {}, info: tell, warn: tell, error: tell, child: () => log };
    this.files = new SharedFiles({
      ask: async (question) => {
        this.asked.push(question);
        const { writers } = question;
        const answered = writers.filter((id) => !this.frozen.has(id));
        return { answered, missing: writers.filter((id) => this.frozen.has(id)) };
      },
      log,
      now: () => this.nowMs,
      monotonicNow: () => this.ms,
    });
  }

  static async open(): Promise<Bench> {
    const folder = await tempDir();
    const bench = new Bench(await realpath(folder.path));
    onTestFinished(async () => {
      await bench.files.close();
      await folder.remove();
    });
    return bench;
  }

  /** Makes the file, as if it had been written then. */
  write(text: string, atMs: number = this.nowMs): string {
    const path = join(this.dir, "web.log");
    writeFileSync(path, text);
    utimesSync(path, atMs / 1000, atMs / 1000);
    return path;
  }

  register(writer: string, policy: RotationPolicy): Promise<string> {
    return this.files.register(writer, { path: join(this.dir, "web.log"), policy });
  }

  /** So much later, with a look at it. What is to be done then is done. */
  async later(ms: number): Promise<void> {
    this.nowMs += ms;
    this.ms += ms;
    await this.files.tick();
    await this.files.settled();
  }

  async names(): Promise<string[]> {
    return (await readdir(this.dir)).sort();
  }

  text(name: string): Promise<string> {
    return readFile(join(this.dir, name), "utf8");
  }
}

describe("when a file is put aside", () => {
  it("gives it yesterday's name, and tells the writers to open it anew", async () => {
    const bench = await Bench.open();
    const path = bench.write("of yesterday\n");
    await bench.register("1", BY_DAY);
    await bench.later(0);
    expect(await bench.names()).toEqual(["web.log"]);
    bench.nowMs += DAY_MS;
    await bench.later(1000);
    expect(await bench.names()).toEqual([`web.log.${THAT_DAY}`]);
    expect(bench.asked).toEqual([{ path, verb: "reopen", writers: ["1"] }]);
    bench.write("of today\n");
    await bench.later(60_000);
    expect(await bench.names()).toEqual(["web.log", `web.log.${THAT_DAY}`]);
  });

  it("never overwrites one of that day", async () => {
    const bench = await Bench.open();
    for (const text of ["one\n", "two\n", "three\n"]) {
      bench.write(text);
      await bench.register("1", BY_DAY);
      await bench.files.rotate();
    }
    const names = ["", ".1", ".2"].map((nth) => `web.log.${THAT_DAY}${nth}`);
    expect(await bench.names()).toEqual(names);
    expect(await Promise.all(names.map((name) => bench.text(name)))).toEqual([
      "one\n",
      "two\n",
      "three\n",
    ]);
  });

  it("moves 1,025 bytes with a limit of 1,024 to .1, and what is there to .2 and .3", async () => {
    const bench = await Bench.open();
    await bench.register("1", BY_SIZE);
    for (const letter of ["a", "b", "c"]) {
      bench.write(letter.repeat(1024));
      await bench.later(1000);
      expect(await bench.names()).toContain("web.log");
      bench.write(letter.repeat(1025));
      await bench.later(1000);
    }
    expect(await bench.names()).toEqual(["web.log.1", "web.log.2", "web.log.3"]);
    const first = (await Promise.all([1, 2, 3].map((n) => bench.text(`web.log.${n}`)))).map(
      (text) => text[0],
    );
    expect(first).toEqual(["c", "b", "a"]);
  });

  it("is rotated once, however many have registered it, by whatever way to it", async () => {
    const bench = await Bench.open();
    bench.write("x".repeat(1025));
    symlinkSync(bench.dir, `${bench.dir}-link`);
    onTestFinished(() => import("node:fs").then(({ rmSync }) => rmSync(`${bench.dir}-link`)));
    await bench.register("1", BY_SIZE);
    await bench.files.register("2", { path: `${bench.dir}/./web.log`, policy: BY_SIZE });
    await bench.files.register("3", { path: `${bench.dir}-link/web.log`, policy: BY_SIZE });
    await bench.register("1", BY_SIZE);
    await bench.later(1000);
    await bench.later(1000);
    expect(await bench.names()).toEqual(["web.log.1"]);
    expect(bench.asked.map(({ writers }) => writers)).toEqual([["1", "2", "3"]]);
    expect(bench.files.status()).toMatchObject([{ rotations: 1 }]);
  });

  it("keeps the strictest of what different writers want, and says so once", async () => {
    const bench = await Bench.open();
    await bench.register("1", { ...BY_SIZE, maxBytes: 5000, keep: { files: 2 } });
    await bench.register("2", { ...BY_SIZE, keep: { files: 7, ageMs: 9 }, compress: true });
    await bench.register("2", { ...BY_SIZE, keep: { files: 7, ageMs: 9 }, compress: true });
    await bench.register("3", { ...BY_SIZE, keep: { files: 7, ageMs: 9 }, compress: true });
    await bench.files.settled();
    expect(bench.files.status()[0]?.policy?.policy).toEqual({
      every: undefined,
      maxBytes: 1024,
      mode: "rename",
      compress: true,
      keep: { files: 2, ageMs: 9 },
    });
    expect(bench.told).toHaveLength(1);
  });

  it("looks at the size no more often than it is told to", async () => {
    const bench = await Bench.open();
    const path = join(bench.dir, "web.log");
    await bench.files.register("1", { path, policy: BY_SIZE, lookMs: 60_000 });
    await bench.later(1000);
    bench.write("x".repeat(2000));
    await bench.later(1000);
    expect(await bench.names()).toEqual(["web.log"]);
    await bench.later(60_000);
    expect(await bench.names()).toEqual(["web.log.1"]);
  });
});

describe("who writes", () => {
  it("is dropped when nothing is heard of it, and when it has left", async () => {
    const bench = await Bench.open();
    await bench.register("silent", BY_SIZE);
    await bench.register("gone", BY_SIZE);
    bench.files.forget("gone");
    await bench.later(SILENT_MS - 1000);
    await bench.register("lively", BY_SIZE);
    await bench.later(2000);
    expect(bench.files.status()[0]?.writers).toEqual(["lively"]);
    bench.write("x".repeat(1025));
    await bench.later(1000);
    expect(bench.asked.map(({ writers }) => writers)).toEqual([["lively"]]);
    expect(bench.told).toHaveLength(1);
  });

  it("holds back compression and removal as long as it may have a file open", async () => {
    const bench = await Bench.open();
    await bench.register("1", { ...BY_SIZE, compress: true, keep: { files: 1 } });
    await bench.register("2", { ...BY_SIZE, compress: true, keep: { files: 1 } });
    bench.frozen.add("2");
    for (const letter of ["a", "b", "c"]) {
      bench.write(letter.repeat(1025));
      await bench.later(1000);
    }
    await bench.later(GRACE_MS);
    await bench.later(60_000);
    expect(await bench.names()).toEqual(["web.log.1", "web.log.2", "web.log.3"]);
    expect(bench.files.status()[0]?.held).toBe(3);
    // It wakes up, and writes what it had in its hands before it hears what it was asked.
    appendFileSync(join(bench.dir, "web.log.3"), "late\n");
    bench.frozen.clear();
    await bench.later(60_000);
    await bench.later(GRACE_MS);
    await waitFor(async () => (await bench.names()).join() === "web.log.1.gz", {
      what: "only the newest to be left, compressed",
    });
    expect(bench.files.status()[0]?.held).toBe(0);
  });

  it("is given a moment, when it may not have registered yet", async () => {
    const bench = await Bench.open();
    await bench.register("1", { ...BY_SIZE, compress: true });
    bench.write("x".repeat(1025));
    await bench.later(1000);
    await bench.later(GRACE_MS - 1000);
    expect(await bench.names()).toEqual(["web.log.1"]);
    await bench.later(1000);
    await waitFor(async () => (await bench.names()).join() === "web.log.1.gz", {
      what: "it to be compressed",
    });
  });
});

it("removes what has become too old, also where nothing is put aside", async () => {
  const bench = await Bench.open();
  const policy: RotationPolicy = { ...BY_SIZE, keep: { ageMs: DAY_MS } };
  writeFileSync(join(bench.dir, "web.log.1"), "old\n");
  utimesSync(join(bench.dir, "web.log.1"), NOON / 1000, NOON / 1000);
  await bench.register("1", policy);
  await bench.later(GRACE_MS);
  bench.nowMs += DAY_MS;
  for (let minutes = 0; minutes < TIDY_MS / 60_000; minutes += 2) {
    expect(await bench.names()).toEqual(["web.log.1"]);
    await bench.register("1", policy);
    await bench.later(120_000);
  }
  expect(await bench.names()).toEqual([]);
});

describe("a file that is emptied", () => {
  const policy: RotationPolicy = { ...BY_SIZE, mode: "truncate" };

  it("is copied while its writers hold", async () => {
    const bench = await Bench.open();
    await bench.register("1", policy);
    await bench.register("2", policy);
    bench.write("x".repeat(1025));
    await bench.later(1000);
    expect(await bench.names()).toEqual(["web.log", "web.log.1"]);
    expect((await bench.text("web.log.1")).length).toBe(1025);
    expect(await bench.text("web.log")).toBe("");
    expect(bench.asked.map(({ verb, writers }) => [verb, writers])).toEqual([
      ["hold", ["1", "2"]],
      ["resume", ["1", "2"]],
    ]);
  });

  it("is left as it is when one of them does not hold, and is tried again", async () => {
    const bench = await Bench.open();
    await bench.register("1", policy);
    await bench.register("2", policy);
    bench.frozen.add("2");
    bench.write("x".repeat(1025));
    await bench.later(1000);
    expect(await bench.names()).toEqual(["web.log"]);
    expect((await bench.text("web.log")).length).toBe(1025);
    expect(bench.asked.map(({ verb }) => verb)).toEqual(["hold", "resume"]);
    expect(bench.told).toHaveLength(1);
    bench.frozen.clear();
    await bench.later(2000);
    expect(await bench.names()).toEqual(["web.log", "web.log.1"]);
  });
});

describe("what may be registered", () => {
  it("is a file for logs in a folder of one's own", async () => {
    const bench = await Bench.open();
    const register = async (path: string): Promise<string | undefined> => {
      try {
        await bench.files.register("1", { path, policy: BY_SIZE });
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    const at = (name: string): string => join(bench.dir, name);
    mkdirSync(at("dir.log"));
    symlinkSync("/etc/hostname", at("link.log"));
    mkdirSync(at("open"), { mode: 0o700 });
    chmodSync(at("open"), 0o777);
    mkdirSync(at("open/inner"), { mode: 0o700 });
    expect(await register(at("dir.log"))).toBe("ELPIS_LOGS_NOT_A_FILE");
    expect(await register(at("link.log"))).toBe("ELPIS_LOGS_NOT_A_FILE");
    expect(await register(at("open/web.log"))).toBe("ELPIS_LOGS_UNSAFE_DIR");
    expect(await register(at("open/inner/web.log"))).toBe("ELPIS_LOGS_UNSAFE_DIR");
    expect(await register(at("data.db"))).toBe("ELPIS_LOGS_BAD_ARGUMENT");
    expect(await register(at(".log"))).toBe("ELPIS_LOGS_BAD_ARGUMENT");
    expect(await register("web.log")).toBe("ELPIS_LOGS_BAD_ARGUMENT");
    expect(await register(at("nowhere/web.log"))).toBe("ELPIS_LOGS_BAD_ARGUMENT");
    expect(await register(at("web.log"))).toBeUndefined();
  });

  it("has a policy that makes sense", async () => {
    const bench = await Bench.open();
    const wrong = [
      undefined,
      {},
      { ...BY_SIZE, mode: "delete" },
      { ...BY_SIZE, maxBytes: 0 },
      { ...BY_SIZE, maxBytes: "1kb" },
      { ...BY_SIZE, every: "__proto__" },
      { ...BY_SIZE, keep: { files: Number.NaN } },
    ];
    for (const policy of wrong) {
      const registered = bench.register("1", policy as RotationPolicy);
      await expect(registered, JSON.stringify(policy)).rejects.toMatchObject({
        code: "ELPIS_LOGS_BAD_ARGUMENT",
      });
    }
  });
});

it("goes on where an earlier one was killed, and leaves what it put aside alone for a moment", async () => {
  const bench = await Bench.open();
  bench.write("now\n");
  writeFileSync(join(bench.dir, "web.log.1"), "before\n");
  writeFileSync(join(bench.dir, "web.log.1.tmp"), "half a co");
  await bench.register("1", { ...BY_SIZE, compress: true });
  await bench.later(GRACE_MS - 1);
  expect(await bench.names()).toEqual(["web.log", "web.log.1"]);
  await bench.later(1);
  await waitFor(async () => (await bench.names()).join() === "web.log,web.log.1.gz", {
    what: "it to be compressed",
  });
});
