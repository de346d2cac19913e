import { pino } from "pino";
import { destination } from "./destination.ts";
import { badArgument, unwritable } from "./errors.ts";
import type { LineWriter } from "./line-writer.ts";
import type { LoggerPlan } from "./options.ts";
import { toText } from "./text.ts";
import type { FileLogger, FileLoggerOptions } from "./types.ts";

/** Makes the line that stands where so many are missing. */
export type NoteOf = (lines: number, reason: unknown) => string;

/** Levels of a logger, as numbers; what is off is above all of them. */
interface Levels {
  readonly file: number;
  readonly stdout: number;
  /** The name of the lower one. */
  readonly lower: string;
}

/** What makes a logger, checked: only then a file is made for it. */
export class LoggerParts {
  readonly #plan: LoggerPlan;
  readonly #options: pino.LoggerOptions;
  readonly #levels: Levels;
  /** Of the file, as pino writes it. */
  readonly #level: string;
  readonly #labels: Readonly<Record<number, string>>;

  /** @throws ELPIS_LOGS_BAD_ARGUMENT when pino refuses an option */
  constructor(plan: LoggerPlan, { pino: more, redact }: FileLoggerOptions) {
    this.#plan = plan;
    const options = { ...more, ...(redact !== undefined && { redact }) };
    // Levels of one's own are known at run time only.
    const ours = options as unknown as pino.LoggerOptions;
    const probe = attempt(plan, ours);
    this.#levels = levelsOf(probe, plan.stdoutLevel);
    this.#labels = probe.levels.labels;
    this.#options = { ...ours, level: this.#levels.lower };
    this.#level = probe.level;
  }

  /** A line like those of the logger itself. */
  readonly noteOf: NoteOf = (lines, reason) => {
    let note = "";
    const stream = {
      write(line: string): void {
        note = line;
      },
    };
    const why = reason instanceof Error ? reason.message : "more came than could be written";
    const text = `${lines} lines are missing here: ${why}`;
    // Whatever levels there are, this one is: that of the logger.
    const log = pino({ ...this.#options, level: this.#level }, stream);
    log[this.#level as "warn"]({ lost: lines }, text);
    return note === "" ? `${JSON.stringify({ lost: lines, msg: text })}\n` : this.#format(note);
  };

  make(writer: LineWriter, onClose: () => Promise<void>): FileLogger {
    const { file, stdout } = this.#levels;
    const stream = destination({
      writer,
      format: this.#format,
      stdoutLevel: stdout,
      fileLevel: file,
      level: Math.min(file, stdout),
    });
    const log = pino(this.#options, stream);
    return Object.defineProperties(log, extrasOf(this.#plan.path, writer, onClose)) as FileLogger;
  }

  readonly #format = (line: string): string =>
    this.#plan.format === "json"
      ? line
      : toText(line, (level) => this.#labels[level] ?? String(level));
}

/** A logger that writes nowhere. */
function attempt({ level }: LoggerPlan, options: pino.LoggerOptions): pino.Logger {
  try {
    return pino({ ...options, level }, { write: () => {} });
  } catch (cause) {
    const { message } = cause as Error;
    throw badArgument("pino, level, redact", `what pino takes (${message})`, level, cause);
  }
}

function levelsOf({ level, levels }: pino.Logger, stdoutLevel: string): Levels {
  const { values } = levels;
  const isOff = stdoutLevel === "off" || stdoutLevel === "silent";
  const stdout = isOff ? Number.POSITIVE_INFINITY : values[stdoutLevel];
  if (stdout === undefined) {
    throw badArgument("stdoutLevel", `off, ${Object.keys(values).join(", ")}`, stdoutLevel);
  }
  const file = values[level] ?? Number.POSITIVE_INFINITY;
  return { file, stdout, lower: stdout < file ? stdoutLevel : level };
}

function extrasOf(
  path: string,
  writer: LineWriter,
  onClose: () => Promise<void>,
): PropertyDescriptorMap {
  const flush = async (done?: (error?: Error) => void): Promise<boolean> => {
    const isWritten = await writer.flush();
    done?.(isWritten ? undefined : unwritable(path, "it is closed"));
    return isWritten;
  };
  return {
    path: { value: path },
    lost: { get: () => writer.lost },
    flush: { value: flush },
    reopen: { value: () => writer.reopen() },
    close: { value: onClose },
  };
}
