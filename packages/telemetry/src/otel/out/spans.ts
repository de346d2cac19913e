import type { SpanLink, SpanRecord } from "@elpis/api";
import { addHrTime, type HrTime, toHrTime } from "../time.ts";
import { type OtelAttributes, plainAttributes, sourceAttributes } from "./attributes.ts";
import type { OtelResource } from "./resource.ts";

const KINDS = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 } as const;
const STATUS = { unset: 0, ok: 1, error: 2 } as const;
/** What is handed to a reporter was sampled. */
const SAMPLED = 1;

/** What made a span, or measured. */
export interface OtelScope {
  readonly name: string;
  readonly version?: string;
}

/** A place in a trace as the SDK has it. */
export interface OtelSpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: OtelTraceState;
}

/** What others wrote along a trace; it does not change. */
interface OtelTraceState {
  get(key: string): string | undefined;
  set(key: string, value: string): OtelTraceState;
  unset(key: string): OtelTraceState;
  serialize(): string;
}

/** A `ReadableSpan` of the SDK. */
export interface OtelSpan {
  readonly name: string;
  readonly kind: number;
  readonly spanContext: () => OtelSpanContext;
  readonly parentSpanContext?: OtelSpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly duration: HrTime;
  readonly ended: true;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: OtelAttributes;
  readonly events: readonly { name: string; time: HrTime; attributes: OtelAttributes }[];
  readonly links: readonly { context: OtelSpanContext; attributes: OtelAttributes }[];
  readonly resource: OtelResource;
  readonly instrumentationScope: OtelScope;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** A span as exporters of the SDK want it. */
export function toReadableSpan(span: SpanRecord, resource: OtelResource): OtelSpan {
  const { traceId, spanId, parentSpanId, traceState, statusMessage } = span;
  const state = traceState === undefined ? undefined : traceStateOf(traceState);
  const context = contextOf({ traceId, spanId }, state);
  const startTime = toHrTime(span.start);
  const duration = toHrTime(span.durationMs);
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(parentSpanId !== undefined && {
      parentSpanContext: contextOf({ traceId, spanId: parentSpanId }, state),
    }),
    ...{ startTime, endTime: addHrTime(startTime, duration), duration, ended: true },
    status: {
      code: STATUS[span.status],
      ...(statusMessage !== undefined && { message: statusMessage }),
    },
    attributes: sourceAttributes(span.source, span.tags),
    events: span.events.map(({ name, time, tags }) => {
      return { name, time: toHrTime(time), attributes: plainAttributes(tags) };
    }),
    links: span.links.map((link) => {
      return { context: contextOf(link), attributes: plainAttributes(link.tags) };
    }),
    resource,
    instrumentationScope: { ...(span.instrumentation ?? { name: "elpis" }) },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
}

function contextOf(
  { traceId, spanId }: Pick<SpanLink, "traceId" | "spanId">,
  traceState?: OtelTraceState,
): OtelSpanContext {
  return { traceId, spanId, traceFlags: SAMPLED, ...(traceState !== undefined && { traceState }) };
}

function traceStateOf(text: string): OtelTraceState {
  const parts = text.split(",").map((part) => part.trim());
  const without = (key: string): string[] => parts.filter((part) => !part.startsWith(`${key}=`));
  return {
    get: (key) => parts.find((part) => part.startsWith(`${key}=`))?.slice(key.length + 1),
    set: (key, value) => traceStateOf([`${key}=${value}`, ...without(key)].join(",")),
    unset: (key) => traceStateOf(without(key).join(",")),
    serialize: () => text,
  };
}
