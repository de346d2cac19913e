import type { SignalTags, TraceQuery, TraceSummary } from "@elpis/api";
import type { Trace } from "./trace.ts";

/** Whether a trace is one of those that are asked for. */
export type Match = (summary: TraceSummary, trace: Trace) => boolean;

/** @param query one that was checked */
export function matcher(query: TraceQuery): Match {
  const { statuses, process, minMs = 0, maxMs = Number.POSITIVE_INFINITY } = query;
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, after = 0 } = query;
  const name = query.name?.toLowerCase();
  const tags = Object.entries(query.tags ?? {});
  return (summary, trace) =>
    summary.seq > after &&
    summary.durationMs >= minMs &&
    summary.durationMs <= maxMs &&
    summary.start >= since &&
    summary.start <= until &&
    (statuses === undefined || summary.statuses.some((one) => statuses.includes(one))) &&
    (name === undefined || summary.name.toLowerCase().includes(name)) &&
    (process === undefined || isOf(trace, process)) &&
    (tags.length === 0 || hasTags(trace, tags));
}

function isOf(trace: Trace, wanted: string): boolean {
  for (const { process } of trace.spans) {
    if (process.label === wanted || process.source.name === wanted) return true;
  }
  return false;
}

function hasTags(trace: Trace, wanted: ReadonlyArray<readonly [string, string]>): boolean {
  for (const span of trace.spans) {
    const { tags } = span.record(span.process.point);
    if (wanted.every(([key, text]) => says(tags, key, text))) return true;
  }
  return false;
}

/** Of a list it is enough that one of its values is the one. */
function says(tags: SignalTags, key: string, text: string): boolean {
  if (!Object.hasOwn(tags, key)) return false;
  const value = tags[key];
  return Array.isArray(value) ? value.some((one) => String(one) === text) : String(value) === text;
}
