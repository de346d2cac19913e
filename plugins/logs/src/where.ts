import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { isMissing } from "./files/aside.ts";
import type { LineFormat } from "./lines/encode.ts";

/** Where the logs of an application lie. */
export interface LogsPlace {
  /** Their folder, absolute. */
  readonly dir: string;
  /** How files are named, such as `{process}.log`. */
  readonly pattern: string;
  readonly format: LineFormat;
  /** The files that are written, absolute. */
  readonly files: readonly string[];
}

/** Where it is told, for those who read the logs of an application that may have stopped. */
export function placeFile(runtimeDir: string): string {
  return join(runtimeDir, "logs", "where.json");
}

/** The files that may hold lines of a process, `web` or `web.1`; all of them where their names do not tell. */
export function filesOfProcess(place: LogsPlace, wanted: string | undefined): readonly string[] {
  if (wanted === undefined) return place.files;
  const names = [wanted, wanted.replace(/\.\d+$/, "")].map((one) =>
    place.pattern.replaceAll("{process}", one),
  );
  const found = place.files.filter((file) => names.includes(basename(file)));
  return found.length > 0 ? found : place.files;
}

/** Where the logs of an application lie; undefined when it keeps none with this plugin. */
export async function readPlace(runtimeDir: string): Promise<LogsPlace | undefined> {
  let text: string;
  try {
    text = await readFile(placeFile(runtimeDir), "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return placeOf(parse(text));
}

function parse(text: string): Partial<Record<keyof LogsPlace, unknown>> {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    // A disk was full when it was written.
    return {};
  }
}

function placeOf(found: Partial<Record<keyof LogsPlace, unknown>>): LogsPlace | undefined {
  const { dir, pattern, format, files } = found;
  if (typeof dir !== "string" || typeof pattern !== "string" || !Array.isArray(files))
    return undefined;
  return {
    dir,
    pattern,
    format: format === "json" ? "json" : "text",
    files: files.filter((one) => typeof one === "string"),
  };
}
