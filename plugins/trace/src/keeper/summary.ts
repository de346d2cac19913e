import type { TraceStatus, TraceSummary } from "@elpis/api";
import { type HeldSpan, isAskedFromOutside } from "./held.ts";
import type { Thresholds } from "./slow.ts";
import { cutText } from "./text.ts";
import type { Trace } from "./trace.ts";
import { isUnseen } from "./waiting.ts";

/** A list of traces has to fit into a message, whatever their spans are called. */
const MAX_NAME_CHARS = 500;
const MAX_OPEN = 50;
const MAX_PROCESSES = 100;

/** How long a span took; one that is open: until its process ended, or its trace was decided on. */
export function durationOf({ decidedAt }: Trace, span: HeldSpan): number {
  if (!span.isOpen) return span.durationMs;
  return Math.max(0, (span.process.goneAt?.time ?? decidedAt) - span.start);
}

/** How a trace is. */
export function summarize(trace: Trace, seq: number, thresholds: Thresholds): TraceSummary {
  const { first, start, durationMs } = timesOf(trace);
  const open = namesOfOpen(trace);
  const statuses: TraceStatus[] = [];
  if (open.length > 0) statuses.push("unfinished");
  if (trace.timeouts > 0) statuses.push("timeout");
  if (trace.failures > 0) statuses.push("error");
  if (durationMs > thresholds.of(first.name)) statuses.push("slow");
  if (statuses.length === 0) statuses.push("normal");
  return {
    traceId: trace.id.text,
    seq,
    name: cutText(first.name, MAX_NAME_CHARS),
    status: statuses[0] as TraceStatus,
    statuses,
    start,
    durationMs,
    spans: trace.spans.length,
    errors: trace.failures,
    processes: processesOf(trace).slice(0, MAX_PROCESSES),
    open: open.slice(0, MAX_OPEN).map((one) => cutText(one, MAX_NAME_CHARS)),
  };
}

/** Whether a trace took longer than it should have. */
export function isSlow(trace: Trace, thresholds: Thresholds): boolean {
  const { first, durationMs } = timesOf(trace);
  return durationMs > thresholds.of(first.name);
}

/** Whether something of a trace began and is not over. */
export function isUnfinished(trace: Trace): boolean {
  return trace.openCount > 0 || trace.missing.some((child) => isUnseen(trace, child));
}

/** Whether a span is more of a first one than another. */
export function isBefore(trace: Trace, one: HeldSpan, other: HeldSpan): boolean {
  const difference = rank(trace, one) - rank(trace, other);
  return difference < 0 || (difference === 0 && one.start < other.start);
}

/** What a trace is known by, and its times. */
interface Times {
  readonly first: HeldSpan;
  readonly start: number;
  readonly durationMs: number;
}

function timesOf(trace: Trace): Times {
  let first: HeldSpan | undefined;
  for (const span of trace.spans) {
    if (first === undefined || isBefore(trace, span, first)) first = span;
  }
  if (first === undefined) throw new Error("a trace has spans");
  // What goes on after its first span is over does not make a trace longer: nobody waits for it.
  if (trace.isTop(first)) {
    return { first, start: first.start, durationMs: durationOf(trace, first) };
  }
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const span of trace.spans) {
    start = Math.min(start, span.start);
    end = Math.max(end, span.start + durationOf(trace, span));
  }
  return { first, start, durationMs: end - start };
}

/** By when they are heard of first. */
function processesOf({ spans }: Trace): string[] {
  const labels = new Map<string, number>();
  for (const { process, start } of spans) {
    const since = labels.get(process.label);
    if (since === undefined || start < since) labels.set(process.label, start);
  }
  return [...labels].sort(([, a], [, b]) => a - b).map(([label]) => label);
}

/** A span with no parent at all, one of which somebody outside is, one whose parent did not come, any other. */
function rank(trace: Trace, span: HeldSpan): number {
  if (!span.hasParent) return 0;
  if (trace.has(span.parentHigh, span.parentLow)) return 3;
  return isAskedFromOutside(span) ? 1 : 2;
}

function namesOfOpen(trace: Trace): string[] {
  const unseen = trace.missing.filter((child) => isUnseen(trace, child));
  return [...trace.open, ...unseen].map(({ name }) => name);
}
