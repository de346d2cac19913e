import { readFile } from "node:fs/promises";

/** The text of a file; undefined when it is not there or cannot be read. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A file of lines such as `MemTotal:  24684096 kB`, or `pgfault 17`: names and first numbers. */
export function parseTable(text: string): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name, value] = line.trim().split(/[:\s]+/, 2);
    if (name !== undefined && value !== undefined && value !== "") table.set(name, Number(value));
  }
  return table;
}

/** The number in a file of one number; undefined when it is none, such as `max`. */
export function parseNumber(text: string | undefined): number | undefined {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
