import type { ErrorRecord, EventRecord } from "@elpis/api";
import { type HrTime, toHrTime } from "../time.ts";
import { type OtelAttributes, sourceAttributes } from "./attributes.ts";
import type { OtelResource } from "./resource.ts";
import type { OtelScope, OtelSpanContext } from "./spans.ts";

/** What a log record says, without where it stands: for the SDK, and for who writes OTLP. */
export interface LogParts {
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly eventName?: string;
  readonly attributes: OtelAttributes;
  readonly traceId?: string;
}

/** An error as a log record: `exception.type`, `exception.message`, `exception.stacktrace`, and how it was noticed. */
export function errorToLog(error: ErrorRecord): LogParts {
  const { time, app, process: name, index, pid, origin, errType, message, stack, traceId } = error;
  return {
    time,
    severityNumber: 17,
    severityText: "ERROR",
    body: message,
    attributes: {
      ...sourceAttributes({ app, name, index }, {}),
      pid,
      "exception.type": errType,
      "exception.message": message,
      ...(stack !== "" && { "exception.stacktrace": stack }),
      "elpis.error.origin": origin,
      ...otherTrace(traceId),
    },
    ...(isTraceId(traceId) && { traceId }),
  };
}

/** An event as a log record: its name, also as `event.name` for backends that do not know the field yet, and its tags. */
export function eventToLog({ name, time, tags, source, traceId }: EventRecord): LogParts {
  return {
    time,
    severityNumber: 9,
    severityText: "INFO",
    body: name,
    eventName: name,
    attributes: { ...sourceAttributes(source, tags), "event.name": name, ...otherTrace(traceId) },
    ...(isTraceId(traceId) && { traceId }),
  };
}

/** One that is none costs the whole request with most backends. */
function isTraceId(traceId: string | undefined): traceId is string {
  return traceId !== undefined && /^[0-9a-f]{32}$/.test(traceId);
}

/** Errors may have the trace of a system that has its own ids. */
function otherTrace(traceId: string | undefined): OtelAttributes {
  return traceId === undefined || isTraceId(traceId) ? {} : { trace_id: traceId };
}

/** A `ReadableLogRecord` of the SDK. */
export interface OtelLogRecord extends Omit<LogParts, "time" | "traceId"> {
  readonly hrTime: HrTime;
  readonly hrTimeObserved: HrTime;
  readonly spanContext?: OtelSpanContext;
  readonly resource: OtelResource;
  readonly instrumentationScope: OtelScope;
  readonly droppedAttributesCount: number;
}

/** All records of a batch have this one: exporters put those together whose scope is the same object. */
const SCOPE: OtelScope = { name: "elpis" };

/** A log record as exporters of the SDK want it. */
export function toReadableLog(
  { time, traceId, ...parts }: LogParts,
  resource: OtelResource,
): OtelLogRecord {
  const hrTime = toHrTime(time);
  return {
    ...parts,
    ...{ hrTime, hrTimeObserved: hrTime, resource, instrumentationScope: SCOPE },
    // Which span it was is not known; exporters leave out an id that is empty.
    ...(traceId !== undefined && { spanContext: { traceId, spanId: "", traceFlags: 1 } }),
    droppedAttributesCount: 0,
  };
}
