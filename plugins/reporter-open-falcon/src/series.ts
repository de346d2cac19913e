import type { Point } from "@elpis/api";
import { cleanText, cutText, hashOf } from "./clean.ts";

/** How a series is called on the wire. */
export interface SeriesName {
  readonly metric: string;
  /** `k=v,k=v`, in the order of the names. */
  readonly tags: string;
}

type Pair = readonly [name: string, value: string];

/** Of `metric/tags`: what the server's index holds. What is longer is taken, but never found again. */
const MAX_SERIES_CHARS = 255;
/** Of metric and tags together: what a transfer takes. */
const MAX_SERIES_BYTES = 510;
const NAME_BYTES = 150;
const TAG_NAME_BYTES = 40;
/** How short values are made, until all fits. */
const VALUE_BYTES = [128, 96, 64, 48, 32, 24, 16];
/** Set by the server where it keeps items elsewhere as well. */
const SERVER_TAGS = ["endpoint"];

/** The name of the series that a point belongs to. @param suffix such as `.p95`, behind its name */
export function seriesName(point: Point, suffix = ""): SeriesName {
  const name = cleanText(point.name, "metric");
  const pairs = pairsOf(point);
  const whole = join(name + suffix, pairs);
  if (fits(whole)) return whole;
  const metric = cutText(name, NAME_BYTES) + suffix;
  let short: readonly Pair[] = pairs;
  for (const bytes of VALUE_BYTES) {
    short = pairs.map(([key, value]) => [cutText(key, TAG_NAME_BYTES), cutText(value, bytes)]);
    const found = join(metric, short);
    if (fits(found)) return found;
  }
  // Too many: those that come last go, and one that stands for all of them comes.
  const rest: Pair = ["~cut", hashOf(whole.tags)];
  for (let count = short.length - 1; count > 0; count--) {
    const found = join(metric, [...short.slice(0, count), rest]);
    if (fits(found)) return found;
  }
  return join(metric, [rest]);
}

/** Those of the source come first, since they stay when there are too many. */
function pairsOf({ source, tags }: Point): Pair[] {
  const pairs = new Map<string, string>();
  const reserved = new Set(SERVER_TAGS);
  const { app, name, index } = source;
  for (const [key, value] of Object.entries({ app, process: name, index })) {
    if (value === undefined) continue;
    pairs.set(key, cleanText(String(value), "tagValue"));
    reserved.add(key);
  }
  for (const [own, value] of Object.entries(tags).sort(byName)) {
    let key = own;
    while (reserved.has(key) || (key !== own && Object.hasOwn(tags, key))) key = `tag_${key}`;
    key = cleanText(key, "tagName");
    while (pairs.has(key)) key = `${key}_`;
    pairs.set(key, cleanText(String(value), "tagValue"));
  }
  return [...pairs];
}

function join(metric: string, pairs: readonly Pair[]): SeriesName {
  const tags = [...pairs].sort(byName).map(([key, value]) => `${key}=${value}`);
  return { metric, tags: tags.join(",") };
}

/** By bytes, as the server sorts: the same as by code units, since nothing is above U+FFFF. */
function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Whether the server takes a series, and finds it again. */
export function fits({ metric, tags }: SeriesName): boolean {
  const chars = tags === "" ? metric.length : metric.length + 1 + tags.length;
  const bytes = Buffer.byteLength(metric) + Buffer.byteLength(tags);
  return chars <= MAX_SERIES_CHARS && bytes <= MAX_SERIES_BYTES;
}
