import { channel } from "node:diagnostics_channel";
import { type LogFields, type Logger, toText } from "@elpis/api";

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

/** Whoever keeps errors hears of them here, whatever the level of what is written. */
const told = channel("elpis.log");

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** Makes a logger. It never throws: a field that cannot be shown is shown as text. */
export function createLogger(options: LoggerOptions = {}, fields: LogFields = {}): Logger {
  const { level = "info", format = "text", write = toStderr } = options;
  const lowest = LEVELS.indexOf(level);
  const say =
    (line: LogLevel) =>
    (message: string, more?: LogFields): void => {
      if (told.hasSubscribers)
        told.publish({ level: line, message, fields: { ...fields, ...more } });
      if (LEVELS.indexOf(line) < lowest) return;
      const time = new Date().toISOString();
      write(
        format === "json"
          ? jsonLine(time, line, message, { ...fields, ...more })
          : textLine(time, line, message, { ...fields, ...more }),
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

function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const shown = Object.keys(fields).length > 0 ? ` ${show(fields)}` : "";
  return `${time} ${level.padEnd(5)} ${message}${shown}`;
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const shown = show({ ...fields, time, level, message });
  // Fields that cannot be shown must not take the message with them.
  return shown.startsWith("{") ? shown : JSON.stringify({ time, level, message, fields: shown });
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
  } catch (error) {
    return `fields that cannot be shown (${toText(error)})`;
  }
}
