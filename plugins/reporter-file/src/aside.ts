import { readdir, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

interface Aside {
  readonly name: string;
  readonly day: string;
  readonly index: number;
}

/** The day of a time, in local time, as `2026-11-28`. @param ms milliseconds since 1970 */
export function dayOf(ms: number): string {
  const date = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * Puts a file aside under the day of its lines: `a.jsonl.2026-11-28`, and `.2026-11-28.1` when that is there already. No file is
 * ever replaced.
 */
export async function putAside(path: string, day: string): Promise<void> {
  const same = (await asidesOf(path)).filter((one) => one.day === day);
  const index = Math.max(-1, ...same.map((one) => one.index)) + 1;
  await rename(path, index === 0 ? `${path}.${day}` : `${path}.${day}.${index}`);
}

/** Removes all but the newest so many of the files that were put aside. @returns what could not be removed */
export async function prune(path: string, keep: number): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const { name } of (await asidesOf(path)).slice(keep)) {
    await unlink(join(dirname(path), name)).catch((error: unknown) => failures.push(error));
  }
  return failures;
}

/** The files that were put aside, the newest first. */
async function asidesOf(path: string): Promise<Aside[]> {
  const base = `${basename(path)}.`;
  const found: Aside[] = [];
  for (const name of await readdir(dirname(path))) {
    const parts = /^(\d{4}-\d\d-\d\d)(?:\.([1-9]\d{0,8}))?$/.exec(name.slice(base.length));
    if (!name.startsWith(base) || parts === null) continue;
    found.push({ name, day: parts[1] as string, index: Number(parts[2] ?? 0) });
  }
  return found.sort((one, other) =>
    one.day === other.day ? other.index - one.index : one.day < other.day ? 1 : -1,
  );
}
