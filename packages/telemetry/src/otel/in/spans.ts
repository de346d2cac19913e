import type { PointSource, SpanRecord } from "@elpis/api";
import { wellFormed } from "../../hash.ts";
import { fromHrTime } from "../time.ts";
import { signalTags } from "./tags.ts";

type Time = readonly [number, number];

interface Context {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: { serialize(): string };
}

/** What is read of a `ReadableSpan` of the SDK; names that it had before 2.0 are known too. */
export interface SdkSpan {
  readonly name: string;
  readonly kind: number;
  spanContext(): Context;
  readonly parentSpanContext?: Pick<Context, "spanId">;
  readonly parentSpanId?: string;
  readonly startTime: Time;
  readonly duration: Time;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: object;
  readonly events: readonly {
    readonly name: string;
    readonly time: Time;
    readonly attributes?: object;
  }[];
  readonly links: readonly { readonly context: Context; readonly attributes?: object }[];
  readonly instrumentationScope?: { readonly name: string; readonly version?: string };
  readonly instrumentationLibrary?: { readonly name: string; readonly version?: string };
}

const KINDS = ["internal", "server", "client", "producer", "consumer"] as const;
const STATUS = ["unset", "ok", "error"] as const;

/** A span of the SDK as plain data. */
export function toSpanRecord(span: SdkSpan, source: PointSource): SpanRecord {
  const { traceId, spanId, traceState } = span.spanContext();
  const parent = span.parentSpanContext?.spanId ?? span.parentSpanId;
  const scope = span.instrumentationScope ?? span.instrumentationLibrary;
  const state = traceState?.serialize() ?? "";
  const { code, message } = span.status;
  return {
    ...{ traceId, spanId },
    ...(parent !== undefined && { parentSpanId: parent }),
    ...(state !== "" && { traceState: state }),
    name: wellFormed(span.name),
    kind: KINDS[span.kind] ?? "internal",
    start: fromHrTime(span.startTime),
    durationMs: fromHrTime(span.duration),
    status: STATUS[code] ?? "unset",
    ...(message !== undefined && message !== "" && { statusMessage: wellFormed(message) }),
    tags: signalTags(span.attributes),
    events: span.events.map(({ name, time, attributes }) => {
      return { name: wellFormed(name), time: fromHrTime(time), tags: signalTags(attributes) };
    }),
    links: span.links.map(({ context, attributes }) => {
      const { traceId, spanId } = context;
      return { traceId, spanId, tags: signalTags(attributes) };
    }),
    source,
    ...(scope !== undefined && {
      instrumentation: {
        name: scope.name,
        ...(scope.version !== undefined && { version: scope.version }),
      },
    }),
  };
}
