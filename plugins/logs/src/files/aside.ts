import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type AsideName, newerFirst, parseAside } from "./names.ts";

const MAX_TRIES = 5;

/** A file that was put aside. */
export interface AsideFile extends AsideName {
  readonly path: string;
  readonly bytes: number;
  /** When its last line was written, as the system tells it, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Tells it apart from all others, whatever it is called. */
  readonly inode: number;
}

/** What was put aside of the file at `path`, the newest first. Nothing when its folder is not there. */
export async function asidesOf(path: string): Promise<AsideFile[]> {
  const whole = (await everyAsideOf(path)).filter(({ state }) => state === "whole");
  // For an instant both are there: what is compressed, and what it was made of.
  const plain = new Set(whole.filter((one) => !one.isCompressed).map(keyOf));
  return inOrder(whole.filter((one) => !one.isCompressed || !plain.has(keyOf(one))));
}

/** The same, with what is only half there, and in no order. */
export async function everyAsideOf(path: string): Promise<AsideFile[]> {
  for (let tries = 1; ; tries += 1) {
    const { files, isWhole } = await lookFor(dirname(path), basename(path));
    if (isWhole || tries === MAX_TRIES) return files;
  }
}

/** A file that gets another name between the list and the look at it would not be there at all. */
async function lookFor(
  dir: string,
  base: string,
): Promise<{ readonly files: AsideFile[]; readonly isWhole: boolean }> {
  const files: AsideFile[] = [];
  let isWhole = true;
  for (const name of await namesIn(dir)) {
    const parsed = parseAside(base, name);
    if (parsed === undefined) continue;
    const file = join(dir, name);
    const stats = await stat(file).catch(() => undefined);
    isWhole &&= stats !== undefined;
    if (stats === undefined || !stats.isFile()) continue;
    const { size: bytes, mtimeMs: modifiedMs, ino: inode } = stats;
    files.push({ ...parsed, path: file, bytes, modifiedMs, inode });
  }
  return { files, isWhole };
}

/** Two that are equal in it hold the same lines. */
export function keyOf({ span, index }: AsideName): string {
  return `${span ?? ""}.${index}`;
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Whether there is nothing at a path. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Those with a span and those without are of different times: the policy was changed between them. */
function inOrder(files: readonly AsideFile[]): AsideFile[] {
  const spans = files.filter(({ span }) => span !== undefined).sort(newerFirst);
  const numbers = files.filter(({ span }) => span === undefined).sort(newerFirst);
  const areSpansNewer = (spans[0]?.modifiedMs ?? 0) >= (numbers[0]?.modifiedMs ?? 0);
  return areSpansNewer ? [...spans, ...numbers] : [...numbers, ...spans];
}
