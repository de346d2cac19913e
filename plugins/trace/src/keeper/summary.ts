import type { TraceStatus, TraceSummary } from "@elpis/api";
import type { Thresholds } from "./slow.ts";
import { cutText } from "./text.ts";
import type { Entry, Trace } from "./trace.ts";
import { isUnseen } from "./waiting.ts";

/** A list of traces has to fit into a message, whatever their spans are called. */
const MAX_NAME_CHARS = 500;
const MAX_OPEN = 50;
const MAX_PROCESSES = 100;

/** How long a span took; one that is open: until its process ended, or its trace was decided on. */
export function durationOf({ decidedAt }: Trace, { isOpen, process, span }: Entry): number {
  if (!isOpen) return span.durationMs;
  return Math.max(0, (process.goneAt?.time ?? decidedAt) - span.start);
}

/** How a trace is. @param seq 0 when it is not kept */
export function summarize(trace: Trace, seq: number, thresholds: Thresholds): TraceSummary {
  const seen = look(trace);
  const name = seen.first.span.name;
  const open = namesOfOpen(trace);
  const statuses: TraceStatus[] = [];
  if (open.length > 0) statuses.push("unfinished");
  if (trace.timeouts > 0) statuses.push("timeout");
  if (trace.failures > 0) statuses.push("error");
  if (seen.durationMs > thresholds.of(name)) statuses.push("slow");
  if (statuses.length === 0) statuses.push("normal");
  return {
    traceId: trace.id,
    seq,
    name: cutText(name, MAX_NAME_CHARS),
    status: statuses[0] as TraceStatus,
    statuses,
    start: seen.start,
    durationMs: seen.durationMs,
    spans: trace.entries.size,
    errors: trace.failures,
    processes: seen.processes.slice(0, MAX_PROCESSES),
    open: open.slice(0, MAX_OPEN).map((one) => cutText(one, MAX_NAME_CHARS)),
  };
}

/** What a trace is known by, and its times. */
interface Seen {
  readonly first: Entry;
  readonly start: number;
  readonly durationMs: number;
  readonly processes: readonly string[];
}

function look(trace: Trace): Seen {
  const labels = new Map<string, number>();
  let first: Entry | undefined;
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const entry of trace.entries.values()) {
    const { span, process } = entry;
    start = Math.min(start, span.start);
    end = Math.max(end, span.start + durationOf(trace, entry));
    const since = labels.get(process.label);
    if (since === undefined || span.start < since) labels.set(process.label, span.start);
    if (first === undefined || isBefore(trace, entry, first)) first = entry;
  }
  if (first === undefined) throw new Error("a trace has spans");
  const processes =
    labels.size === 1
      ? [first.process.label]
      : [...labels].sort(([, a], [, b]) => a - b).map(([label]) => label);
  // What goes on after its first span is over does not make a trace longer: nobody waits for it.
  if (trace.isTop(first.span)) {
    return { first, start: first.span.start, durationMs: durationOf(trace, first), processes };
  }
  return { first, start, durationMs: end - start, processes };
}

/** Whether a span is more of a first one than another. */
export function isBefore(trace: Trace, one: Entry, other: Entry): boolean {
  const difference = rank(trace, one) - rank(trace, other);
  return difference < 0 || (difference === 0 && one.span.start < other.span.start);
}

/** A span with no parent at all, one of which somebody outside is, one whose parent did not come, any other. */
function rank(trace: Trace, { span }: Entry): number {
  const { parentSpanId } = span;
  if (parentSpanId === undefined) return 0;
  if (trace.entries.has(parentSpanId)) return 3;
  return trace.isTop(span) ? 1 : 2;
}

function namesOfOpen(trace: Trace): string[] {
  const names: string[] = [];
  for (const { span } of trace.open.values()) names.push(span.name);
  for (const missing of trace.missing.values()) {
    if (isUnseen(trace, missing)) names.push(missing.child.span.name);
  }
  return names;
}
