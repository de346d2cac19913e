import {
  type ErrorData,
  errorToData,
  type LogFields,
  type Logger,
  type ReporterStatus,
  redact,
} from "@elpis/api";
import { maskOf } from "./masking.ts";

/** What lies deeper in the fields of a line is left out. */
const MAX_DEPTH = 8;

type LastError = NonNullable<ReporterStatus["lastError"]>;

/** What is known of a reporter's trouble. Nothing leaves here with a secret in it. */
export class Troubles {
  /** For the reporter itself. */
  readonly log: Logger;
  readonly #mask: (text: string) => string;
  readonly #now: () => number;
  #last: LastError | undefined;
  /** What was told last, and is not over. */
  #told: string | undefined;

  /** @param own options of the reporter, among which its secrets are */
  constructor(own: unknown, log: Logger, now: () => number) {
    this.#mask = maskOf(own);
    this.#now = now;
    this.log = masked(log, this.#mask);
  }

  get last(): LastError | undefined {
    return this.#last;
  }

  /** Keeps an error, and tells of it, unless it is the one of before and not over: how that goes on is in the status. */
  add(error: unknown): void {
    const { code, message } = this.describe(error);
    const isNew = this.#told !== message;
    this.#told = message;
    this.#last = { time: this.#now(), message, ...(code !== undefined && { code }) };
    if (isNew) this.log.warn("a reporter has trouble", { error: message });
  }

  /** A batch was taken as a whole. */
  over(): void {
    if (this.#told !== undefined) this.log.info("a reporter works again");
    this.#told = undefined;
  }

  /** What went wrong, in one line. */
  describe(error: unknown): { readonly code?: string; readonly message: string } {
    const { message, code, cause } = plainError(error);
    // `fetch failed` says nothing; what led to it does.
    const why =
      cause === undefined ? "" : `: ${[cause.code, cause.message].filter(Boolean).join(" ")}`;
    const line = printable(this.#mask(`${message}${why}`));
    return { message: line, ...(code !== undefined && { code: code.slice(0, 100) }) };
  }
}

/** An error of somebody else may be anything, also something that cannot be looked at. */
function plainError(error: unknown): ErrorData {
  try {
    return errorToData(error);
  } catch {
    return { name: "Error", message: "an error that cannot be read" };
  }
}

/** Without what moves a cursor, or makes two lines of one. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

function masked(log: Logger, mask: (text: string) => string): Logger {
  const clean = (fields: LogFields): LogFields =>
    maskDeep(redact(plainOf(fields)), mask, 0) as LogFields;
  const say =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields?: LogFields): void =>
      log[level](mask(message), fields && clean(fields));
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: (fields) => masked(log.child(clean(fields)), mask),
  };
}

/** Errors among the fields, as data. */
function plainOf(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? errorToData(value, true) : value,
    ]),
  );
}

function maskDeep(value: unknown, mask: (text: string) => string, depth: number): unknown {
  if (typeof value === "string") return mask(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return value.map((one) => maskDeep(one, mask, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, maskDeep(one, mask, depth + 1)]),
  );
}
