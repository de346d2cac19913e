import type { Tags } from "@elpis/api";
import { completeResource, type OtelAttributes, plainAttributes } from "@elpis/telemetry/otel";

/** A message of OTLP as its JSON has it: 64 bit for times as text, ids in hexadecimal. */
export type Message = { readonly [field: string]: unknown };

/** Milliseconds since 1970 as nanoseconds, in digits. */
export function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6)));
}

/** Milliseconds since 1970 and how long it took, as nanoseconds: added as whole numbers, so that nothing is rounded twice. */
export function nanosAfter(startMs: number, durationMs: number): string {
  return String(BigInt(nanos(startMs)) + BigInt(nanos(durationMs)));
}

/** Attributes as OTLP has them. */
export function attributesOf(attributes: OtelAttributes): Message[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

export function resourceOf(resource: Tags): Message {
  return { attributes: attributesOf(plainAttributes(completeResource(resource))) };
}

/** A value that says of what kind it is. */
function anyValue(value: unknown): Message {
  switch (typeof value) {
    case "boolean":
      return { boolValue: value };
    case "number":
      // What does not fit into 64 bits would cost the whole request.
      return Number.isSafeInteger(value) ? { intValue: value } : { doubleValue: value };
    case "object":
      return { arrayValue: { values: (value as readonly unknown[]).map(anyValue) } };
    default:
      return { stringValue: String(value) };
  }
}

/** Whether something is an id of a trace. */
export function isTraceId(id: unknown): id is string {
  return typeof id === "string" && /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id);
}

/** Whether something is an id of a span. */
export function isSpanId(id: unknown): id is string {
  return typeof id === "string" && /^[0-9a-f]{16}$/.test(id) && !/^0+$/.test(id);
}
