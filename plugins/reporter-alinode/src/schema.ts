import { parseDuration, type SchemaIssue, type StandardSchema } from "@elpis/api";
import type { AlinodeOptions } from "./options.ts";

/** What is expected, and whether it is that. Nothing says what was found: it may be the secret in a wrong place. */
type Rule = readonly [expected: string, test: (value: unknown) => boolean];
type Rules = Readonly<Record<string, Rule>>;

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isPositive = (value: unknown): boolean =>
  typeof value === "number" && Number.isFinite(value) && value > 0;

const RULES: Rules = {
  dir: ["a folder, or false", (value) => value === false || isText(value)],
  access: ["a boolean", (value) => typeof value === "boolean"],
  lines: [
    "a whole number from 1 to 250",
    (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 250,
  ],
  scale: [
    "factors above 0 by name",
    (value) => isRecord(value) && Object.values(value).every(isPositive),
  ],
  temporality: ['"cumulative" or "delta"', (value) => value === "cumulative" || value === "delta"],
  server: ["an object", isRecord],
};

const SERVER: Rules = {
  url: ["a URL with ws or wss, and no user in it", isSocketUrl],
  appid: ["the id of the application", isText],
  secret: ["the secret of the application", isText],
  agentid: ["a name", isText],
  heartbeat: ['a time span such as "60s"', (value) => (parseDuration(value) ?? 0) > 0],
  commands: [
    "functions by name",
    (value) => isRecord(value) && Object.values(value).every((one) => typeof one === "function"),
  ],
};

/** Checks the options before anything starts. */
export const schema: StandardSchema<AlinodeOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = [...optionIssues(value)];
      return issues.length > 0 ? { issues } : { value: value as AlinodeOptions };
    },
  },
};

function* optionIssues(value: unknown): Generator<SchemaIssue> {
  if (!isRecord(value)) return yield { message: "expected an object" };
  yield* ruled(value, RULES, []);
  if (!isRecord(value.server)) {
    if (value.dir === false) yield { path: ["dir"], message: "nothing to do without a server" };
    return;
  }
  yield* ruled(value.server, SERVER, ["server"]);
  for (const key of ["url", "appid", "secret"]) {
    if (value.server[key] === undefined) {
      yield { path: ["server", key], message: `expected ${SERVER[key]?.[0]}` };
    }
  }
}

function* ruled(
  value: Readonly<Record<string, unknown>>,
  rules: Rules,
  path: readonly string[],
): Generator<SchemaIssue> {
  for (const [key, found] of Object.entries(value)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).join(", ");
      yield { path: [...path, key], message: `unknown key; known are ${known}` };
    } else if (found !== undefined && !rule[1](found)) {
      yield { path: [...path, key], message: `expected ${rule[0]}` };
    }
  }
}

function isSocketUrl(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const { protocol, username, password, hash } = new URL(value);
  return /^wss?:$/.test(protocol) && username === "" && password === "" && hash === "";
}
