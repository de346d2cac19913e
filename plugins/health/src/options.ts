import { parseDuration, parseSize, type SchemaIssue, type StandardSchema } from "@elpis/api";
import { parseAddress } from "./checks/address.ts";
import { parseShare } from "./checks/machine.ts";
import type { HealthOptions } from "./types.ts";

type Rule = readonly [expected: string, test: (value: unknown) => boolean];
type Rules = Readonly<Record<string, Rule>>;

const PROBES: readonly unknown[] = ["liveness", "readiness", "startup"];
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isName = (value: unknown): boolean =>
  typeof value === "string" && /^[\w.-]{1,64}$/.test(value);
const isSpan = (value: unknown): boolean => (parseDuration(value) ?? 0) >= 1;

const address: Rule = [
  'a port, "host:port" or a path',
  (value) => parseAddress(value) !== undefined,
];
const text: Rule = ["a text", isText];
const span: Rule = ['a time span such as "10s"', isSpan];
const boolean: Rule = ["a boolean", (value) => typeof value === "boolean"];

const COMMON: Rules = {
  critical: boolean,
  probes: [
    'an array of "liveness", "readiness", "startup"',
    (value) =>
      Array.isArray(value) && value.length > 0 && value.every((one) => PROBES.includes(one)),
  ],
  interval: span,
  timeout: span,
  failures: [
    "a whole number from 1",
    (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  ],
  processes: [
    "an array of names of processes",
    (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  ],
};

/** What there is to look at, and what goes with it. */
const TARGETS: Readonly<Record<string, Rules>> = {
  disk: {
    disk: ["a path", isText],
    minFree: [
      'a size such as "1gb", or a share such as "10%"',
      (value) => parseShare(value) !== undefined || parseSize(value) !== undefined,
    ],
  },
  tcp: { tcp: address },
  http: {
    http: [
      "a URL",
      (value) => typeof value === "string" && /^https?:/.test(value) && URL.canParse(value),
    ],
  },
  mysql: { mysql: address, user: text },
  postgres: { postgres: address, user: text, database: text },
  redis: { redis: address },
  hub: { hub: text, input: ["anything", () => true], to: ["a selector", isRecord] },
  loop: { loop: span },
  memory: {
    memory: [
      "{ heap } from 0 to 1, { rss } a size, or both",
      (value) => {
        if (!isRecord(value) || Object.keys(value).length === 0) return false;
        const { heap = 1, rss = 1, ...rest } = value;
        const isShare = typeof heap === "number" && heap > 0 && heap <= 1;
        return isShare && parseSize(rss) !== undefined && Object.keys(rest).length === 0;
      },
    ],
  },
  check: { check: ["a function", (value) => typeof value === "function"] },
};

/** Checks the options before anything starts. */
export const schema: StandardSchema<HealthOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = [...optionIssues(value)];
      return issues.length > 0 ? { issues } : { value: value as HealthOptions };
    },
  },
};

function* optionIssues(value: unknown): Generator<SchemaIssue> {
  if (!isRecord(value)) return void (yield wrong([], "an object", value));
  const { indicators = {}, ...rest } = value;
  yield* ruled(rest, { readiness: boolean, timeout: span }, [], ["indicators"]);
  if (!isRecord(indicators)) {
    yield wrong(["indicators"], "an object of indicators by name", indicators);
    return;
  }
  for (const [name, one] of Object.entries(indicators)) {
    const path = ["indicators", name];
    if (!isName(name) || name === "process") {
      yield {
        path,
        message: 'its name: expected letters, digits, `.`, `_`, `-`, and not "process"',
      };
    }
    yield* indicatorIssues(one, path);
  }
}

/** What is wrong with one indicator. */
export function* indicatorIssues(one: unknown, path: readonly string[]): Generator<SchemaIssue> {
  if (!isRecord(one)) return void (yield wrong(path, "an object", one));
  const targets = Object.keys(TARGETS).filter((key) => one[key] !== undefined);
  const target = targets[0];
  if (target === undefined || targets.length > 1) {
    const known = Object.keys(TARGETS).join(", ");
    yield {
      path,
      message: `expected exactly one of ${known}, got ${targets.join(", ") || "none"}`,
    };
    return;
  }
  yield* ruled(one, { ...(TARGETS[target] as Rules), ...COMMON }, path);
}

function* ruled(
  value: Readonly<Record<string, unknown>>,
  rules: Rules,
  path: readonly string[],
  besides: readonly string[] = [],
): Generator<SchemaIssue> {
  for (const [key, found] of Object.entries(value)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    const here = [...path, key];
    if (rule === undefined) {
      const known = [...Object.keys(rules), ...besides].join(", ");
      yield { path: here, message: `unknown key; known are ${known}` };
    } else if (found !== undefined && !rule[1](found)) yield wrong(here, rule[0], found);
  }
}

function wrong(path: readonly string[], expected: string, found: unknown): SchemaIssue {
  const got = typeof found === "function" ? "a function" : (JSON.stringify(found) ?? "nothing");
  return { path, message: `expected ${expected}, got ${got}` };
}
