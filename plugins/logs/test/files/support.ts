import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { asidesOf } from "../../src/files/aside.ts";
import type { RotationPolicy } from "../../src/files/types.ts";

/** A policy with what a test does not care about. */
export function policy(some: Partial<RotationPolicy>): RotationPolicy {
  return { mode: "rename", compress: false, keep: {}, ...some };
}

/** Writes files: name -> text. */
export async function fill(
  dir: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
}

/** What is in a folder: name -> text; what is compressed as it was. */
export async function contents(dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(dir)).sort()) found[name] = await textOf(join(dir, name));
  return found;
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file);
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}

/** All lines of a log, the oldest first. */
export async function allLines(path: string): Promise<string[]> {
  const files = (await asidesOf(path)).reverse().map((one) => one.path);
  const texts: string[] = [];
  for (const file of [...files, path]) texts.push(await textOf(file).catch(() => ""));
  return texts.join("").split("\n").slice(0, -1);
}

/** `line 0` … as lines of a file. */
export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`);
}
