import { readFileSync } from "node:fs";
import { ElpisError } from "@elpis/api";

/** Bytes in hex; long ones in parts. `{ keys: n }` are n entries of a map: the texts "0", "1", … with the value 0. */
export type Hex = string | ReadonlyArray<string | Repeated | { readonly keys: number }>;
interface Repeated {
  readonly repeat: string;
  readonly times: number;
}

export interface ValueCase {
  readonly name: string;
  readonly value: unknown;
  readonly hex: Hex;
  readonly also?: readonly Hex[];
}
export interface FrameCase {
  readonly name: string;
  readonly kind: number;
  readonly flags?: number;
  readonly code?: number;
  readonly padding?: number;
  readonly topic?: number;
  readonly correlation?: number;
  readonly source?: number;
  readonly target?: number;
  readonly remaining?: number;
  readonly extension?: string;
  readonly value?: unknown;
  readonly raw?: string;
  readonly hex: string;
}
export interface HostileCase {
  readonly name: string;
  readonly hex: Hex;
  readonly reason: string;
}

export const VALUES: readonly ValueCase[] = load("values");
export const FRAMES: readonly FrameCase[] = load("frames");
export const HOSTILE: readonly HostileCase[] = load("hostile");
export const RECORDS = read("records") as {
  /** What the sender of all this has declared. */
  readonly records: ReadonlyArray<readonly string[]>;
  readonly frames: ReadonlyArray<FrameCase & { readonly records?: true }>;
  readonly cases: readonly ValueCase[];
  readonly hostile: readonly HostileCase[];
};

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), "utf8"));
}

function load<T>(name: string): readonly T[] {
  return (read(name) as { cases: readonly T[] }).cases;
}

export function bytesOf(hex: Hex): Buffer {
  if (typeof hex === "string") return Buffer.from(hex, "hex");
  return Buffer.concat(
    hex.map((part) => {
      if (typeof part === "string") return Buffer.from(part, "hex");
      return "keys" in part
        ? entries(part.keys)
        : Buffer.alloc((part.repeat.length / 2) * part.times, part.repeat, "hex");
    }),
  );
}

function entries(count: number): Buffer {
  let text = "";
  for (let key = 0; key < count; key++) {
    text += `${String.fromCharCode(0xa0 + `${key}`.length)}${key}\0`;
  }
  return Buffer.from(text, "latin1");
}

/** The value that a notation of `vectors/README.md` stands for. */
export function readNotation(notation: unknown): unknown {
  if (Array.isArray(notation)) return notation.map(readNotation);
  if (notation === null || typeof notation !== "object") return notation;
  const fields = Object.entries(notation as Record<string, unknown>);
  const [mark, content] = fields[0] ?? ["", undefined];
  if (mark === "$repeat") return repeated(notation as { $repeat: string | [0]; times: number });
  const read = mark.startsWith("$") ? MARKS[mark] : undefined;
  if (read !== undefined) return read(content as never);
  return Object.fromEntries(fields.map(([key, value]) => [key, readNotation(value)]));
}

const MARKS: Readonly<Record<string, (content: never) => unknown>> = {
  $undefined: () => undefined,
  $float: (text: string) => Number(text),
  $bigint: (text: string) => BigInt(text),
  $bytes: (hex: Hex) => bytesOf(hex),
  $date: (text: string) => new Date(text),
  $map: (entries: Array<[unknown, unknown]>) =>
    new Map(entries.map(([key, value]) => [readNotation(key), readNotation(value)])),
  $set: (elements: unknown[]) => new Set(elements.map(readNotation)),
  $error: (fields: Fields) => errorOf(fields),
  $nest: (levels: number) => {
    let list: unknown[] = [];
    for (let level = 1; level < levels; level++) list = [list];
    return list;
  },
  $keys: (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, 0])),
};

function repeated({ $repeat: what, times }: { $repeat: string | [0]; times: number }): unknown {
  return typeof what === "string" ? what.repeat(times) : new Array(times).fill(what[0]);
}

interface Fields {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: Fields;
}

function errorOf({ name, message, code, cause, ...rest }: Fields): Error {
  const error = new ElpisError(code ?? "", message, {
    ...rest,
    ...(cause !== undefined && { cause: errorOf(cause) }),
  });
  error.name = name;
  if (code === undefined) Reflect.deleteProperty(error, "code");
  return error;
}
