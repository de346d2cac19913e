import { parseDuration, type SchemaIssue, type StandardSchema } from "@elpis/api";
import { LIBRARY_NAMES } from "./libraries/names.ts";
import type { TraceOptions } from "./options.ts";

type Check = readonly [expected: string, test: (value: unknown) => boolean];
interface Fields {
  readonly [name: string]: Check | Fields;
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isListOf =
  (test: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(test);
const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const boolean: Check = ["a boolean", (value) => typeof value === "boolean"];
const share: Check = [
  "a number from 0 to 1",
  (value) => typeof value === "number" && value >= 0 && value <= 1,
];
const duration: Check = ['a time span such as "2s"', (value) => (parseDuration(value) ?? 0) > 0];
const count: Check = [
  "a whole number from 1",
  (value) => Number.isSafeInteger(value) && (value as number) >= 1,
];
const texts: Check = ["a list of texts", isListOf(isText)];

const FIELDS: Fields = {
  sampling: {
    ratio: share,
    perSecond: [
      "a number above 0",
      (value) => typeof value === "number" && Number.isFinite(value) && value > 0,
    ],
    clients: boolean,
    unrecorded: ["forget or follow", (value) => value === "forget" || value === "follow"],
    keep: { errors: boolean, slow: boolean, share },
  },
  slow: duration,
  slowBy: [
    'an object of names and time spans, such as { "GET /report": "10s" }',
    (value) =>
      isObject(value) && Object.values(value).every((one) => (parseDuration(one) ?? 0) > 0),
  ],
  window: {
    settle: duration,
    open: duration,
    maxTraces: count,
    maxSpansPerTrace: count,
    maxBytes: count,
  },
  cache: { maxTraces: count, maxBytes: count },
  http: {
    ignore: [
      "a function, or a list of texts and expressions",
      (value) =>
        typeof value === "function" ||
        isListOf((one) => isText(one) || one instanceof RegExp)(value),
    ],
    name: ["a function", (value) => typeof value === "function"],
    query: boolean,
    headers: texts,
  },
  sql: { record: boolean, mask: boolean },
  ignoreTopics: texts,
  libraries: Object.fromEntries(
    LIBRARY_NAMES.map((name): [string, Check] => [
      name,
      ["a boolean, or options", (value) => typeof value === "boolean" || isObject(value)],
    ]),
  ),
  instrumentations: [
    "a list of instrumentations, or of functions that make one",
    isListOf((one) => typeof one === "function" || isInstrumentation(one)),
  ],
  propagation: [
    'a list of "w3c", "baggage", "legacy"',
    isListOf((one) => one === "w3c" || one === "baggage" || one === "legacy"),
  ],
};
/** What may be left out altogether with `false`. */
const MAY_BE_FALSE: readonly string[] = ["http", "libraries"];

/** Checks options before anything starts. */
export const schema: StandardSchema<TraceOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = [...check(value, FIELDS, [])];
      return issues.length > 0 ? { issues } : { value: value as TraceOptions };
    },
  },
};

function* check(value: unknown, fields: Fields, path: readonly string[]): Generator<SchemaIssue> {
  if (!isObject(value)) {
    const mayBeFalse = MAY_BE_FALSE.includes(path[0] ?? "") && path.length === 1;
    yield wrong(path, mayBeFalse ? "false, or an object" : "an object", value);
    return;
  }
  for (const [key, found] of Object.entries(value)) {
    const here = [...path, key];
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined) {
      yield { path: here, message: `unknown key; known are ${Object.keys(fields).join(", ")}` };
    } else if (found === undefined || isLeftOut(found, here)) {
      // As if it were not there, or nothing is wanted.
    } else if (!isCheck(field)) yield* check(found, field, here);
    else if (!field[1](found)) yield wrong(here, field[0], found);
  }
}

function isLeftOut(found: unknown, path: readonly string[]): boolean {
  return found === false && path.length === 1 && MAY_BE_FALSE.includes(path[0] ?? "");
}

function isCheck(field: Check | Fields): field is Check {
  return Array.isArray(field);
}

function isInstrumentation(value: unknown): boolean {
  const one = value as { enable?: unknown; setTracerProvider?: unknown } | null | undefined;
  return typeof one?.enable === "function" && typeof one.setTracerProvider === "function";
}

function wrong(path: readonly string[], expected: string, found: unknown): SchemaIssue {
  const text = typeof found === "function" ? "a function" : (JSON.stringify(found) ?? "nothing");
  return { path, message: `expected ${expected}, got ${text}` };
}
