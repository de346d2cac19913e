import type { Batch, SpanRecord } from "@elpis/api";
import { plainAttributes, sourceAttributes } from "@elpis/telemetry/otel";
import {
  attributesOf,
  isSpanId,
  isTraceId,
  type Message,
  nanos,
  nanosAfter,
  resourceOf,
} from "./common.ts";

const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
const STATUS = { unset: 0, ok: 1, error: 2 } as const;
const SAMPLED = 1;

/** Whether a span has ids that a backend takes: one that has not would cost the whole request. */
export function hasIds({ traceId, spanId }: SpanRecord): boolean {
  return isTraceId(traceId) && isSpanId(spanId);
}

/** The request for spans: those that were made by the same are of one scope. */
export function tracesRequest({ spans, resource }: Pick<Batch, "spans" | "resource">): Message {
  const scopes = new Map<string, { readonly scope: Message; readonly spans: Message[] }>();
  for (const span of spans) {
    const { name, version = "" } = span.instrumentation ?? { name: "elpis" };
    const key = `${name}\n${version}`;
    const scope = scopes.get(key) ?? { scope: { name, version }, spans: [] };
    scopes.set(key, scope);
    scope.spans.push(spanOf(span));
  }
  return {
    resourceSpans: [{ resource: resourceOf(resource), scopeSpans: [...scopes.values()] }],
  };
}

function spanOf(span: SpanRecord): Message {
  const { traceId, spanId, parentSpanId, traceState, statusMessage } = span;
  return {
    ...{ traceId, spanId },
    ...(traceState !== undefined && { traceState }),
    ...(isSpanId(parentSpanId) && { parentSpanId }),
    flags: SAMPLED,
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: nanos(span.start),
    endTimeUnixNano: nanosAfter(span.start, span.durationMs),
    attributes: attributesOf(sourceAttributes(span.source, span.tags)),
    events: span.events.map(({ name, time, tags }) => ({
      timeUnixNano: nanos(time),
      name,
      attributes: attributesOf(plainAttributes(tags)),
    })),
    links: span.links
      .filter((link) => isTraceId(link.traceId) && isSpanId(link.spanId))
      .map((link) => ({
        traceId: link.traceId,
        spanId: link.spanId,
        attributes: attributesOf(plainAttributes(link.tags)),
      })),
    status: {
      ...(statusMessage !== undefined && { message: statusMessage }),
      code: STATUS[span.status],
    },
  };
}
