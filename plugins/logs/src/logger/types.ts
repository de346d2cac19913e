import type { Client, Duration, ElpisError, Size } from "@elpis/api";
import type {
  Bindings,
  ChildLoggerOptions,
  Logger as PinoLogger,
  LoggerOptions as PinoOptions,
} from "pino";
import type { Span } from "../files/types.ts";

/** How lines stand in the file: one JSON object each, as pino makes it, or for people. */
export type LoggerFormat = "json" | "text";

/** Options of a logger; all may be left out. */
export interface FileLoggerOptions {
  /** Folder of the file, made for this user only when it is not there. @default "logs" in the working directory */
  readonly dir?: string;
  /** The least serious level that is written to the file. @default "info" */
  readonly level?: string;
  /** The least serious level that is written to standard output as well. @default "off" */
  readonly stdoutLevel?: string;
  /**
   * When the file is put aside: `date`: when a day is over, and when it is too large; `size`: when it is too large;
   * `size-truncate`: the same, but it is copied and emptied, for programs that keep it open. @default "date"
   */
  readonly type?: "date" | "size" | "size-truncate";
  /** With `type: "date"`: which span of time has a file of its own. @default "day" */
  readonly every?: Span;
  /** When a file is too large. @default "300mb" */
  readonly maxFileSize?: Size;
  /** How many of the files that were put aside are kept. @default 10 */
  readonly maxFiles?: number;
  /** How long they are kept, such as `"30d"`. @default however old */
  readonly maxAge?: Duration;
  /** How often it is looked at how large the file is. @default each second, and whenever this process writes what only it does */
  readonly rotateDuration?: Duration;
  /** Whether files that were put aside are compressed. @default false */
  readonly compress?: boolean;
  /** @default "json" */
  readonly format?: LoggerFormat;
  /** Paths in what is logged whose values are replaced by `[Redacted]`, as in pino. */
  readonly redact?: PinoOptions["redact"];
  /** How much waits while the file cannot be written; what is more is lost and counted. @default "4mb" */
  readonly buffer?: Size;
  /**
   * The connection to the hub, where other processes write the same file: the plugin `logs()` in the master rotates it
   * then. @default this process rotates the file, and nobody else writes it
   */
  readonly hub?: Client;
  /** Further options of pino: `base`, `serializers`, `timestamp`, `customLevels`, … */
  readonly pino?: Omit<PinoOptions<string>, "level" | "redact" | "transport" | "browser">;
  /** Told what goes wrong, once until it works again. @default a line on standard error */
  readonly onTrouble?: (error: ElpisError) => void;
}

/** A logger of pino that writes to a file which is rotated. */
export type FileLogger = FileLoggerExtras & PinoLogger;

/** What a {@link FileLogger} has besides what pino gives it. Its children have it as well. */
export interface FileLoggerExtras {
  /** The file. */
  readonly path: string;
  /** Lines that are lost so far, of this logger and its children. */
  readonly lost: number;
  /**
   * Resolves when what was logged so far is in the file: with true; or is lost: with false.
   *
   * @param done called then as well, as in pino
   */
  flush(done?: (error?: Error) => void): Promise<boolean>;
  /** Opens what is at the path by now: after somebody else has put the file aside. */
  reopen(): Promise<void>;
  /** Writes what waits, and closes the file; what cannot be written within two seconds is lost, and told. */
  close(): Promise<void>;
  /** The same logger with fields that every line carries. */
  child(bindings: Bindings, options?: ChildLoggerOptions): FileLogger;
}

/** Loggers by name; see `createLoggerService`. */
export interface LoggerService {
  /**
   * The logger of that name and folder; made when there is none.
   *
   * @throws ELPIS_LOGS_BAD_ARGUMENT, ELPIS_LOGS_NOT_A_FILE, ELPIS_LOGS_CLOSED; ELPIS_LOGS_DUPLICATE when there is one with
   * other options
   */
  createLogger(name: string, options?: FileLoggerOptions): FileLogger;
  /** The logger of that name. @param dir @default the folder of the service */
  get(name: string, dir?: string): FileLogger | undefined;
  /** Closes all of them. */
  close(): Promise<void>;
}
