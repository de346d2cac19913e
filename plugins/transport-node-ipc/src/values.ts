import { errorToData } from "@elpis/api";
import { badValue, remoteError } from "./errors.ts";
import { MAX_DEPTH } from "./limits.ts";

/**
 * What JSON cannot say is an object with one key that begins with `$`. A key of one's own that begins so gets another
 * `$` in front, which the other side takes off.
 *
 * @throws ELPIS_NODE_IPC_VALUE
 */
export function toJson(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw badValue(`more than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { $number: String(value) };
    case "bigint":
      return { $bigint: String(value) };
    case "undefined":
      return { $undefined: true };
    case "object":
      return value === null ? null : objectToJson(value, depth + 1);
    default:
      throw badValue(`a ${typeof value} is no data`);
  }
}

function objectToJson(value: object, depth: number): unknown {
  if (Array.isArray(value)) return value.map((item) => toJson(item, depth));
  if (value instanceof Uint8Array) return { $bytes: base64(value) };
  if (value instanceof Date) return { $date: value.getTime() };
  if (value instanceof Set) return { $set: [...value].map((item) => toJson(item, depth)) };
  if (value instanceof Map) {
    return { $map: [...value].map((entry) => entry.map((part) => toJson(part, depth))) };
  }
  if (value instanceof Error) return { $error: toJson(errorToData(value), depth) };
  return mapKeys(value, (key) => (key.startsWith("$") ? `$${key}` : key), depth, toJson);
}

/** The value that {@link toJson} was given. @throws ELPIS_NODE_IPC_VALUE */
export function fromJson(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw badValue(`more than ${MAX_DEPTH} levels`);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => fromJson(item, depth + 1));
  const [first = "", ...more] = Object.keys(value);
  if (more.length === 0 && first.startsWith("$") && !first.startsWith("$$")) {
    return special(first, (value as Record<string, unknown>)[first], depth + 1);
  }
  return mapKeys(value, ownKey, depth + 1, fromJson);
}

function ownKey(key: string): string {
  if (!key.startsWith("$")) return key;
  if (key.startsWith("$$")) return key.slice(1);
  throw badValue(`the key ${key} means nothing beside others`);
}

function special(name: string, value: unknown, depth: number): unknown {
  if (name === "$undefined") return undefined;
  if (name === "$bytes" && typeof value === "string") return Buffer.from(value, "base64");
  if (name === "$date" && (typeof value === "number" || value === null))
    return new Date(value ?? NaN);
  if (name === "$number" && NUMBERS.has(value)) return Number(value);
  if (name === "$bigint" && typeof value === "string" && /^-?\d{1,20}$/.test(value))
    return BigInt(value);
  if (name === "$set" && Array.isArray(value)) return new Set(fromJson(value, depth) as unknown[]);
  if (name === "$map" && isPairs(value))
    return new Map(fromJson(value, depth) as [unknown, unknown][]);
  if (name === "$error") return remoteError(fromJson(value, depth));
  throw badValue(`${name} is not known, or not with such a value`);
}

const NUMBERS = new Set<unknown>(["NaN", "Infinity", "-Infinity"]);

function isPairs(value: unknown): boolean {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2);
}

function mapKeys(
  value: object,
  rename: (key: string) => string,
  depth: number,
  convert: (value: unknown, depth: number) => unknown,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__") throw badValue("a key named __proto__");
    copy[rename(key)] = convert(item, depth);
  }
  return copy;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
