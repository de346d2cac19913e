import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findLockOwner, type Lock, type LockOwner, takeLock } from "../src/local/lock.ts";
import { isAlive, processStartTime } from "../src/local/process-identity.ts";

const CONTENDERS = 4;
const ROUNDS = 20;
let base: string;
let dir: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "elpis-"));
  dir = join(base, "shop");
  mkdirSync(dir);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function taken(result: Lock | LockOwner): Lock {
  if ("pid" in result) throw new Error(`${result.pid} has the lock`);
  return result;
}

function writeOwner(number: number, text: string): void {
  writeFileSync(join(dir, `lock.${number}`), text, { mode: 0o600 });
}

/** Of a process that has lived and is gone. */
async function deadPid(): Promise<number> {
  const child = fork("-e", [], { execArgv: ["-e", ""], stdio: "ignore" });
  await once(child, "exit");
  return child.pid as number;
}

describe("takeLock", () => {
  test("takes a fresh folder, for its user only, and leaves no draft", () => {
    taken(takeLock(dir));
    expect(readdirSync(dir)).toEqual(["lock.1"]);
    if (process.platform !== "win32") {
      expect(statSync(join(dir, "lock.1")).mode & 0o777).toBe(0o600);
    }
    const startTime = processStartTime(process.pid);
    expect(JSON.parse(readFileSync(join(dir, "lock.1"), "utf8"))).toEqual({
      pid: process.pid,
      ...(startTime !== undefined && { startTime }),
    });
  });

  test("says who has it, also to the same process", () => {
    taken(takeLock(dir));
    expect(takeLock(dir)).toMatchObject({ pid: process.pid });
    expect(findLockOwner(dir)).toMatchObject({ pid: process.pid });
    expect(readdirSync(dir)).toEqual(["lock.1"]);
  });

  test("can be taken again when it was released", () => {
    for (let round = 1; round <= 3; round++) {
      const lock = taken(takeLock(dir));
      expect(readdirSync(dir)).toEqual([`lock.${round}`]);
      lock.release();
      expect(findLockOwner(dir)).toBeUndefined();
    }
  });

  test("release does not fail when the folder is gone", () => {
    const lock = taken(takeLock(dir));
    rmSync(dir, { recursive: true });
    lock.release();
    expect(findLockOwner(dir)).toBeUndefined();
  });

  test("takes over from a process that is gone", async () => {
    writeOwner(7, JSON.stringify({ pid: await deadPid() }));
    expect(findLockOwner(dir)).toBeUndefined();
    taken(takeLock(dir));
    expect(readdirSync(dir)).toEqual(["lock.8"]);
  });

  test.skipIf(process.platform === "win32")(
    "takes over when the number has passed to another process",
    () => {
      writeOwner(1, JSON.stringify({ pid: process.pid, startTime: "long ago" }));
      taken(takeLock(dir));
      expect(readdirSync(dir)).toEqual(["lock.2"]);
    },
  );

  test.each(["", "{", "{}", "null", '{"pid":"7"}'])(
    "takes over from a file with %j in it",
    (text) => {
      writeOwner(3, text);
      taken(takeLock(dir));
      expect(readdirSync(dir)).toEqual(["lock.4"]);
    },
  );

  test("the highest number counts, and other files do not", async () => {
    writeOwner(9, JSON.stringify({ pid: process.pid }));
    writeOwner(10, JSON.stringify({ pid: await deadPid() }));
    for (const name of ["lock.x", "lock.", "xlock.99", "lock.11.bak"]) {
      writeFileSync(join(dir, name), JSON.stringify({ pid: process.pid }));
    }
    taken(takeLock(dir));
    expect(readdirSync(dir).filter((name) => /^lock\.\d+$/.test(name))).toEqual(["lock.11"]);
  });

  test("fails when there is no folder", () => {
    expect(() => takeLock(join(base, "nowhere"))).toThrow("ENOENT");
    expect(findLockOwner(join(base, "nowhere"))).toBeUndefined();
  });
});

describe("process identity", () => {
  test("this process is alive; with another start time it is another one", () => {
    const startTime = processStartTime(process.pid);
    expect(isAlive(process.pid, undefined)).toBe(true);
    expect(isAlive(process.pid, startTime)).toBe(true);
    if (startTime === undefined) return;
    expect(processStartTime(process.pid)).toBe(startTime);
    expect(isAlive(process.pid, `${startTime}0`)).toBe(false);
  });

  test("a process that is gone is not alive", async () => {
    const pid = await deadPid();
    expect(isAlive(pid, undefined)).toBe(false);
    expect(processStartTime(pid)).toBeUndefined();
  });
});

interface Outcome {
  readonly dir: string;
  readonly won: boolean;
  readonly owner: number;
}

describe("processes that race", () => {
  let built: string;
  let contenders: ChildProcess[] = [];

  beforeAll(async () => {
    built = mkdtempSync(join(tmpdir(), "elpis-"));
    for (const name of ["lock", "process-identity"]) transpile(name, built);
    const lock = pathToFileURL(join(built, "lock.js")).href;
    writeFileSync(join(built, "package.json"), '{"type":"module"}');
    contenders = await Promise.all(Array.from({ length: CONTENDERS }, () => start(lock)));
  });
  afterAll(async () => {
    for (const child of contenders) child.kill("SIGKILL");
    rmSync(built, { recursive: true, force: true });
  });

  test(`${ROUNDS} rounds of ${CONTENDERS}: exactly one owner each, and all know it`, async () => {
    const gone = await deadPid();
    for (let round = 0; round < ROUNDS; round++) {
      dir = join(base, `round${round}`);
      mkdirSync(dir);
      // Every other round they fight for what a killed owner has left.
      if (round % 2 === 1) writeOwner(round, JSON.stringify({ pid: gone }));
      const outcomes = await race(contenders, dir);
      const winners = outcomes.filter(({ won }) => won);
      expect(winners, `round ${round}`).toHaveLength(1);
      expect(new Set(outcomes.map(({ owner }) => owner))).toEqual(new Set([winners[0]?.owner]));
      expect(findLockOwner(dir)?.pid).toBe(winners[0]?.owner);
      expect(readdirSync(dir)).toHaveLength(1);
    }
  });

  test("one folder that is released and taken again never has two owners", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const winners = (await race(contenders, dir)).filter(({ won }) => won);
      expect(winners, `round ${round}`).toHaveLength(1);
      const winner = contenders.find(({ pid }) => pid === winners[0]?.owner) as ChildProcess;
      const released = once(winner, "message");
      winner.send({ type: "release", dir });
      await released;
      expect(findLockOwner(dir)).toBeUndefined();
    }
  });

  test("a held lock is refused, and taken over once its owner was killed", async () => {
    const [owner, ...others] = contenders as [ChildProcess, ...ChildProcess[]];
    expect((await race([owner], dir))[0]?.won).toBe(true);
    for (const outcome of await race(others, dir)) {
      expect(outcome).toMatchObject({ won: false, owner: owner.pid });
    }
    const gone = once(owner, "exit");
    owner.kill("SIGKILL");
    await gone;
    const winners = (await race(others, dir)).filter(({ won }) => won);
    expect(winners).toHaveLength(1);
  });
});

/** As the build would: the sources of this package, for processes that read JavaScript only. */
function transpile(name: string, to: string): void {
  const source = readFileSync(new URL(`../src/local/${name}.ts`, import.meta.url), "utf8");
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      rewriteRelativeImportExtensions: true,
    },
  });
  writeFileSync(join(to, `${name}.js`), outputText);
}

async function start(lockModule: string): Promise<ChildProcess> {
  const fixture = fileURLToPath(new URL("./fixtures/lock-contender.mjs", import.meta.url));
  const child = fork(fixture, [lockModule], { execArgv: [] });
  await once(child, "message");
  return child;
}

/** All try for the lock of `folder` at the same moment. */
async function race(children: readonly ChildProcess[], folder: string): Promise<Outcome[]> {
  const atMs = Date.now() + 10;
  return Promise.all(
    children.map(async (child) => {
      const answer = once(child, "message");
      child.send({ type: "take", dir: folder, atMs });
      const [outcome] = (await answer) as [Outcome];
      return outcome;
    }),
  );
}
