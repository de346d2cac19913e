import type { SchemaIssue, StandardSchema } from "@elpis/api";

/** Options of {@link admin}; all may be left out. */
export interface AdminOptions {
  /** Port to listen on; 0: one that is free, which stays the same as long as the application runs. @default 0 */
  readonly port?: number;
  /** Address to listen on. @default "127.0.0.1" */
  readonly host?: string;
  /** A unix socket instead of a port: a file name in the runtime folder, or an absolute path. Only this user can connect. */
  readonly socket?: string;
  /** Further names under which it may be asked, such as that of the machine, where it listens for others. @default none */
  readonly hosts?: readonly string[];
  /**
   * What those have to know who change something; at least 16 characters.
   * @default `ELPIS_ADMIN_TOKEN` of the environment, else a random one in `admin.token` in the runtime folder
   */
  readonly token?: string;
  /** What needs the token: whatever changes something, or everything. @default "changes" */
  readonly protect?: "changes" | "all";
  /** How many of the newest errors each process keeps; `false`: errors are not watched. @default 100 */
  readonly errors?: number | false;
}

type Rule = readonly [expected: string, test: (value: unknown) => boolean];

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isWhole = (value: unknown, from: number, to: number): boolean =>
  Number.isInteger(value) && (value as number) >= from && (value as number) <= to;

const RULES: Readonly<Record<keyof AdminOptions, Rule>> = {
  port: ["a port", (value) => isWhole(value, 0, 65_535)],
  host: ["an address", isText],
  socket: ["a file name or an absolute path", isText],
  hosts: ["an array of names", (value) => Array.isArray(value) && value.every(isText)],
  token: [
    "a text of at least 16 characters",
    (value) => typeof value === "string" && /^[\x21-\x7e]{16,256}$/.test(value),
  ],
  protect: ['"changes" or "all"', (value) => value === "changes" || value === "all"],
  errors: [
    "a whole number from 1, or false",
    (value) => value === false || isWhole(value, 1, 10_000),
  ],
};

/** Checks the options before anything starts; the token is never shown. */
export const schema: StandardSchema<AdminOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = [...check(value)];
      return issues.length > 0 ? { issues } : { value: value as AdminOptions };
    },
  },
};

function* check(value: unknown): Generator<SchemaIssue> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    yield { message: "expected an object" };
    return;
  }
  for (const [key, found] of Object.entries(value)) {
    const rule = Object.hasOwn(RULES, key) ? RULES[key as keyof AdminOptions] : undefined;
    if (rule === undefined) {
      yield { path: [key], message: `unknown key; known are ${Object.keys(RULES).join(", ")}` };
    } else if (found !== undefined && !rule[1](found)) {
      yield { path: [key], message: `expected ${rule[0]}` };
    }
  }
  const { socket, port, host } = value as AdminOptions;
  if (socket !== undefined && (port !== undefined || host !== undefined)) {
    yield { path: ["socket"], message: "goes without port and host" };
  }
}
