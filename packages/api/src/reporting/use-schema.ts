import { object, type SchemaIssue, type SchemaResult, type StandardSchema } from "../schema.ts";
import { parseDuration } from "../units.ts";
import type { ReporterUse } from "./reporter.ts";

type Check = readonly [expected: string, test: (value: unknown) => boolean];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;
const isTag = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);
const isSpan =
  (leastMs: number) =>
  (value: unknown): boolean =>
    (typeof value === "string" || typeof value === "number") &&
    (parseDuration(value) ?? 0) >= leastMs;
const isList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === "string");
const LEVELS: readonly unknown[] = ["critical", "major", "normal", "minor", "trivial"];
const LISTS = ["names", "groups", "levels", "processes", "apps"];

const COMMON: Readonly<Record<keyof ReporterUse, Check>> = {
  name: [
    "a name in kebab-case",
    (value) => typeof value === "string" && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value),
  ],
  every: ['a time span from 100 ms, such as "30s"', isSpan(100)],
  timeout: ['a time span such as "10s"', isSpan(1)],
  scope: ["process, name or app", (value) => ["process", "name", "app"].includes(value as string)],
  only: [
    `an object with lists of texts: ${LISTS.join(", ")}; levels are ${LEVELS.join(", ")}`,
    (value) =>
      isObject(value) &&
      Object.entries(value).every(([key, list]) => LISTS.includes(key) && isList(list)) &&
      ((value.levels ?? []) as unknown[]).every((level) => LEVELS.includes(level)),
  ],
  queue: [
    "an object with items and bytes, whole numbers from 1",
    (value) =>
      isObject(value) &&
      Object.entries(value).every(([key, n]) => ["items", "bytes"].includes(key) && isCount(n)),
  ],
  resource: [
    "an object with tags",
    (value) => isObject(value) && Object.values(value).every(isTag),
  ],
};

const NOTHING = object<Record<never, never>>({});

function* checkUse(value: Readonly<Record<string, unknown>>): Generator<SchemaIssue> {
  for (const [key, [expected, test]] of Object.entries(COMMON)) {
    const found = value[key];
    if (found !== undefined && !test(found)) {
      yield { path: [key], message: `expected ${expected}, got ${JSON.stringify(found)}` };
    }
  }
}

/** Takes apart what is the reporter's own and what everybody may say. */
export function splitOptions(options: object): { own: object; use: Omit<ReporterUse, "name"> } {
  const all = Object.entries(options);
  const { name: _, ...use } = Object.fromEntries(
    all.filter(([key]) => Object.hasOwn(COMMON, key)),
  ) as ReporterUse;
  return { own: Object.fromEntries(all.filter(([key]) => !Object.hasOwn(COMMON, key))), use };
}

/** A schema for what everybody may say together with the reporter's own. */
export function splitSchema<Options>(
  own: StandardSchema<Options> | undefined,
): StandardSchema<Options & ReporterUse> {
  const validate = async (value: unknown): Promise<SchemaResult<Options & ReporterUse>> => {
    if (!isObject(value)) return { issues: [{ message: "expected an object" }] };
    const { own: rest } = splitOptions(value);
    const result = await (own ?? (NOTHING as StandardSchema<Options>))["~standard"].validate(rest);
    const issues = [...checkUse(value), ...(result.issues ?? [])];
    if (result.issues !== undefined || issues.length > 0) return { issues };
    return { value: { ...value, ...result.value } as Options & ReporterUse };
  };
  return { "~standard": { version: 1, vendor: "elpis", validate } };
}
