import type { LogFields, Logger } from "@elpis/api";

/** How much a logger says; each level includes those after it. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface LoggerOptions {
  /** @default "info" */
  readonly level?: LogLevel;
  /** Lines for people, or one JSON object a line. @default "text" */
  readonly format?: "text" | "json";
  /** Takes each line, without its end. @default writes to stderr */
  readonly write?: (line: string) => void;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** Makes a logger. It never throws: a field that cannot be shown is shown as text. */
export function createLogger(options: LoggerOptions = {}, fields: LogFields = {}): Logger {
  const { level = "info", format = "text", write = toStderr } = options;
  const lowest = LEVELS.indexOf(level);
  const say =
    (line: LogLevel) =>
    (message: string, more?: LogFields): void => {
      if (LEVELS.indexOf(line) < lowest) return;
      const all = { ...fields, ...more };
      const time = new Date().toISOString();
      write(
        format === "json"
          ? show({ time, level: line, message, ...all })
          : `${time} ${line.padEnd(5)} ${message}${Object.keys(all).length > 0 ? ` ${show(all)}` : ""}`,
      );
    };
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: (more) => createLogger(options, { ...fields, ...more }),
  };
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
  } catch {
    return String(value);
  }
}
