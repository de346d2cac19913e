import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Appended } from "../files/append-file.ts";

/** Appends to whatever file has the name now, and waits for it. Never throws. */
export function appendNow(path: string, bytes: Buffer): Appended {
  let written = 0;
  let fd: number | undefined;
  try {
    fd = open(path);
    while (written < bytes.length) written += writeSync(fd, bytes, written);
    return { written };
  } catch (error) {
    return { written, error };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function open(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "a", 0o600);
  }
}
