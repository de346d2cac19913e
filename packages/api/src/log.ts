/** Fields of a log line beside its message; plain data. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a part of Elpis writes what a person may want to know. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same logger with fields that every line carries. */
  child(fields: LogFields): Logger;
}
