import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { notWritten } from "./errors.ts";
import type { NewFile } from "./templates.ts";

/** As a new folder has it, before the mask of the process is taken off. */
const FOLDER_MODE = 0o777;

/**
 * Puts files into a folder: first all of them beside their place, so that a disk that is full or must not be written leaves
 * nothing half made. Of a folder that is there already some files may be new when moving them fails.
 *
 * @param isThere whether the folder is there already
 */
export function writeAll(dir: string, files: readonly NewFile[], isThere: boolean): void {
  const parent = isThere ? dir : dirname(dir);
  const made = mkdirSync(parent, { recursive: true });
  let staging: string | undefined;
  try {
    staging = mkdtempSync(join(parent, `.${basename(dir)}-`));
    for (const { path, text } of files) {
      mkdirSync(dirname(join(staging, path)), { recursive: true });
      writeFileSync(join(staging, path), text);
    }
    if (isThere) moveInto(dir, staging, files);
    else {
      chmodSync(staging, FOLDER_MODE & ~process.umask());
      renameSync(staging, dir);
    }
  } catch (error) {
    if (staging !== undefined) rmSync(staging, { recursive: true, force: true });
    if (made !== undefined) removeEmpty(parent, made);
    throw error;
  }
  rmSync(staging, { recursive: true, force: true });
}

function moveInto(dir: string, staging: string, files: readonly NewFile[]): void {
  for (const { path } of files) mkdirSync(dirname(join(dir, path)), { recursive: true });
  let moved = 0;
  try {
    for (const { path } of files) {
      renameSync(join(staging, path), join(dir, path));
      moved++;
    }
  } catch (error) {
    throw notWritten(dir, error, moved > 0);
  }
}

/** Removes folders that were made for nothing, from the innermost on. What somebody else has put there stays. */
function removeEmpty(innermost: string, outermost: string): void {
  for (let dir = innermost; dir.startsWith(outermost); dir = dirname(dir)) {
    try {
      rmdirSync(dir);
    } catch {
      return;
    }
  }
}
