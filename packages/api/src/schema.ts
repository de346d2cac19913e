import { toText } from "./errors.ts";

/**
 * The part of Standard Schema v1 (standardschema.dev) that Elpis uses: options may be checked by valibot, zod, arktype,
 * or the small {@link object} of this package.
 */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** A value, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: ReadonlyArray<SchemaIssue> };

/** One thing that is wrong. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** What the values of one topic must be. What is not named is not checked. */
export interface TopicSchema {
  /** Of an event. */
  readonly payload?: StandardSchema;
  /** Of a request, or what a stream is opened with. */
  readonly input?: StandardSchema;
  /** What a request is answered with. */
  readonly output?: StandardSchema;
  /** What a stream gives. */
  readonly item?: StandardSchema;
  /** What whoever opened a stream sends. */
  readonly sent?: StandardSchema;
  /** Of a job. */
  readonly job?: StandardSchema;
}

/** By topic, how its values are checked: before they leave, and before they reach a handler or listener. */
export type TopicSchemas = Readonly<Record<string, TopicSchema>>;

/** An issue as text: `options.port: expected an integer, got "80"`. */
export function formatIssue(issue: SchemaIssue, root = "options"): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  return `${[root, ...path].join(".")}: ${issue.message}`;
}

const CHECKS = {
  string: (value: unknown): boolean => typeof value === "string",
  boolean: (value: unknown): boolean => typeof value === "boolean",
  number: (value: unknown): boolean => typeof value === "number" && Number.isFinite(value),
  integer: (value: unknown): boolean => Number.isSafeInteger(value),
  url: (value: unknown): boolean => typeof value === "string" && URL.canParse(value),
  object: (value: unknown): boolean => isRecord(value),
  array: (value: unknown): boolean => Array.isArray(value),
  function: (value: unknown): boolean => typeof value === "function",
} as const;

/** A kind of value that {@link object} knows; with `?` it may be left out. */
export type FieldKind = keyof typeof CHECKS | `${keyof typeof CHECKS}?`;

/**
 * A small schema for flat options. Unknown keys are refused, so that a typing error is not a silent default.
 *
 * @example object<{ endpoint: string; stepSeconds?: number }>({ endpoint: "string", stepSeconds: "integer?" })
 */
export function object<Output extends object>(
  fields: Readonly<Record<keyof Output & string, FieldKind>>,
): StandardSchema<Output> {
  const validate = (value: unknown): SchemaResult<Output> => {
    if (!isRecord(value))
      return { issues: [{ message: `expected an object, got ${show(value)}` }] };
    const issues = [...checkFields(fields, value), ...unknownKeys(fields, value)];
    return issues.length > 0 ? { issues } : { value: value as Output };
  };
  return { "~standard": { version: 1, vendor: "elpis", validate } };
}

function* checkFields(
  fields: Readonly<Record<string, FieldKind>>,
  value: Readonly<Record<string, unknown>>,
): Generator<SchemaIssue> {
  for (const [key, kind] of Object.entries(fields)) {
    const optional = kind.endsWith("?");
    const base = (optional ? kind.slice(0, -1) : kind) as keyof typeof CHECKS;
    const found = value[key];
    if (found === undefined && optional) continue;
    if (!CHECKS[base](found)) {
      yield { path: [key], message: `expected ${article(base)}, got ${show(found)}` };
    }
  }
}

function* unknownKeys(
  fields: Readonly<Record<string, FieldKind>>,
  value: Readonly<Record<string, unknown>>,
): Generator<SchemaIssue> {
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(fields, key)) {
      yield { path: [key], message: `unknown key; known are ${Object.keys(fields).join(", ")}` };
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function article(kind: string): string {
  return /^[aeio]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (typeof value === "number") return String(value);
  try {
    const text = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
    return text ?? toText(value);
  } catch {
    return toText(value);
  }
}
