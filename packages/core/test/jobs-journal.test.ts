import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Location } from "@elpis/api";
import { describe, expect, it, vi } from "vitest";
import { createLogger } from "../src/index.ts";
import { diskFiles, type JournalFile, type JournalFiles } from "../src/jobs/files.ts";
import type { JobSpec } from "../src/jobs/job.ts";
import { JobStore } from "../src/jobs/store.ts";
import { copyPrivate, tempDir } from "./support/hub-kit.ts";
import { Random } from "./support/random.ts";

const from: Location = {
  id: 1,
  app: "test",
  role: "worker",
  name: "web",
  index: 0,
  pid: 1,
  epoch: 1,
};

function spec(id: string, payload: Uint8Array | string = id, topic = "mail"): JobSpec {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const times = { maxAttempts: 3, ackDeadlineMs: 30_000, delayMs: 0, atMs: Date.now() };
  return { topic, id, payload: bytes, ...times, from };
}

interface Given {
  readonly worker: number;
  readonly n: number;
  readonly id: string;
  readonly attempts: number;
}

interface Line {
  readonly level: string;
  readonly message: string;
}

/** A store on a real folder, with a list of what it handed out. */
class Bench {
  readonly given: Given[] = [];
  readonly lines: Line[] = [];
  readonly dir: string;
  readonly store: JobStore;
  now = 0;

  constructor(dir: string, options: { files?: JournalFiles; compactBytes?: number } = {}) {
    this.dir = dir;
    const log = createLogger({
      level: "warn",
      format: "json",
      write: (line) => this.lines.push(JSON.parse(line) as Line),
    });
    this.store = new JobStore({
      dir,
      log,
      now: () => this.now,
      random: () => 0,
      give: (worker, n, { id, attempts }) => this.given.push({ worker, n, id, attempts }),
      takeBack: () => {},
      ...options,
    });
  }

  async put(id: string, payload?: Uint8Array | string): Promise<void> {
    await this.store.enqueue(spec(id, payload), "durable");
  }

  /** Ids of the jobs that are alive, oldest first. */
  get ids(): string[] {
    return [...this.store.queue.jobs()].filter(({ state }) => state !== "dead").map(({ id }) => id);
  }
}

/** What a hub finds that is started on a copy of `dir`, as it would after a crash in this moment. */
async function afterCrash(dir: string): Promise<Bench> {
  const copy = join(tempDir(), "jobs");
  copyPrivate(dir, copy);
  const bench = new Bench(copy, { files: quickFiles });
  await bench.store.open();
  await bench.store.close();
  return bench;
}

const logs = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => /\.(log|base)$/.test(name))
    .map((name) => join(dir, name));

/**
 * The real disk, with something in the way of it.
 * @param isSafe whether a sync is one; a test that copies files many times need not wait for the disk
 */
function filesWith(
  before: (op: string, path: string) => void | Promise<void>,
  isSafe = true,
): JournalFiles {
  // One step at a time, so that the folder can be copied between two of them.
  let last: Promise<unknown> = Promise.resolve();
  const step = <Value>(op: string, path: string, run: () => Promise<Value>): Promise<Value> => {
    const done = last.then(async () => {
      await before(op, path);
      return run();
    });
    last = done.catch(() => {});
    return done;
  };
  const sync = async (run: () => Promise<void>): Promise<void> => {
    if (isSafe) await run();
  };
  const wrap = (file: JournalFile): JournalFile => ({
    path: file.path,
    size: () => file.size(),
    read: (bytes, at) => file.read(bytes, at),
    close: () => step("close", file.path, () => file.close()),
    write: (bytes, at) => step("write", file.path, () => file.write(bytes, at)),
    sync: () => step("sync", file.path, () => sync(() => file.sync())),
    truncate: (size) => step("truncate", file.path, () => file.truncate(size)),
  });
  return {
    ...diskFiles,
    open: async (path) => wrap(await step("open", path, () => diskFiles.open(path))),
    rename: (a, b) => step("rename", a, () => diskFiles.rename(a, b)),
    remove: (path) => step("remove", path, () => diskFiles.remove(path)),
    syncDir: (dir) => step("syncDir", dir, () => sync(() => diskFiles.syncDir(dir))),
  };
}

const quickFiles = filesWith(() => {}, false);

const noSpace = (): never => {
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
};

describe("the journal of jobs", () => {
  it("has every acknowledged job after a crash, and no job that was done", async () => {
    const bench = new Bench(join(tempDir(), "jobs"));
    await Promise.all(["a", "b", "c", "d"].map((id) => bench.put(id)));
    bench.store.queue.join(1, "mail", 2, 0);
    expect(bench.given.map(({ id }) => id)).toEqual(["a", "b"]);
    bench.store.queue.ack(1, bench.given[0]?.n as number, 0);
    // Notes wait for company: the next durable job brings them along.
    await bench.put("e");
    const found = await afterCrash(bench.dir);
    expect(found.ids).toEqual(["b", "c", "d", "e"]);
    expect(found.store.queue.find("mail", "a", 0)).toBe("done");
    const attempts = [...found.store.queue.jobs()].map((job) => job.attempts);
    expect(attempts).toEqual([1, 1, 0, 0]);
    await bench.store.close();
  });

  it("keeps payload, origin, attempts, and what was given up and why", async () => {
    const bench = new Bench(join(tempDir(), "jobs"));
    const payload = Buffer.alloc(300_000, 7);
    await bench.store.enqueue({ ...spec("big", payload), maxAttempts: 1, delayMs: 0 }, "durable");
    await bench.store.enqueue({ ...spec("later"), delayMs: 60_000 }, "durable");
    bench.store.queue.join(1, "mail", 1, 0);
    bench.store.queue.nack(1, bench.given[0]?.n as number, "no such address", undefined, 0);
    await bench.store.close();
    const found = await afterCrash(bench.dir);
    const [dead] = [...found.store.queue.dead("mail")];
    expect(dead).toMatchObject({ id: "big", attempts: 1, reason: "no such address", from });
    expect(Buffer.compare(dead?.payload as Uint8Array, payload)).toBe(0);
    const later = found.store.queue.find("mail", "later", 0);
    expect(later).toMatchObject({ state: "delayed", delayMs: 60_000, maxAttempts: 3 });
    expect((later as { dueMs: number }).dueMs).toBeLessThanOrEqual(60_000);
    // Revived and discarded are remembered too.
    const again = new Bench(bench.dir);
    await again.store.open();
    expect(again.store.queue.revive("mail", "big", 0)?.id).toBe("big");
    await again.store.close();
    const revived = await afterCrash(bench.dir);
    expect(revived.ids).toEqual(["big", "later"]);
    expect([...revived.store.queue.jobs()].map((job) => job.attempts)).toEqual([0, 0]);
  });

  it("makes its folder and files for this user alone", async () => {
    const bench = new Bench(join(tempDir(), "jobs"));
    await bench.put("a");
    expect(statSync(bench.dir).mode & 0o777).toBe(0o700);
    for (const file of logs(bench.dir)) expect(statSync(file).mode & 0o777).toBe(0o600);
    await bench.store.close();
  });

  it("acknowledges only what its own sync has put on disk, many with one", async () => {
    const gates: Array<() => void> = [];
    let isHeld = false;
    const files = filesWith((op) => {
      if (op !== "sync" || !isHeld) return;
      return new Promise<void>((resolve) => gates.push(resolve));
    });
    const bench = new Bench(join(tempDir(), "jobs"), { files });
    await bench.store.open();
    isHeld = true;
    const done: string[] = [];
    const put = (id: string): Promise<unknown> => bench.put(id).then(() => done.push(id));
    const all = [put("first")];
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    for (let n = 0; n < 100; n++) all.push(put(`${n}`));
    bench.store.queue.join(1, "mail", 1000, 0);
    expect([done, bench.given], "nobody works on what is not on disk").toEqual([[], []]);
    gates.shift()?.();
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    expect(done).toEqual(["first"]);
    expect(bench.given).toHaveLength(1);
    gates.shift()?.();
    await Promise.all(all);
    expect(done).toHaveLength(101);
    // The hand-outs are noted later; nobody waited for another sync.
    expect(gates).toHaveLength(0);
    isHeld = false;
    await bench.store.close();
  });

  it("gives the same answer to all who enqueue one id, whatever level they ask for", async () => {
    let isFull = false;
    const files = filesWith((op) => {
      if (isFull && op === "write") noSpace();
    });
    const bench = new Bench(join(tempDir(), "jobs"), { files });
    await bench.store.open();
    isFull = true;
    const first = bench.store.enqueue(spec("a"), "durable");
    const second = bench.store.enqueue(spec("a"), "accepted");
    await expect(first).rejects.toMatchObject({ code: "ELPIS_JOBS_DISK", retryable: true });
    // What it would have been a duplicate of never was, so it is the one.
    expect(await second).toEqual({ id: "a", duplicate: false });
    isFull = false;
    const third = bench.store.enqueue(spec("a"), "durable");
    const fourth = bench.store.enqueue(spec("a"), "durable");
    expect(await third).toEqual({ id: "a", duplicate: true });
    expect(await fourth).toEqual({ id: "a", duplicate: true });
    // Asked for as durable it is durable, though it came as accepted.
    expect((await afterCrash(bench.dir)).ids).toEqual(["a"]);
    await bench.store.close();
  });

  it("refuses while the disk is full, crashes nothing, loses nothing, and goes on after", async () => {
    let room = Number.POSITIVE_INFINITY;
    const files = filesWith(() => {});
    const real = files.open;
    const limited: JournalFiles = {
      ...files,
      open: async (path) => {
        const file = await real(path);
        return {
          ...file,
          write: async (bytes, at) => {
            // As a disk does: it takes what fits, and then says no.
            const part = bytes.subarray(0, Math.max(room - at, 0));
            await file.write(part, at);
            if (part.length < bytes.length) noSpace();
          },
        };
      },
    };
    const bench = new Bench(join(tempDir(), "jobs"), { files: limited });
    await bench.put("a");
    room = statSync(logs(bench.dir)[0] as string).size + 20;
    for (const id of ["b", "c"]) {
      await expect(bench.put(id)).rejects.toMatchObject({
        code: "ELPIS_JOBS_DISK",
        retryable: true,
      });
      expect(bench.store.queue.find("mail", id, 0)).toBeUndefined();
    }
    bench.store.queue.join(1, "mail", 5, 0);
    bench.store.queue.ack(1, bench.given[0]?.n as number, 0);
    // What was noted goes along with this one, and must outlast its failure.
    await expect(bench.put("b")).rejects.toMatchObject({ code: "ELPIS_JOBS_DISK" });
    const meanwhile = await afterCrash(bench.dir);
    expect([meanwhile.ids, meanwhile.lines], "what was refused was cut off").toEqual([["a"], []]);
    room = Number.POSITIVE_INFINITY;
    await bench.put("d");
    // Nothing of the refused ones is left, and what was noted meanwhile is there.
    const found = await afterCrash(bench.dir);
    expect(found.ids).toEqual(["d"]);
    expect(found.lines).toEqual([]);
    expect(bench.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(bench.store.journalStats).toMatchObject({ failures: 3, lostNotes: 0 });
    await bench.store.close();
  });
});

describe("a journal after a crash", () => {
  it("cuts off what was not written whole, wherever it ends", async () => {
    const bench = new Bench(join(tempDir(), "jobs"));
    const file = join(bench.dir, "journal-00000001.log");
    const ends: number[] = [];
    for (const id of ["a", "b", "c"]) {
      await bench.put(id, "x".repeat(40));
      ends.push(statSync(file).size);
    }
    await bench.store.close();
    const whole = readFileSync(file);
    const [first, , last] = ends as [number, number, number];
    const sizes = new Set([...Array(9).keys(), ...ends, ...ends.map((end) => end - 1)]);
    for (let size = 9; size < last; size += 7) sizes.add(size);
    for (const size of sizes) {
      const dir = join(tempDir(), "jobs");
      copyPrivate(bench.dir, dir);
      truncateSync(join(dir, "journal-00000001.log"), size);
      const found = new Bench(dir, { files: quickFiles });
      await found.store.open();
      const expected = ends.filter((end) => end <= size).length;
      expect(found.ids, `cut at ${size}`).toEqual(["a", "b", "c"].slice(0, expected));
      const isTorn = size > 8 && !ends.includes(size);
      expect(found.lines.map(({ level }) => level)).toEqual(isTorn ? ["warn"] : []);
      // It goes on where the last whole record ends.
      await found.put("z");
      await found.store.close();
      expect((await afterCrash(dir)).ids).toEqual([...found.ids]);
    }
    // A block that reached the disk as zeros is an end as well.
    writeFileSync(file, Buffer.concat([whole.subarray(0, first), Buffer.alloc(4096)]));
    const found = await afterCrash(bench.dir);
    expect(found.ids).toEqual(["a"]);
    expect(found.store.journalStats).toMatchObject({ cutBytes: 4096, damagedBytes: 0 });
  });

  it("stops at a record that is damaged, keeps what is behind it in a copy, and says so", async () => {
    const bench = new Bench(join(tempDir(), "jobs"));
    const file = join(bench.dir, "journal-00000001.log");
    await bench.put("a");
    const at = statSync(file).size;
    for (const id of ["b", "c", "d"]) await bench.put(id);
    await bench.store.close();
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(at + 20) ^ 0x10, at + 20);
    writeFileSync(file, bytes);
    const found = new Bench(bench.dir);
    await found.store.open();
    expect(found.ids).toEqual(["a"]);
    expect(found.lines).toEqual([expect.objectContaining({ level: "error" })]);
    expect(found.store.journalStats).toMatchObject({
      damagedBytes: bytes.length - at,
      cutBytes: 0,
    });
    expect(readFileSync(`${file}.${at}.damaged`)).toEqual(bytes.subarray(at));
    await found.store.close();
    // Once: what is left is sound.
    expect((await afterCrash(bench.dir)).lines).toEqual([]);
  });

  it("is not opened when another version wrote it", async () => {
    const bench = new Bench(join(tempDir(), "jobs"));
    await bench.put("a");
    await bench.store.close();
    const [file] = logs(bench.dir) as [string];
    const bytes = readFileSync(file);
    bytes.writeUInt32LE(2, 4);
    writeFileSync(file, bytes);
    const found = new Bench(bench.dir);
    await expect(found.store.open()).rejects.toMatchObject({ code: "ELPIS_JOBS_FORMAT" });
    expect(readFileSync(file)).toEqual(bytes);
  });
});

/** Producers and workers at random on a small journal that is rewritten all the time. */
class Life {
  readonly random: Random;
  readonly acknowledged = new Set<string>();
  readonly asked = new Set<string>();
  readonly done = new Set<string>();
  readonly bench: Bench;
  #next = 0;

  constructor(seed: number, files: JournalFiles) {
    this.random = new Random(seed);
    this.bench = new Bench(join(tempDir(), "jobs"), { files, compactBytes: 2000 });
  }

  async run(steps: number): Promise<void> {
    this.bench.store.queue.join(1, "mail", 3, 0);
    for (let step = 0; step < steps; step++) {
      const puts = Array.from({ length: 1 + this.random.int(4) }, () => this.#put());
      for (const { n, id } of this.bench.given.splice(0, this.random.int(9))) {
        this.done.add(id);
        this.acknowledged.delete(id);
        this.bench.store.queue.ack(1, n, 0);
      }
      await Promise.all(puts);
    }
  }

  async #put(): Promise<void> {
    const id = `${this.#next++}`;
    this.asked.add(id);
    await this.bench.put(id, Buffer.alloc(this.random.int(300)));
    // A worker may have been faster than its producer.
    if (!this.done.has(id)) this.acknowledged.add(id);
  }

  /** What a hub finds now must hold all that was acknowledged, and nothing that nobody asked for. */
  async check(dir: string, acknowledged: ReadonlySet<string>): Promise<void> {
    const found = await afterCrash(dir);
    const ids = new Set(found.ids);
    const lost = [...acknowledged].filter((id) => !ids.has(id));
    expect(lost, "acknowledged and lost").toEqual([]);
    expect([...ids].filter((id) => !this.asked.has(id))).toEqual([]);
    expect(ids.size, "each once").toBe(found.ids.length);
    expect(found.lines.filter(({ level }) => level === "error")).toEqual([]);
  }
}

describe("rewriting the journal", () => {
  it("loses nothing, whichever step is the last before a crash", async () => {
    const crashes: Array<{ dir: string; acknowledged: ReadonlySet<string> }> = [];
    const steps: string[] = [];
    const life = new Life(
      1,
      filesWith((op, path) => {
        const name = path.split("/").at(-1) as string;
        steps.push(`${op} ${name.replace(/\d{8}/, "N")}`);
        const dir = join(tempDir(), "crash");
        copyPrivate(life.bench.dir, dir);
        crashes.push({ dir, acknowledged: new Set(life.acknowledged) });
      }, false),
    );
    await life.run(60);
    await life.bench.store.close();
    expect(life.bench.store.journalStats?.compactions).toBeGreaterThan(5);
    for (const step of [
      "write journal-N.base.draft",
      "rename journal-N.base.draft",
      "remove journal-N.log",
      "remove journal-N.base",
    ]) {
      expect(steps).toContain(step);
    }
    for (const { dir, acknowledged } of crashes) await life.check(dir, acknowledged);
    await life.check(life.bench.dir, life.acknowledged);
    expect(logs(life.bench.dir).length).toBeLessThanOrEqual(3);
    expect(readdirSync(life.bench.dir).filter((name) => name.endsWith(".draft"))).toEqual([]);
  }, 60_000);

  it("goes on without it when there is no room for it", async () => {
    const life = new Life(
      2,
      filesWith((op, path) => {
        if (op === "write" && path.endsWith(".draft")) noSpace();
      }, false),
    );
    await life.run(60);
    await life.bench.store.close();
    expect(life.bench.store.journalStats?.compactions).toBe(0);
    expect(life.bench.lines.some(({ level }) => level === "warn")).toBe(true);
    expect(readdirSync(life.bench.dir).filter((name) => name.endsWith(".draft"))).toEqual([]);
    await life.check(life.bench.dir, life.acknowledged);
  });
});
