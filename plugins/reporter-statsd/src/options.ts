import { object, type SchemaIssue, type StandardSchema } from "@elpis/api";

/** What a server understands. */
type Dialect = "statsd" | "dogstatsd";

/** Options of `statsd`; all may be left out. */
export interface StatsdOptions {
  /** Name or address of the server. @default "127.0.0.1" */
  readonly host?: string;
  /** @default 8125 */
  readonly port?: number;
  /**
   * `statsd`: tags become part of the name. `dogstatsd`: tags are tags, and events are sent as well; for the agent of Datadog,
   * Telegraf, Vector and others. @default "statsd"
   */
  readonly dialect?: Dialect;
  /** Stands before each name, such as `"elpis"`. @default nothing */
  readonly prefix?: string;
}

const DIALECTS: readonly unknown[] = ["statsd", "dogstatsd"];
const MAX_PORT = 65_535;
const MAX_PREFIX_CHARS = 64;

const fields = object<StatsdOptions>({
  host: "string?",
  port: "integer?",
  dialect: "string?",
  prefix: "string?",
});

/** Checks options before anything starts. */
export const schema: StandardSchema<StatsdOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: async (value) => {
      const result = await fields["~standard"].validate(value);
      if (result.issues !== undefined) return result;
      const issues = [...check(result.value)];
      return issues.length > 0 ? { issues } : result;
    },
  },
};

function* check({ host, port, dialect, prefix }: StatsdOptions): Generator<SchemaIssue> {
  if (host !== undefined && !/^[^\s/@]+$/.test(host)) {
    yield { path: ["host"], message: "expected the name or the address of a host" };
  }
  if (port !== undefined && (port < 1 || port > MAX_PORT)) {
    yield { path: ["port"], message: `expected 1 to ${MAX_PORT}, got ${port}` };
  }
  if (dialect !== undefined && !DIALECTS.includes(dialect)) {
    yield { path: ["dialect"], message: `expected statsd or dogstatsd, got ${dialect}` };
  }
  if (prefix !== undefined && !isPrefix(prefix)) {
    const message = `expected at most ${MAX_PREFIX_CHARS} letters, digits, _, - and dots, a letter first`;
    yield { path: ["prefix"], message };
  }
}

function isPrefix(text: string): boolean {
  return text.length <= MAX_PREFIX_CHARS && /^[a-z][\w-]*(\.[\w-]+)*$/i.test(text);
}
