import { join, resolve } from "node:path";
import { parseDuration, parseSize } from "@elpis/api";
import { SPAN_MS } from "../files/spans.ts";
import type { RotationPolicy } from "../files/types.ts";
import type { SharedPolicy } from "../shared/policy.ts";
import { badArgument } from "./errors.ts";
import type { FileLoggerOptions } from "./types.ts";

const MAX_AGE_MS = 100 * 365 * 86_400_000;
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const TYPES = ["date", "size", "size-truncate"] as const;
const KNOWN = new Set<string>([
  "dir",
  "level",
  "stdoutLevel",
  "type",
  "every",
  "maxFileSize",
  "maxFiles",
  "maxAge",
  "rotateDuration",
  "compress",
  "format",
  "redact",
  "buffer",
  "hub",
  "pino",
  "onTrouble",
] satisfies Array<keyof FileLoggerOptions>);

/** Options of a logger, checked, with all that was left out. */
export interface LoggerPlan {
  readonly name: string;
  readonly path: string;
  readonly level: string;
  readonly stdoutLevel: string;
  readonly format: "json" | "text";
  readonly rotation: SharedPolicy;
  readonly bufferBytes: number;
}

/** @throws ELPIS_LOGS_BAD_ARGUMENT */
export function planOf(name: string, options: FileLoggerOptions): LoggerPlan {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw badArgument("name", "1 to 64 letters, digits, ., _, -, a letter or digit first", name);
  }
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) throw badArgument(key, `one of ${[...KNOWN].join(", ")}`, "no option");
  }
  const { dir = "logs", level = "info", stdoutLevel = "off", format = "json", buffer } = options;
  check("dir", "a path", dir, typeof dir === "string" && dir !== "");
  check("level", "the name of a level", level, typeof level === "string");
  check(
    "stdoutLevel",
    'the name of a level, or "off"',
    stdoutLevel,
    typeof stdoutLevel === "string",
  );
  check("format", '"json" or "text"', format, format === "json" || format === "text");
  return {
    name,
    path: join(resolve(dir), `${name}.log`),
    level,
    stdoutLevel,
    format,
    rotation: rotationOf(options),
    bufferBytes: sizeOf("buffer", buffer ?? "4mb"),
  };
}

function rotationOf(options: FileLoggerOptions): SharedPolicy {
  const { type = "date", every = "day", maxFiles = 10, compress = false } = options;
  check("type", TYPES.map((one) => `"${one}"`).join(", "), type, TYPES.includes(type));
  check("every", Object.keys(SPAN_MS).join(", "), every, Object.hasOwn(SPAN_MS, every));
  check("compress", "a boolean", compress, typeof compress === "boolean");
  const isCount = Number.isSafeInteger(maxFiles) && maxFiles >= 1;
  check("maxFiles", "a whole number from 1", maxFiles, isCount);
  if (options.every !== undefined && type !== "date") {
    throw badArgument("every", 'left out, or type "date"', every);
  }
  const policy: RotationPolicy = {
    every: type === "date" ? every : undefined,
    maxBytes: sizeOf("maxFileSize", options.maxFileSize ?? "300mb"),
    mode: type === "size-truncate" ? "truncate" : "rename",
    compress,
    keep: { files: maxFiles, ageMs: durationOf("maxAge", options.maxAge) },
  };
  return { policy, lookMs: durationOf("rotateDuration", options.rotateDuration) };
}

function check(name: string, expected: string, value: unknown, isGood: boolean): void {
  if (!isGood) throw badArgument(name, expected, value);
}

function sizeOf(name: string, value: unknown): number {
  const bytes = parseSize(value);
  if (bytes === undefined) throw badArgument(name, 'a size such as "300mb"', value);
  return bytes;
}

function durationOf(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms = parseDuration(value, MAX_AGE_MS);
  if (ms === undefined || ms === 0) throw badArgument(name, 'a time span such as "5m"', value);
  return ms;
}
