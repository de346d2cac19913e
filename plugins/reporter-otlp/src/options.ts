import type { SchemaIssue, StandardSchema, Temporality } from "@elpis/api";

/** What has a door of its own. */
export type OtlpSignal = "metrics" | "traces" | "logs";

/** How it is sent. */
export type OtlpProtocol = "http/protobuf" | "http/json" | "grpc";

/** Options of {@link otlp}; all may be left out. Each one wins over the environment. */
export interface OtlpOptions {
  /** The address without `/v1/…`. @default "http://localhost:4318", with gRPC "http://localhost:4317" */
  readonly endpoint?: string;
  /** Whole addresses of signals that go elsewhere. */
  readonly endpoints?: Readonly<Partial<Record<OtlpSignal, string>>>;
  /** What is sent. @default all */
  readonly signals?: readonly OtlpSignal[];
  /** @default "http/protobuf" */
  readonly protocol?: OtlpProtocol;
  /** Such as keys. They are not shown anywhere. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default "none" */
  readonly compression?: "none" | "gzip";
  /** @default "cumulative" */
  readonly temporality?: Temporality;
  /** Buckets of their own, or the bounds that an instrument asks for. @default "exponential" */
  readonly histograms?: "exponential" | "explicit";
}

export const SIGNALS: readonly OtlpSignal[] = ["metrics", "traces", "logs"];
export const PROTOCOLS: readonly OtlpProtocol[] = ["http/protobuf", "http/json", "grpc"];

type Rule = readonly [expected: string, test: (value: unknown) => boolean];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const oneOf = (...values: readonly string[]): Rule => [
  `one of ${values.join(", ")}`,
  (value) => values.includes(value as string),
];

/** Whether something can be asked over HTTP. */
export function isHttpUrl(value: unknown): value is string {
  return typeof value === "string" && /^https?:\/\//i.test(value) && URL.canParse(value);
}

/** Whether something can be a header, of HTTP as of gRPC. White space around a value is of the file that it was read from. */
export function isHeader([name, value]: readonly [string, unknown]): boolean {
  return (
    /^[a-z0-9!#$%&'*+.^_`|~-]+$/i.test(name) &&
    typeof value === "string" &&
    /^[ -~]*$/.test(value.trim())
  );
}

const RULES: Readonly<Record<keyof OtlpOptions, Rule>> = {
  endpoint: ["a URL with http or https", isHttpUrl],
  endpoints: [
    `an object with a URL for some of ${SIGNALS.join(", ")}`,
    (value) =>
      isRecord(value) &&
      Object.entries(value).every(
        ([signal, url]) => SIGNALS.includes(signal as OtlpSignal) && isHttpUrl(url),
      ),
  ],
  signals: [
    `a list of some of ${SIGNALS.join(", ")}`,
    (value) =>
      Array.isArray(value) && value.length > 0 && value.every((one) => SIGNALS.includes(one)),
  ],
  protocol: oneOf(...PROTOCOLS),
  headers: [
    "an object with names and values of headers",
    (value) => isRecord(value) && Object.entries(value).every(isHeader),
  ],
  compression: oneOf("none", "gzip"),
  temporality: oneOf("cumulative", "delta"),
  histograms: oneOf("exponential", "explicit"),
};

function* issuesOf(value: unknown): Generator<SchemaIssue> {
  if (!isRecord(value)) return void (yield { message: "expected an object" });
  for (const [key, found] of Object.entries(value)) {
    const rule = Object.hasOwn(RULES, key) ? RULES[key as keyof OtlpOptions] : undefined;
    if (rule === undefined) {
      const known = Object.keys(RULES).join(", ");
      yield { path: [key], message: `unknown key; known are ${known}` };
      // Without what was found: a header or an address may be a secret.
    } else if (found !== undefined && !rule[1](found)) {
      yield { path: [key], message: `expected ${rule[0]}` };
    }
  }
}

/** Checks the options before anything starts. */
export const schema: StandardSchema<OtlpOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: (value) => {
      const issues = [...issuesOf(value)];
      return issues.length > 0 ? { issues } : { value: value as OtlpOptions };
    },
  },
};
