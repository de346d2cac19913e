import type { Tags } from "../attributes.ts";
import type { Point } from "./point.ts";

/** A name as Prometheus takes it, of a metric or a label. */
export function plainName(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9_]/g, "_").replaceAll(/_{2,}/g, "_");
  return /^[0-9]/.test(plain) || plain === "" ? `_${plain}` : plain;
}

/** Whose a point is, as labels. */
export function sourceLabels({ source }: Point): Tags {
  const { app, name, index } = source;
  return {
    ...(app !== undefined && { app }),
    ...(name !== undefined && { process: name }),
    ...(index !== undefined && { index }),
  };
}

/**
 * Labels by name. Tags that would take the name of one that says whose the point is, or of a bucket's bound, are called
 * `exported_…`, as Prometheus itself does; tags that are one after cleaning have both values. An empty label is none.
 */
export function labelsOf(source: Tags, tags: Tags): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const [name, value] of Object.entries(source)) labels.set(plainName(name), String(value));
  const own = new Set(labels.keys());
  for (const [given, value] of Object.entries(tags)) {
    let name = plainName(given);
    if (own.has(name) || name === "le" || name === "quantile") name = `exported_${name}`;
    const known = labels.get(name);
    labels.set(name, known === undefined ? String(value) : `${known};${value}`);
  }
  for (const [name, value] of labels) if (value === "") labels.delete(name);
  return labels;
}

/** Labels in braces, without the braces. */
export function labelsText(labels: ReadonlyMap<string, string>): string {
  return [...labels].map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",");
}

/** A value of a label between quotes. */
export function escapeLabel(value: string): string {
  return value
    .replaceAll("\\", "\\\\")
    .replaceAll(/\r\n?|\n/g, "\\n")
    .replaceAll('"', '\\"');
}
