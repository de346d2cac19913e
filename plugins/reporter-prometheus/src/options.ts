import type { SchemaIssue, StandardSchema } from "@elpis/api";

/** How a server is reached; nothing of it is shown anywhere. */
export interface AccessOptions {
  /** @default those in the address */
  readonly basicAuth?: { readonly username: string; readonly password: string };
  /** Sent as `Authorization: Bearer …`. */
  readonly bearerToken?: string;
  /** Further headers, such as the tenant. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What both have. */
interface CommonOptions extends AccessOptions {
  /** Label `job`. @default `service.name` of the resource, with `service.namespace` and a slash before it */
  readonly job?: string;
  /** Label `instance`. @default `host.name` of the resource, else `service.instance.id` */
  readonly instance?: string;
  /** Put before each name. @default none */
  readonly prefix?: string;
}

/** Options of {@link prometheusRemoteWrite}. */
export interface RemoteWriteOptions extends CommonOptions {
  /** The whole address, such as `http://prometheus:9090/api/v1/write`. */
  readonly url: string;
  /** Labels of every series, such as `{ cluster: "a" }`. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Options of {@link pushgateway}. */
export interface PushgatewayOptions extends CommonOptions {
  /** The address without `/metrics/…`, such as `http://pushgateway:9091`. */
  readonly url: string;
  /** Labels of the group beside `job` and `instance`; whoever has the same replaces what is there. @default none */
  readonly grouping?: Readonly<Record<string, string>>;
  /** Whether the group is deleted at the end. @default false */
  readonly removeAtEnd?: boolean;
}

type Rule = readonly [expected: string, test: (value: unknown) => boolean];
type Rules = Readonly<Record<string, Rule>>;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
/** Of a header: what HTTP takes. White space around it is of the file that it was read from. */
const isPlain = (value: unknown): boolean => isText(value) && /^[ -~]+$/.test(value.trim());
/** They say whose a series is, or which bucket: what has two of them for all series tells none apart. */
const TAKEN: ReadonlySet<string> = new Set(["app", "process", "index", "job", "instance", "le"]);
const isLabels = (value: unknown): boolean =>
  isRecord(value) &&
  Object.entries(value).every(
    ([name, text]) =>
      /^[a-zA-Z_]\w*$/.test(name) && !name.startsWith("__") && !TAKEN.has(name) && isText(text),
  );

const text: Rule = ["a text that is not empty", isText];
const labels: Rule = [
  `an object with names of labels, none of them ${[...TAKEN].join(", ")}, and texts that are not empty`,
  isLabels,
];

const COMMON: Rules = {
  url: [
    "a URL with http or https",
    (value) => isText(value) && /^https?:\/\//i.test(value) && URL.canParse(value),
  ],
  basicAuth: [
    "an object with username and password",
    (value) =>
      isRecord(value) &&
      typeof value.username === "string" &&
      typeof value.password === "string" &&
      Object.keys(value).length === 2,
  ],
  bearerToken: ["a text without line ends", isPlain],
  headers: [
    "an object with names and values of headers",
    (value) =>
      isRecord(value) &&
      Object.entries(value).every(
        ([name, text]) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/i.test(name) && isPlain(text),
      ),
  ],
  job: text,
  instance: text,
  prefix: [
    "a text of letters, digits, `_` and `.`",
    (value) => isText(value) && /^[\w.]+$/.test(value),
  ],
};

function* issuesOf(value: unknown, rules: Rules): Generator<SchemaIssue> {
  if (!isRecord(value)) return void (yield { message: "expected an object" });
  // Without what was found: most of these may be secrets.
  if (value.url === undefined) yield { path: ["url"], message: `expected ${COMMON.url?.[0]}` };
  for (const [key, found] of Object.entries(value)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined) {
      const message = `unknown key; known are ${Object.keys(rules).join(", ")}`;
      yield { path: [key], message };
    } else if (found !== undefined && !rule[1](found)) {
      yield { path: [key], message: `expected ${rule[0]}` };
    }
  }
}

function schemaOf<Options>(own: Rules): StandardSchema<Options> {
  const rules = { ...COMMON, ...own };
  const validate = (value: unknown) => {
    const issues = [...issuesOf(value, rules)];
    return issues.length > 0 ? { issues } : { value: value as Options };
  };
  return { "~standard": { version: 1, vendor: "elpis", validate } };
}

/** Checks the options before anything starts. */
export const remoteWriteSchema: StandardSchema<RemoteWriteOptions> = schemaOf({ labels });

/** Checks the options before anything starts. */
export const pushgatewaySchema: StandardSchema<PushgatewayOptions> = schemaOf({
  grouping: labels,
  removeAtEnd: ["a boolean", (value) => typeof value === "boolean"],
});
