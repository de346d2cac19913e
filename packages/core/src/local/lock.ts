import { randomBytes } from "node:crypto";
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, processStartTime } from "./process-identity.ts";

const LOCK = /^lock\.(\d+)$/;

/** Who holds a lock. */
export interface LockOwner {
  readonly pid: number;
  readonly startTime?: string;
}

/** A lock that is held. */
export interface Lock {
  /** Lets others have it. */
  release(): void;
}

/**
 * Takes the lock of a folder, or says who has it. Locks are numbered files; the highest number counts. A new number is
 * made by `link`, which only one contender can do, and is valid when no higher one is there afterwards. So nobody ever
 * removes a lock that another one has just taken, which any scheme that deletes a stale file first can do.
 */
export function takeLock(dir: string): Lock | LockOwner {
  const draft = join(dir, `draft.${process.pid}.${randomBytes(6).toString("hex")}`);
  const startTime = processStartTime(process.pid);
  const me: LockOwner = { pid: process.pid, ...(startTime !== undefined && { startTime }) };
  writeFileSync(draft, JSON.stringify(me), { mode: 0o600, flag: "wx" });
  try {
    for (;;) {
      const highest = Math.max(0, ...numbers(dir));
      const owner = highest === 0 ? undefined : lockOwner(dir, highest);
      if (owner !== undefined) return owner;
      const mine = highest + 1;
      if (!tryLink(draft, join(dir, `lock.${mine}`))) continue;
      const higher = numbers(dir).some((number) => number > mine);
      if (higher) {
        rmSync(join(dir, `lock.${mine}`), { force: true });
        continue;
      }
      for (const number of numbers(dir)) {
        if (number < mine) rmSync(join(dir, `lock.${number}`), { force: true });
      }
      return { release: () => release(dir, mine) };
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Who holds the lock of a folder, as far as that process lives. */
export function findLockOwner(dir: string): LockOwner | undefined {
  try {
    const highest = Math.max(0, ...numbers(dir));
    return highest === 0 ? undefined : lockOwner(dir, highest);
  } catch {
    return undefined;
  }
}

function numbers(dir: string): number[] {
  return readdirSync(dir).flatMap((file) => {
    const number = LOCK.exec(file)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function lockOwner(dir: string, number: number): LockOwner | undefined {
  try {
    const owner = JSON.parse(
      readFileSync(join(dir, `lock.${number}`), "utf8"),
    ) as Partial<LockOwner>;
    if (typeof owner.pid !== "number") return undefined;
    return isAlive(owner.pid, owner.startTime) ? (owner as LockOwner) : undefined;
  } catch {
    return undefined;
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The number stays, without an owner: were it removed, a slow contender could take it for a fresh folder. */
function release(dir: string, number: number): void {
  try {
    const draft = join(dir, `draft.${process.pid}.${randomBytes(6).toString("hex")}`);
    writeFileSync(draft, "{}", { mode: 0o600 });
    renameSync(draft, join(dir, `lock.${number}`));
  } catch {
    // The folder is gone, and the lock with it.
  }
}
