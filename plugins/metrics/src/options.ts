import { type Duration, parseDuration, type SchemaIssue, type StandardSchema } from "@elpis/api";
import type { Level, StoreLimits } from "@elpis/telemetry";
import { COLLECTOR_NAMES, type CollectorName } from "./collectors/names.ts";

/** Options of {@link metrics}; all may be left out. */
export interface MetricsOptions {
  /** The longest time between two reports of a process, in milliseconds; levels may make it shorter. @default 5000 */
  readonly intervalMs?: number;
  /** What is measured without being asked: `false` for nothing, or for single ones. @default everything */
  readonly collectors?: false | Readonly<Partial<Record<CollectorName, boolean>>>;
  /** How soon somebody should know of what a collector measures. @default "normal", `errors` "major" */
  readonly levels?: Readonly<Partial<Record<CollectorName, Level>>>;
  /** What the store of each process holds at most. */
  readonly limits?: StoreLimits;
  /** Whether the metrics API of OpenTelemetry, when it is installed, gives instruments of the same store. @default true */
  readonly openTelemetry?: boolean;
  /** Whether sums go on where they were after a restart of whoever merges them. @default true */
  readonly keep?: boolean;
  /** How long the series of a process that is gone can still be read. @default "5m" */
  readonly expireAfter?: Duration;
}

const LEVEL_NAMES: readonly unknown[] = ["critical", "major", "normal", "minor", "trivial"];
const LIMITS = ["instruments", "seriesPerInstrument", "series", "attributes", "attributeChars"];
const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 3_600_000;

type Check = readonly [expected: string, test: (value: unknown) => boolean];
type Fields = Readonly<Record<string, Check | Readonly<Record<string, Check>>>>;

const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const boolean: Check = ["a boolean", isBoolean];
const each = (names: readonly string[], check: Check): Record<string, Check> =>
  Object.fromEntries(names.map((name) => [name, check]));

const FIELDS: Fields = {
  intervalMs: [
    `milliseconds from ${MIN_INTERVAL_MS} to ${MAX_INTERVAL_MS}`,
    (value) =>
      Number(value) >= MIN_INTERVAL_MS &&
      Number(value) <= MAX_INTERVAL_MS &&
      typeof value === "number",
  ],
  collectors: each(COLLECTOR_NAMES, boolean),
  levels: each(COLLECTOR_NAMES, [
    `one of ${LEVEL_NAMES.join(", ")}`,
    (value) => LEVEL_NAMES.includes(value),
  ]),
  limits: each(LIMITS, [
    "a whole number from 1",
    (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  ]),
  openTelemetry: boolean,
  keep: boolean,
  expireAfter: ['a time span such as "5m"', (value) => (parseDuration(value) ?? 0) > 0],
};

/** Checks options before anything starts. */
export const schema: StandardSchema<MetricsOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = [...check(value, FIELDS, [])];
      return issues.length > 0 ? { issues } : { value: value as MetricsOptions };
    },
  },
};

function* check(value: unknown, fields: Fields, path: readonly string[]): Generator<SchemaIssue> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    yield wrong(path, path[0] === "collectors" ? "false, or an object" : "an object", value);
    return;
  }
  for (const [key, found] of Object.entries(value)) {
    const here = [...path, key];
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined) {
      yield { path: here, message: `unknown key; known are ${Object.keys(fields).join(", ")}` };
    } else if (found === undefined || (key === "collectors" && found === false)) {
      // As if it were not there, or nothing is wanted.
    } else if (!isCheck(field)) yield* check(found, field, here);
    else if (!field[1](found)) yield wrong(here, field[0], found);
  }
}

function isCheck(field: Fields[string]): field is Check {
  return Array.isArray(field);
}

function wrong(path: readonly string[], expected: string, found: unknown): SchemaIssue {
  return { path, message: `expected ${expected}, got ${JSON.stringify(found) ?? "nothing"}` };
}

/** Whether a collector is wanted. */
export function wants({ collectors }: MetricsOptions, name: CollectorName): boolean {
  return collectors !== false && collectors?.[name] !== false;
}
