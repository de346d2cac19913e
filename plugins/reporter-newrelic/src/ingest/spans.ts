import type { SpanRecord, Tags } from "@elpis/api";
import { type Attributes, attributesOf, sourceAttributes } from "./attributes.ts";
import { cut, unfit } from "./limits.ts";
import type { Refused } from "./part.ts";

/** One span as the Trace API takes it in New Relic's own format. */
export interface TraceSpan {
  readonly id: string;
  readonly "trace.id": string;
  readonly timestamp: number;
  readonly attributes: Attributes;
}

/** Turns spans into those of the Trace API. */
export function spansOf(
  spans: readonly SpanRecord[],
  resource: Tags,
  common: Attributes,
  now: number,
  refused: Refused,
): TraceSpan[][] {
  const all: TraceSpan[][] = [];
  for (const span of spans) {
    const made = translate(span, resource);
    const why = unfit(span.name, made.timestamp, made.attributes, common, now);
    if (!Number.isFinite(span.durationMs)) refused.add("it is no number");
    else if (why !== undefined) refused.add(why);
    else all.push([made]);
  }
  return all;
}

function translate(span: SpanRecord, resource: Tags): TraceSpan {
  // Without a service a span belongs to nobody there.
  const named = resource["service.name"] ?? span.source.app;
  const service = typeof named === "string" ? cut(named) : named;
  const own: Attributes = {
    ...sourceAttributes(span.source),
    name: span.name,
    "duration.ms": span.durationMs,
    "span.kind": span.kind,
    ...(span.parentSpanId !== undefined && { "parent.id": span.parentSpanId }),
    ...(service !== undefined && { "service.name": service }),
    ...(span.status !== "unset" && { "otel.status_code": span.status.toUpperCase() }),
    ...(span.status === "error" && { "error.message": cut(span.statusMessage ?? "") }),
    ...(span.traceState !== undefined && { "w3c.tracestate": cut(span.traceState) }),
    ...(span.instrumentation !== undefined && {
      "instrumentation.name": span.instrumentation.name,
    }),
  };
  return {
    id: span.spanId,
    "trace.id": span.traceId,
    timestamp: Math.round(span.start),
    attributes: attributesOf(own, span.tags),
  };
}
