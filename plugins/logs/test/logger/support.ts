import { readFileSync } from "node:fs";
import { realpath } from "node:fs/promises";
import type { ElpisError } from "@elpis/api";
import { tempDir } from "@elpis/testing";
import { onTestFinished } from "vitest";
import { createLogger, type FileLogger, type FileLoggerOptions } from "../../src/logger.ts";

/** A folder, and what loggers in it had to tell. */
export interface Place {
  readonly dir: string;
  readonly troubles: ElpisError[];
  /** A logger that is closed with the test. */
  logger(options?: FileLoggerOptions, name?: string): FileLogger;
}

export async function place(): Promise<Place> {
  const folder = await tempDir();
  const dir = await realpath(folder.path);
  const troubles: ElpisError[] = [];
  const loggers: FileLogger[] = [];
  onTestFinished(async () => {
    await Promise.all(loggers.map((log) => log.close()));
    await folder.remove();
  });
  const onTrouble = (error: ElpisError): void => void troubles.push(error);
  const logger = (options: FileLoggerOptions = {}, name = "web"): FileLogger => {
    const log = createLogger(name, { dir, onTrouble, ...options });
    loggers.push(log);
    return log;
  };
  return { dir, troubles, logger };
}

/** The lines of a file, parsed. */
export function linesOf(path: string): Array<Record<string, unknown>> {
  const text = readFileSync(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
