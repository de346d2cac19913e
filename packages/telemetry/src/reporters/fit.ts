import type { ErrorRecord, EventRecord, Point, SpanRecord, Tags, Wants } from "@elpis/api";
import { cutText, wellFormed } from "../hash.ts";

/** How far texts and tags go. */
export interface FitLimits {
  readonly nameChars: number;
  readonly valueChars: number;
  readonly tags: number;
}

const DEFAULTS: FitLimits = { nameChars: 255, valueChars: 1024, tags: 64 };

/** The limits of a reporter. */
export function limitsOf({ limits }: Wants): FitLimits {
  return { ...DEFAULTS, ...limits };
}

/** A point within the limits; undefined when its value is no number. What fits already is left as it is. */
export function fitPoint(point: Point, limits: FitLimits): Point | undefined {
  const numbers = point.kind === "histogram" ? [point.count, point.sum] : [point.value];
  if (!numbers.every(Number.isFinite)) return undefined;
  const name = cutText(point.name, limits.nameChars);
  const tags = fitTags(point.tags, limits);
  return name === point.name && tags === point.tags ? point : { ...point, name, tags };
}

/** A span, an error or an event within the limits. */
export function fitRecord<Item extends SpanRecord | ErrorRecord | EventRecord>(
  item: Item,
  limits: FitLimits,
): Item {
  // An error has fixed fields, which are short by themselves.
  if (!("tags" in item)) return item;
  const name = cutText(wellFormed(item.name), limits.nameChars);
  const tags = fitTags(item.tags as Tags, limits);
  return name === item.name && tags === item.tags ? item : { ...item, name, tags };
}

function fitTags(tags: Tags, { tags: count, valueChars }: FitLimits): Tags {
  const all = Object.entries(tags);
  const isFine = all.length <= count && all.every(([, value]) => isShort(value, valueChars));
  if (isFine) return tags;
  const kept = all.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, count);
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      typeof value === "string" ? cutText(value, valueChars) : value,
    ]),
  );
}

function isShort(value: unknown, max: number): boolean {
  return typeof value !== "string" || value.length <= max;
}
