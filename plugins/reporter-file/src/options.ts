import {
  parseSize,
  type SchemaIssue,
  type Signal,
  type Size,
  type StandardSchema,
} from "@elpis/api";

/** Options of `file`; only the path has to be there. */
export interface FileOptions {
  /** The file, absolute or from the folder in which the application was started. Its folder is made. */
  readonly path: string;
  /** The file is put aside before it gets larger; false: however large it is. @default "100mb" */
  readonly size?: Size | false;
  /** Whether it is put aside when a day of the local time is over. @default true */
  readonly daily?: boolean;
  /** How many files that were put aside are kept; false: all. @default 10 */
  readonly keep?: number | false;
  /** What is written. @default all four */
  readonly signals?: readonly Signal[];
}

export const SIGNALS: readonly Signal[] = ["metrics", "spans", "errors", "events"];

type Check = readonly [expected: string, test: (value: unknown) => boolean];

const CHECKS: Readonly<Record<keyof FileOptions, Check>> = {
  path: ["the path of a file", (value) => typeof value === "string" && isPath(value)],
  size: [
    'a size such as "100mb", or false',
    (value) => value === false || parseSize(value) !== undefined,
  ],
  daily: ["true or false", (value) => typeof value === "boolean"],
  keep: [
    "a whole number from 0, or false",
    (value) => value === false || (Number.isSafeInteger(value) && (value as number) >= 0),
  ],
  signals: [`a list of ${SIGNALS.join(", ")}`, isSignals],
};

/** Checks options before anything starts. */
export const schema: StandardSchema<FileOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = [...check(value)];
      return issues.length > 0 ? { issues } : { value: value as FileOptions };
    },
  },
};

function* check(options: unknown): Generator<SchemaIssue> {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return yield { message: "expected an object" };
  }
  const given = { path: undefined, ...options } as Record<string, unknown>;
  for (const [key, value] of Object.entries(given)) {
    const found = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof FileOptions] : undefined;
    if (found === undefined) {
      const known = Object.keys(CHECKS).join(", ");
      yield { path: [key], message: `unknown key; known are ${known}` };
    } else if ((value !== undefined || key === "path") && !found[1](value)) {
      yield { path: [key], message: `expected ${found[0]}, got ${JSON.stringify(value)}` };
    }
  }
}

function isPath(text: string): boolean {
  return text !== "" && !text.includes("\0") && !/[/\\]$/.test(text);
}

function isSignals(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((one) => SIGNALS.includes(one as Signal));
}
