import { SPAN_MS } from "../files/spans.ts";
import type { Retention, RotationPolicy } from "../files/types.ts";
import type { Registration } from "./topics.ts";

/** How one file is rotated. */
export type SharedPolicy = Omit<Registration, "path">;

/** Of what the writers of one file want, the strictest. A file that one of them wants emptied keeps its name. */
export function strictest(wanted: readonly SharedPolicy[]): SharedPolicy {
  return wanted.reduce(stricter);
}

function stricter(one: SharedPolicy, other: SharedPolicy): SharedPolicy {
  const [a, b] = [one.policy, other.policy];
  return {
    lookMs: smaller(one.lookMs, other.lookMs),
    policy: {
      every: shorter(a.every, b.every),
      maxBytes: smaller(a.maxBytes, b.maxBytes),
      mode: a.mode === "truncate" || b.mode === "truncate" ? "truncate" : "rename",
      compress: a.compress || b.compress,
      keep: {
        files: smaller(a.keep.files, b.keep.files),
        ageMs: smaller(a.keep.ageMs, b.keep.ageMs),
      },
    },
  };
}

/** Whether two policies are the same, whatever is left out of them, and how. */
export function isSamePolicy(one: SharedPolicy, other: SharedPolicy): boolean {
  return showPolicy(one) === showPolicy(other);
}

/** A policy for a person to read: `each day, 1024 bytes, rename, 10 files`. */
export function showPolicy({ policy, lookMs }: SharedPolicy): string {
  const { every, maxBytes, mode, compress, keep } = policy;
  return [
    every === undefined ? "whatever the time" : `each ${every}`,
    maxBytes === undefined ? "of any size" : `${maxBytes} bytes`,
    mode,
    compress ? "compressed" : "as they are",
    keep.files === undefined ? "any number of files" : `${keep.files} files`,
    ...(keep.ageMs === undefined ? [] : [`${keep.ageMs} ms old`]),
    ...(lookMs === undefined ? [] : [`looked at each ${lookMs} ms`]),
  ].join(", ");
}

/** What another process says its policy is, as far as it makes sense; undefined when it makes none. */
export function readPolicy(value: unknown): RotationPolicy | undefined {
  if (!isRecord(value) || !isRecord(value.keep)) return undefined;
  const { every, maxBytes, mode, compress, keep } = value;
  const { files, ageMs } = keep;
  if (every !== undefined && !isSpan(every)) return undefined;
  if (mode !== "rename" && mode !== "truncate") return undefined;
  if (![maxBytes, files, ageMs].every(isAmount)) return undefined;
  return {
    every,
    maxBytes: maxBytes as number | undefined,
    mode,
    compress: compress === true,
    keep: { files, ageMs } as Retention,
  };
}

/** Whether a value is a positive number, or left out. */
export function isAmount(value: unknown): boolean {
  return value === undefined || (typeof value === "number" && value > 0);
}

function isSpan(value: unknown): value is keyof typeof SPAN_MS {
  return typeof value === "string" && Object.hasOwn(SPAN_MS, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function shorter(
  one: RotationPolicy["every"],
  other: RotationPolicy["every"],
): RotationPolicy["every"] {
  if (one === undefined || other === undefined) return one ?? other;
  return SPAN_MS[one] <= SPAN_MS[other] ? one : other;
}

function smaller(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
