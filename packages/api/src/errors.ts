/** What an {@link ElpisError} is made of, besides its code and message. */
export interface ElpisErrorOptions {
  /** What led to this error. */
  readonly cause?: unknown;
  /** Plain data for programs: the values that the message names. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Whether the same call may succeed when it is made again. @default false */
  readonly retryable?: boolean;
}

/**
 * Every error that Elpis raises. Test `code`, never the class or the text: two copies of a package in one
 * program have two classes, but one set of codes. The codes are listed in `docs/reference/errors.md`.
 */
export class ElpisError extends Error {
  /** Stable name of what went wrong: `ELPIS_<AREA>_<WHAT>`, or a remote handler's own code. */
  readonly code: string;
  /** The values that the message names. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean;

  constructor(code: string, message: string, options: ElpisErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ElpisError";
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}

/** An error as it crosses processes: plain data, so that nothing is lost and nothing is built from the wire. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly stack?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: ErrorData;
}

const MAX_CAUSES = 4;

/** Any value as text; never throws, which `String` does for objects without a usable `toString`. */
export function toText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** Turns anything thrown into plain data. `stack` is left out unless asked for. */
export function errorToData(thrown: unknown, withStack = false, depth = 0): ErrorData {
  if (!(thrown instanceof Error)) return { name: "Error", message: toText(thrown) };
  const { code, details, retryable, cause } = thrown as Partial<ElpisError>;
  return {
    name: toText(thrown.name),
    message: toText(thrown.message),
    ...(typeof code === "string" && { code }),
    ...(retryable === true && { retryable }),
    ...(withStack && thrown.stack !== undefined && { stack: thrown.stack }),
    ...(isPlain(details) && { details }),
    ...(cause !== undefined &&
      depth < MAX_CAUSES && { cause: errorToData(cause, withStack, depth + 1) }),
  };
}

/** Whether `value` is an error with the given code (any Elpis code when none is given). */
export function hasCode(value: unknown, code?: string): value is ElpisError {
  const found = value instanceof Error ? (value as Partial<ElpisError>).code : undefined;
  if (typeof found !== "string") return false;
  return code === undefined ? found.startsWith("ELPIS_") : found === code;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== "object") return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return (proto === Object.prototype || proto === null) && Object.keys(value).length > 0;
}
