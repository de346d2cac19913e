import { ElpisError } from "@elpis/api";

/** Extension types of msgpack that bodies may have; `docs/protocol.md` describes their content. */
export const Ext = {
  /** One byte, 0. */
  undefined: 0x00,
  /** One msgpack array: key, value, key, value, … */
  map: 0x01,
  /** One msgpack array. */
  set: 0x02,
  /** One msgpack map, as an error is sent in a `fault`. */
  error: 0x03,
  /** An integer of more than 64 bits: two's complement, the highest byte first. */
  bigint: 0x04,
  /** The timestamp of msgpack: type -1. */
  date: 0xff,
} as const;

/** Lists, maps and extensions inside one another. */
export const MAX_VALUE_DEPTH = 64;
/** Elements of all lists and sets, and entries of all maps, of one body. */
export const MAX_VALUE_ENTRIES = 100_000;
/** As so many entries an error counts, since making one costs as much; any other extension with a value inside is one. */
export const ERROR_ENTRIES = 16;
/** Entries of one map. */
export const MAX_MAP_ENTRIES = 20_000;
/** Bytes of one integer. */
export const MAX_BIGINT_BYTES = 1024;
/** Milliseconds to either side of 1970 that a date may be away. */
export const MAX_DATE_MS = 8.64e15;
export const NANOS_PER_SECOND = 1_000_000_000;

/** A key that would change the prototype of the object it is assigned to. */
export const FORBIDDEN_KEY = "__proto__";

/**
 * The content of an error's extension as an error. It comes from outside: what is missing or has the wrong type is left
 * out. One without a code has none, as other errors have not.
 */
export function errorFromFields(fields: Readonly<Record<string, unknown>>): ElpisError {
  const { name, message, code, retryable, details, cause, stack } = fields;
  // Where an error is unpacked says nothing about where it comes from, and costs more than all the rest.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    const error = new ElpisError(text(code, ""), text(message, ""), {
      retryable: retryable === true,
      ...(isFields(details) && { details }),
      ...(isFields(cause) && { cause: errorFromFields(cause) }),
    });
    if (typeof code !== "string") Reflect.deleteProperty(error, "code");
    error.name = text(name, "Error");
    error.stack = text(stack, `${error.name}: ${error.message}`);
    return error;
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype
  );
}
