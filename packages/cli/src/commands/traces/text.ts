import type { TraceStatus, TraceSummary } from "@elpis/api";
import { formatDuration } from "../../duration.ts";
import { type Color, paint } from "../../output/color.ts";
import { printable } from "../../output/printable.ts";
import { type Column, formatTable } from "../../output/table.ts";

const STATUS_WIDTH = 10;
const DURATION_WIDTH = 8;
const SPANS_WIDTH = 5;
const PROCESSES_WIDTH = 9;
const NAME_WIDTH = 16;
const COLUMNS: readonly Column[] = [
  { title: "time", priority: 6 },
  { title: "status".padEnd(STATUS_WIDTH), priority: 7 },
  { title: "duration", align: "right", priority: 7 },
  { title: "spans", align: "right", priority: 2 },
  { title: "processes", priority: 3, min: PROCESSES_WIDTH },
  { title: "name", priority: 8, min: NAME_WIDTH },
  { title: "trace", min: 13 },
];

/** How long something took, for a person: `0.42 ms`, `12.3 ms`, `1.23 s`, `3m 4s`. */
export function formatTook(valueMs: number): string {
  const ms = Math.max(0, valueMs);
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  return ms < 59_995 ? `${(ms / 1000).toFixed(2)} s` : formatDuration(ms);
}

/** The colour in which a status is shown; undefined: none. */
export function colorOfStatus(status: TraceStatus): Color | undefined {
  if (status === "normal") return undefined;
  return status === "slow" ? "yellow" : "red";
}

/**
 * Traces as lines of a table, the first of which is the heading. No column is narrower than it may become where there is
 * little room: so what comes later has the same ones.
 */
export function traceLines(
  traces: readonly TraceSummary[],
  width: number | undefined,
  color: boolean,
): string[] {
  const rows = traces.map((one) => row(one).map(printable));
  const [heading = "", ...lines] = formatTable(COLUMNS, rows, width);
  return [
    heading,
    ...lines.map((line, at) => {
      const painted = colorOfStatus(traces[at]?.status ?? "normal");
      return painted === undefined ? line : paint(line, painted, color);
    }),
  ];
}

function row(one: TraceSummary): string[] {
  return [
    timeText(one.start),
    one.status,
    formatTook(one.durationMs).padStart(DURATION_WIDTH),
    String(one.spans).padStart(SPANS_WIDTH),
    one.processes.join(",").padEnd(PROCESSES_WIDTH),
    one.name.padEnd(NAME_WIDTH),
    one.traceId,
  ];
}

/** A time in ISO 8601. @param time milliseconds since 1970 */
export function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "-" : date.toISOString();
}

/** The documented shape of a trace in a list. */
export function traceShape(one: TraceSummary): TraceSummary {
  const { traceId, seq, name, status, statuses, start, durationMs } = one;
  const { spans, errors, processes, open } = one;
  return {
    ...{ traceId, seq, name, status, statuses, start, durationMs },
    ...{ spans, errors, processes, open },
  };
}
