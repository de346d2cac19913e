import type {
  Batch,
  ErrorRecord,
  EventRecord,
  HistogramPoint,
  Point,
  SpanRecord,
} from "@elpis/api";
import { table } from "./table.ts";
import { clean, clock, number, source, tags } from "./text.ts";

/** Lines of a stack that say enough. */
const STACK_LINES = 3;

/** What is printed of a batch, in lines with their breaks; empty when there is nothing in it. */
export function linesOf(batch: Batch): string {
  const parts = [
    part("metrics", batch, batch.points.length, () => [
      ...table(batch.points.filter((one) => one.kind !== "histogram").map(valueRow), [2]),
      ...table(batch.points.filter((one) => one.kind === "histogram").map(histogramRow)),
    ]),
    part("spans", batch, batch.spans.length, () => table(batch.spans.map(spanRow), [3])),
    part("errors", batch, batch.errors.length, () => batch.errors.flatMap(errorLines)),
    part("events", batch, batch.events.length, () => table(batch.events.map(eventRow))),
  ];
  const lines = parts.flat();
  return lines.length > 0 ? `${lines.join("\n")}\n` : "";
}

function part(
  name: string,
  { time, resource }: Batch,
  count: number,
  body: () => string[],
): string[] {
  if (count === 0) return [];
  const service = clean(String(resource["service.name"] ?? ""));
  const head = [`${name}`, clock(time), service, `(${count})`].filter((one) => one !== "");
  return [`── ${head.join(" ")}`, ...body()];
}

function valueRow(point: Exclude<Point, HistogramPoint>): string[] {
  const { kind, name, value, unit, source: from, tags: all } = point;
  const sign = kind === "counter" && point.temporality === "delta" ? "+" : "";
  return cells(kind, name, sign + number(value), unit, source(from), tags(all) || "-");
}

function histogramRow(point: HistogramPoint): string[] {
  const { kind, name, unit, count, source: from, tags: all } = point;
  const figures = (["min", "mean", "p50", "p95", "p99", "max"] as const).map(
    (key) => `${key}=${number(point[key])}`,
  );
  return cells(kind, name, `n=${number(count)}`, ...figures, unit, source(from), tags(all) || "-");
}

function spanRow(span: SpanRecord): string[] {
  const { start, kind, name, durationMs, status, statusMessage, source: from } = span;
  const end = statusMessage === undefined ? status : `${status}: ${statusMessage}`;
  const took = `${number(durationMs)} ms`;
  const trace = `trace=${span.traceId}`;
  return cells(clock(start), kind, name, took, end, source(from), trace, tags(span.tags));
}

function errorLines(error: ErrorRecord): string[] {
  const { time, errType, message, origin, app, process, index, pid, stack, traceId } = error;
  const head = [clock(time), `${clean(errType)}: ${clean(message)}`];
  const from = [source({ app, name: process, index }), `pid=${clean(String(pid))}`, clean(origin)];
  if (traceId !== undefined) from.push(`trace=${clean(traceId)}`);
  const calls = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return [
    [...head, `(${from.join(", ")})`].join("  "),
    ...calls.slice(0, STACK_LINES).map((line) => `    ${clean(line)}`),
  ];
}

function eventRow({ time, name, source: from, tags: all }: EventRecord): string[] {
  return cells(clock(time), name, source(from), tags(all));
}

/** Whatever comes over the wire may be in any of them; the last, which has tags, is clean, may be long, and may be empty. */
function cells(...all: readonly string[]): string[] {
  const tags = all.at(-1) ?? "";
  return [...all.slice(0, -1).map((cell) => clean(cell) || "-"), tags];
}
