import type { PointSource, SpanEvent, SpanLink, SpanRecord } from "@elpis/api";
import { badBatch } from "../errors.ts";
import { isPacked } from "../wire/check.ts";
import type { PackedSpans } from "../wire/layout.ts";
import type { Source } from "./contract.ts";
import {
  type Fields,
  isCount,
  isEvents,
  isFields,
  isInstrumentation,
  isKind,
  isLinks,
  isOptionalText,
  isSpanId,
  isStatus,
  isTags,
  isTime,
  isTraceId,
} from "./fields.ts";

/** A batch whose frame is right; what is in its lists is not looked at yet. */
export interface IncomingBatch {
  readonly seq: number;
  readonly spans: readonly unknown[] | PackedSpans;
  readonly open: readonly unknown[];
  readonly lost: number;
}

/** The same of another keeper. */
export interface IncomingRelay {
  readonly source: Source;
  readonly spans: readonly unknown[];
  readonly open: readonly unknown[];
}

/** How many spans a process may have lost between two batches. */
const MAX_LOST = 1_000_000_000;
/** Longest name and version of an instrumentation. */
const MAX_SCOPE = 200;
const NONE: readonly never[] = [];

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** Whether something claims to be what another keeper had. */
export function isRelay(value: unknown): boolean {
  return isFields(value) && value.relayed !== undefined;
}

/** @throws ELPIS_TRACE_BAD_BATCH */
export function readBatch(value: unknown): IncomingBatch {
  if (!isFields(value)) throw badBatch("it is no object");
  const { seq, lost } = value;
  if (!isCount(seq)) throw badBatch("seq is a whole number from 0");
  if (!isCount(lost) || lost > MAX_LOST) {
    throw badBatch(`lost is a whole number from 0 to ${MAX_LOST}`);
  }
  const { spans, open } = value;
  return isPacked(spans)
    ? { spans, open: readList("open", open), seq, lost }
    : { ...readLists(value), seq, lost };
}

/** @throws ELPIS_TRACE_BAD_BATCH */
export function readRelay(value: unknown): readonly IncomingRelay[] {
  const { relayed } = value as Fields;
  if (!Array.isArray(relayed)) throw badBatch("relayed is a list");
  return relayed.map((one) => {
    if (!isFields(one) || !isFields(one.batch)) throw badBatch("relayed has objects with a batch");
    return { source: readSource(one.source), ...readLists(one.batch) };
  });
}

function readLists({ spans, open }: Fields): Pick<IncomingRelay, "spans" | "open"> {
  return { spans: readList("spans", spans), open: readList("open", open) };
}

function readList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw badBatch(`${name} is a list`);
  return value;
}

function readSource(value: unknown): Source {
  if (!isFields(value)) throw badBatch("source is an object");
  const { app, name, index, epoch, pid } = value;
  if (typeof app !== "string" || typeof name !== "string") {
    throw badBatch("source has an app and a name");
  }
  if (!isCount(index) || !isCount(epoch) || !isCount(pid)) {
    throw badBatch("source has index, epoch and pid as whole numbers from 0");
  }
  return { app, name, index, epoch, pid };
}

/** Whether spans came packed. */
export function arePacked(spans: IncomingBatch["spans"]): spans is PackedSpans {
  return !Array.isArray(spans);
}

/** What begins a span that is over, and one that is open. */
function readBeginning(value: unknown, source: PointSource): Writable<SpanRecord> | undefined {
  if (!isFields(value)) return undefined;
  const { traceId, spanId, parentSpanId, name, kind, start, tags } = value;
  if (!isTraceId(traceId) || !isSpanId(spanId) || typeof name !== "string") return undefined;
  if (parentSpanId !== undefined && !isSpanId(parentSpanId)) return undefined;
  if (!isKind(kind) || !isTime(start) || !isTags(tags)) return undefined;
  const span: Writable<SpanRecord> = {
    traceId,
    spanId,
    name,
    kind,
    start,
    durationMs: 0,
    status: "unset",
    tags,
    events: [],
    links: [],
    source,
  };
  if (parentSpanId !== undefined) span.parentSpanId = parentSpanId;
  return span;
}

/** A span that is over, as it is kept: what it has besides is left out. Undefined: it is none. */
export function readSpan(value: unknown, source: PointSource): SpanRecord | undefined {
  const span = readBeginning(value, source);
  if (span === undefined) return undefined;
  const { durationMs, status, statusMessage, traceState } = value as Fields;
  const { events, links, instrumentation } = value as Fields;
  if (!isTime(durationMs) || durationMs < 0 || !isStatus(status)) return undefined;
  if (!isOptionalText(statusMessage) || !isOptionalText(traceState)) return undefined;
  if (!isEvents(events) || !isLinks(links) || !isInstrumentation(instrumentation)) return undefined;
  span.durationMs = durationMs;
  span.status = status;
  span.events = events.length === 0 ? NONE : events.map(eventOf);
  span.links = links.length === 0 ? NONE : links.map(linkOf);
  if (statusMessage !== undefined) span.statusMessage = statusMessage;
  if (traceState !== undefined) span.traceState = traceState;
  if (instrumentation !== undefined) {
    const { name, version } = instrumentation;
    span.instrumentation = {
      name: name.slice(0, MAX_SCOPE),
      ...(version !== undefined && { version: version.slice(0, MAX_SCOPE) }),
    };
  }
  return span;
}

function eventOf({ name, time, tags }: SpanEvent): SpanEvent {
  return { name, time, tags };
}

function linkOf({ traceId, spanId, tags }: SpanLink): SpanLink {
  return { traceId, spanId, tags };
}

/** A span that has been open for a while. Undefined: it is none. */
export function readOpen(value: unknown, source: PointSource): SpanRecord | undefined {
  return readBeginning(value, source);
}
