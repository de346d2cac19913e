import type { TraceId } from "./ids.ts";

/** A value of a tag. */
export type Value = string | number | boolean | ReadonlyArray<string | number | boolean>;
/** Names and values, in turn. */
export type Tags = ReadonlyArray<string | Value>;

/** A span that can be packed. */
export interface Packable {
  readonly trace: TraceId;
  /** Halves of its id. */
  readonly idHigh: number;
  readonly idLow: number;
  /** The same of its parent; both are 0: it has none. */
  readonly parentHigh: number;
  readonly parentLow: number;
  readonly traceState: string | undefined;
  readonly name: string;
  /** As OpenTelemetry numbers them. */
  readonly kind: number;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly durationMs: number;
  /** As OpenTelemetry numbers them: unset, ok, error. */
  readonly status: number;
  readonly statusMessage: string | undefined;
  /** Name and version of the instrumentation. */
  readonly scope: string;
  /** Which process sent the message that began it, such as `web.0`. */
  readonly from: string | undefined;
  readonly tags: Tags;
  readonly events: ReadonlyArray<{
    readonly name: string;
    readonly time: number;
    readonly tags: Tags;
  }>;
  readonly links: ReadonlyArray<{
    readonly traceId: string;
    readonly spanId: string;
    readonly tags: Tags;
  }>;
}

/** What becomes of the value of a tag before it is told; undefined: it is not told. */
export type Rewrite = (value: Value, span: Packable) => Value | undefined;

/** The value of a tag; undefined: it is not there. */
export function tagOf(tags: Tags, name: string): Value | undefined {
  for (let at = 0; at < tags.length; at += 2) if (tags[at] === name) return tags[at + 1];
  return undefined;
}
