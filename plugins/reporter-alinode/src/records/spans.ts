import type { SpanRecord } from "@elpis/api";
import type { Refused } from "./refused.ts";

/** A span as the reader wants it. It loses one with anything that is 0 or missing up to `duration`. */
export interface TracingRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly operationName: string;
  /** Milliseconds since 1970, as all times here. */
  readonly startTime: number;
  readonly rootTime: number;
  readonly duration: number;
  readonly tags: object;
  readonly logs: readonly object[];
}

const atLeastOne = (value: number): number => Math.max(1, Math.round(value));

/** Turns spans into records. When its trace began is known of a span when the first of the trace is among them. */
export function tracingOf(spans: readonly SpanRecord[], refused: Refused): TracingRecord[] {
  const roots = new Map<string, number>();
  for (const { traceId, start } of spans) {
    roots.set(traceId, Math.min(start, roots.get(traceId) ?? start));
  }
  return spans.flatMap((span) => {
    const root = roots.get(span.traceId) ?? span.start;
    if (span.traceId === "" || span.spanId === "") refused.add("a span without an id");
    else if (![span.start, span.durationMs, root].every((one) => Number.isFinite(one))) {
      refused.add("it is no number");
    } else return [translate(span, root)];
    return [];
  });
}

function translate(span: SpanRecord, root: number): TracingRecord {
  const { app, name: process, index } = span.source;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? "",
    operationName: span.name,
    startTime: atLeastOne(span.start),
    rootTime: atLeastOne(root),
    duration: atLeastOne(span.durationMs),
    tags: {
      ...span.tags,
      "span.kind": span.kind,
      ...(span.status === "error" && { error: true, "error.message": span.statusMessage ?? "" }),
      ...(app !== undefined && { app }),
      ...(process !== undefined && { process }),
      ...(index !== undefined && { index }),
    },
    logs: span.events.map(({ name, time, tags }) => ({
      timestamp: atLeastOne(time),
      fields: { event: name, ...tags },
    })),
  };
}
