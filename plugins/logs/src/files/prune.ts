import { rm, stat } from "node:fs/promises";
import { type AsideFile, asidesOf } from "./aside.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import type { Retention } from "./types.ts";

/**
 * Removes what was put aside of a log and is too much, or too old.
 *
 * @param nowMs milliseconds since 1970
 * @param isSpared which of them are left alone for now: somebody may still write to them
 * @returns how many are gone
 */
export function prune(
  path: string,
  keep: Retention,
  nowMs: number,
  isSpared: (file: AsideFile) => boolean = () => false,
): Promise<number> {
  return oneAtATime(path, async () => {
    const { files = Number.POSITIVE_INFINITY, ageMs = Number.POSITIVE_INFINITY } = keep;
    const all = await asidesOf(path);
    const isOver = (one: AsideFile, at: number): boolean =>
      at >= files || nowMs - one.modifiedMs > ageMs;
    const gone = all.filter((one, at) => isOver(one, at) && !isSpared(one));
    for (const file of gone) await rm(file.path, { force: true });
    return gone.length;
  });
}

/**
 * Removes the oldest of what was put aside of several logs, until all of them together, those that are written
 * included, take no more than `maxBytes`. One that is written is never removed.
 *
 * @param paths the files that are written
 * @returns how many are gone
 */
export async function pruneTotal(paths: readonly string[], maxBytes: number): Promise<number> {
  let total = 0;
  const asides: Array<AsideFile & { readonly log: string }> = [];
  for (const log of new Set(paths)) {
    total += await sizeOf(log);
    for (const file of await asidesOf(log)) asides.push({ ...file, log });
  }
  total += asides.reduce((sum, { bytes }) => sum + bytes, 0);
  // Those of one log come oldest last; equal times must not turn that round.
  const oldestFirst = asides.reverse().sort((a, b) => a.modifiedMs - b.modifiedMs);
  let gone = 0;
  for (const file of oldestFirst) {
    if (total <= maxBytes) break;
    await oneAtATime(file.log, () => rm(file.path, { force: true }));
    total -= file.bytes;
    gone += 1;
  }
  return gone;
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
