import { toExplicitBuckets } from "../histogram/explicit.ts";
import { boundsOf } from "./bounds.ts";
import type { TextOptions } from "./contract.ts";
import { type Family, type Member, toFamilies } from "./families.ts";
import { escapeLabel, plainName } from "./labels.ts";
import type { Exemplar, HistogramPoint, Point } from "./point.ts";
import { type BaseUnit, inBaseUnit } from "./units.ts";

/** Longest that an exemplar's labels may be together, in characters. */
const MAX_EXEMPLAR = 128;

/** How the two formats differ. */
interface Format {
  readonly isOpen: boolean;
  readonly options: TextOptions;
}

/**
 * Points in the text format of Prometheus, to be served as `text/plain; version=0.0.4`. Only cumulative points; names and
 * units become those that Prometheus wants, with values in base units.
 */
export function toPrometheus(points: readonly Point[], options: TextOptions = {}): string {
  return render(points, { isOpen: false, options }).join("");
}

/** Points in the format of OpenMetrics, to be served as `application/openmetrics-text; version=1.0.0; charset=utf-8`. */
export function toOpenMetrics(points: readonly Point[], options: TextOptions = {}): string {
  return [...render(points, { isOpen: true, options }), "# EOF\n"].join("");
}

function render(points: readonly Point[], format: Format): string[] {
  const lines: string[] = [];
  for (const family of toFamilies(points, format.options)) {
    if (family.members.length === 0) continue;
    head(family, format, lines);
    for (const member of family.members) samples(family, member, format, lines);
  }
  return lines;
}

function head({ name, type, unit, help }: Family, { isOpen }: Format, lines: string[]): void {
  const full = type === "counter" && !isOpen ? `${name}_total` : name;
  lines.push(`# HELP ${full} ${escapeHelp(help, isOpen)}\n`, `# TYPE ${full} ${type}\n`);
  if (isOpen && unit.suffix !== "") lines.push(`# UNIT ${full} ${unit.suffix}\n`);
}

function samples(family: Family, { point, labels }: Member, format: Format, lines: string[]): void {
  const { name, unit } = family;
  if (point.kind === "histogram") return histogram(family, point, labels, format, lines);
  const value = numberText(inBaseUnit(point.value, unit));
  if (point.kind !== "counter") {
    lines.push(`${name}${braces(labels)} ${value}\n`);
    return;
  }
  const exemplar = format.isOpen ? exemplarText(point.exemplars?.at(-1), unit) : "";
  lines.push(`${name}_total${braces(labels)} ${value}${exemplar}\n`);
}

function histogram(
  { name, unit }: Family,
  point: HistogramPoint,
  labels: string,
  { isOpen, options }: Format,
  lines: string[],
): void {
  const bounds = (options.bounds ?? boundsOf)(point);
  const { counts } = toExplicitBuckets(point.buckets, bounds);
  let upTo = 0;
  let lower = Number.NEGATIVE_INFINITY;
  counts.forEach((count, at) => {
    upTo += count;
    const bound = bounds[at] ?? Number.POSITIVE_INFINITY;
    const le =
      bound === Number.POSITIVE_INFINITY ? "+Inf" : leText(inBaseUnit(bound, unit), isOpen);
    const tail = isOpen ? exemplarText(newestWithin(point, lower, bound), unit) : "";
    lower = bound;
    lines.push(`${name}_bucket${braces(labels, `le="${le}"`)} ${upTo}${tail}\n`);
  });
  const sum = numberText(inBaseUnit(point.sum, unit));
  lines.push(`${name}_sum${braces(labels)} ${sum}\n`, `${name}_count${braces(labels)} ${upTo}\n`);
}

/** A bucket has one, of its own values: above `lower`, up to `upper`. */
function newestWithin(
  { exemplars = [] }: HistogramPoint,
  lower: number,
  upper: number,
): Exemplar | undefined {
  let newest: Exemplar | undefined;
  for (const one of exemplars) {
    const isOwn = one.value > lower && one.value <= upper;
    if (isOwn && one.time >= (newest?.time ?? Number.NEGATIVE_INFINITY)) newest = one;
  }
  return newest;
}

function braces(labels: string, more = ""): string {
  const inside = labels !== "" && more !== "" ? `${labels},${more}` : labels + more;
  return inside === "" ? "" : `{${inside}}`;
}

/** ` # {trace_id="…"} value time`, or nothing. */
function exemplarText(exemplar: Exemplar | undefined, unit: BaseUnit): string {
  if (exemplar === undefined) return "";
  const pairs = Object.entries(exemplar.tags).map(([name, value]) => [
    plainName(name),
    String(value),
  ]);
  const length = pairs.flat().reduce((sum, text) => sum + text.length, 0);
  if (length > MAX_EXEMPLAR) return "";
  const labels = pairs
    .map(([name, value]) => `${name}="${escapeLabel(value as string)}"`)
    .join(",");
  const value = numberText(inBaseUnit(exemplar.value, unit));
  return ` # {${labels}} ${value} ${numberText(exemplar.time / 1000)}`;
}

/** Points hold finite numbers only; what somebody else has put there shall at least not spoil the whole scrape. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function leText(bound: number, isOpen: boolean): string {
  const text = numberText(bound);
  return isOpen && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function escapeHelp(text: string, isOpen: boolean): string {
  const help = text.replaceAll("\\", "\\\\").replaceAll(/\r\n?|\n/g, "\\n");
  return isOpen ? help.replaceAll('"', '\\"') : help;
}
