import { isAbsolute, resolve } from "node:path";
import {
  type Application,
  type Duration,
  parseDuration,
  parseSize,
  type SchemaIssue,
  type Size,
  type StandardSchema,
} from "@elpis/api";
import type { Span } from "./files/types.ts";
import type { KeepPlan } from "./keeper/messages.ts";
import type { LineFormat } from "./lines/encode.ts";

/** Options of {@link logs}; all may be left out. */
export interface LogsOptions {
  /** Folder of the files, absolute or from the folder of the configuration. @default "logs" */
  readonly dir?: string;
  /**
   * Which lines go to which file: `{app}`, `{process}`, `{index}` and `{stream}` are filled in, so that
   * `"{process}.{index}.{stream}.log"` gives each stream of each instance a file of its own. @default "{process}.log"
   */
  readonly file?: string;
  /**
   * `text`: `2026-01-31T12:00:00.000Z web.0[4242] stdout| text`. `json`: an object for each line, with its level where
   * that can be recognised. @default "text"
   */
  readonly format?: LineFormat;
  /** When a file is put aside. */
  readonly rotate?: {
    /** By the clock on the wall; false: whatever the time. @default "day" */
    readonly every?: Span | false;
    /** When it has so many bytes; false: however large it is. @default "100mb" */
    readonly size?: Size | false;
    /** `truncate`: the file is copied and emptied, for programs that keep it open. @default "rename" */
    readonly mode?: "rename" | "truncate";
    /** Whether files that were put aside are compressed. @default true */
    readonly compress?: boolean;
  };
  /** Which of the files that were put aside stay. */
  readonly keep?: {
    /** The newest so many of each file; false: all. @default 10 */
    readonly files?: number | false;
    /** Those that are no older. @default however old */
    readonly age?: Duration;
    /** What all of them may take together; the oldest go first. @default "2gb" */
    readonly total?: Size | false;
  };
  /** How many lines one process may print within a time; what is more is dropped and counted. @default as many as it likes */
  readonly limit?: { readonly lines: number; readonly per?: Duration };
  /** How much may wait for a disk that is full or slow, for each file; what is more is dropped and counted. @default "16mb" */
  readonly buffer?: Size;
}

const MAX_AGE_MS = 100 * 365 * 86_400_000;
const SPANS: readonly unknown[] = ["day", "hour", "minute", "second"];
const PLACEHOLDERS = ["app", "process", "index", "stream"];

/** Checks options before anything starts. */
export const schema: StandardSchema<LogsOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = isRecord(value) ? [...check(value)] : [wrong([], "an object", value)];
      return issues.length > 0 ? { issues } : { value: value as LogsOptions };
    },
  },
};

type Check = readonly [expected: string, test: (value: unknown) => boolean];
type Checks = Readonly<Record<string, Check | Readonly<Record<string, Check>>>>;

const isSize = (value: unknown): boolean => parseSize(value) !== undefined;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const orFalse =
  (test: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === false || test(value);
const isSpanOfTime = (value: unknown): boolean => (parseDuration(value, MAX_AGE_MS) ?? 0) > 0;

const CHECKS: Checks = {
  dir: ["a path", (value) => typeof value === "string" && value !== ""],
  file: [
    `a file name with any of ${PLACEHOLDERS.map((one) => `{${one}}`).join(", ")}`,
    (value) => typeof value === "string" && isPattern(value),
  ],
  format: ['"text" or "json"', (value) => value === "text" || value === "json"],
  rotate: {
    every: [
      '"day", "hour", "minute", "second" or false',
      orFalse((value) => SPANS.includes(value)),
    ],
    size: ['a size such as "100mb", or false', orFalse(isSize)],
    mode: ['"rename" or "truncate"', (value) => value === "rename" || value === "truncate"],
    compress: ["a boolean", isBoolean],
  },
  keep: {
    files: ["a whole number from 1, or false", orFalse(isCount)],
    age: ['a time span such as "30d"', isSpanOfTime],
    total: ['a size such as "2gb", or false', orFalse(isSize)],
  },
  limit: {
    lines: ["a whole number from 1", isCount],
    per: ['a time span such as "1s"', isSpanOfTime],
  },
  buffer: ['a size such as "16mb"', isSize],
};

function* check(
  value: Readonly<Record<string, unknown>>,
  checks: Checks = CHECKS,
  path: readonly string[] = [],
): Generator<SchemaIssue> {
  for (const [key, found] of Object.entries(value)) {
    const rule = Object.hasOwn(checks, key) ? checks[key] : undefined;
    const here = [...path, key];
    if (rule === undefined) {
      const message = `unknown key; known are ${Object.keys(checks).join(", ")}`;
      yield { path: here, message };
    } else if (found === undefined) {
      // As if it were not there.
    } else if (isCheck(rule)) {
      if (!rule[1](found)) yield wrong(here, rule[0], found);
    } else if (!isRecord(found)) {
      yield wrong(here, "an object", found);
    } else {
      yield* check(found, rule, here);
    }
  }
  const { lines } = value;
  if (path[0] === "limit" && lines === undefined)
    yield wrong([...path, "lines"], "a whole number from 1", undefined);
}

function isCheck(rule: Checks[string]): rule is Check {
  return Array.isArray(rule);
}

function wrong(path: readonly string[], expected: string, found: unknown): SchemaIssue {
  return { path, message: `expected ${expected}, got ${JSON.stringify(found) ?? "nothing"}` };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A name, without a way out of the folder, whose holes can all be filled. */
function isPattern(text: string): boolean {
  const bare = text.replaceAll(/\{(\w+)\}/g, (hole, name) =>
    PLACEHOLDERS.includes(name) ? "x" : hole,
  );
  return /^[\w.@+-]+$/.test(bare) && !bare.startsWith(".");
}

/** What the keeper is to do, all defaults filled in. */
export function planOf(options: LogsOptions, { name, dir }: Application): KeepPlan {
  const { rotate = {}, keep = {}, limit } = options;
  const folder = options.dir ?? "logs";
  return {
    app: name,
    dir: isAbsolute(folder) ? folder : resolve(dir, folder),
    pattern: options.file ?? "{process}.log",
    format: options.format ?? "text",
    rotation: {
      every: rotate.every === false ? undefined : (rotate.every ?? "day"),
      maxBytes: sizeOr(rotate.size, "100mb"),
      mode: rotate.mode ?? "rename",
      compress: rotate.compress ?? true,
      keep: {
        files: keep.files === false ? undefined : (keep.files ?? 10),
        ageMs: keep.age === undefined ? undefined : parseDuration(keep.age, MAX_AGE_MS),
      },
    },
    totalBytes: sizeOr(keep.total, "2gb"),
    bufferBytes: sizeOr(options.buffer, "16mb") as number,
    flood: limit && { lines: limit.lines, perMs: parseDuration(limit.per ?? "1s") ?? 1000 },
  };
}

function sizeOr(size: Size | false | undefined, fallback: Size): number | undefined {
  return size === false ? undefined : parseSize(size ?? fallback);
}
